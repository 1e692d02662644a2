// SPDX-License-Identifier: MIT
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <sys/mman.h>

#include "tests/support/catch.h"
#include "tests/unit/support/fakes.h"
#include "tools/dmaheapd/exporters.h"

using namespace dmaheap;
using daemon::Exporters;

namespace {

constexpr Bytes kPages = 16;
constexpr Owner kOwner{ .process = 4242, .user = 1000 };

class NamedExporter final : public test::FakeExporter {
public:
    explicit NamedExporter(const char *name, bool shows_files)
        : name_(name), shows_files_(shows_files)
    {
    }

    [[nodiscard]] const char *name() const override { return name_; }
    [[nodiscard]] bool shows_extents() const override { return !shows_files_; }
    [[nodiscard]] bool shows_named_files() const override { return shows_files_; }
    Result<std::unique_ptr<SharedBuffer>> share(Buffer buffer) override
    {
        live.push_back(std::move(buffer));
        return failure(ENOSYS, name_);
    }
    Result<std::unique_ptr<SharedBuffer>> find_shared(const FileIdentity & /*dma_buf*/) override
    {
        return failure(EINVAL, name_);
    }
    Status prepare(Memory & /*memory*/) override
    {
        ++prepared;
        return {};
    }

    int prepared = 0;

private:
    const char *name_;
    bool shows_files_;
};

Memory memory_of(UniqueFd file)
{
    REQUIRE(::ftruncate(file.get(), static_cast<off_t>(page_size())) == 0);
    return Memory(Extent{ .file = std::move(file), .offset = 0, .size = page_size() });
}

Memory memory_of_memfd()
{
    return memory_of(*sys::memfd("test", page_size()));
}

Memory memory_of_tmpfs()
{
    return memory_of(UniqueFd(::memfd_create("test", MFD_CLOEXEC))); // cannot be sealed, either
}

Memory memory_of_disk()
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::tmpfile(), std::fclose);
    REQUIRE(file);
    return memory_of(*sys::duplicate(::fileno(file.get())));
}

struct Fixture {
    Fixture() : usual(new NamedExporter("usual", false))
    {
        ledger.set_limit("heap", kPages * page_size());
    }

    /// `of_files` is there once it has been made.
    Exporters both()
    {
        return Exporters(std::unique_ptr<Exporter>(usual), [this] {
            ++made;
            auto exporter = std::make_unique<NamedExporter>("files", true);
            of_files = exporter.get();
            return exporter;
        });
    }

    Buffer buffer_of(Memory memory)
    {
        auto charge = ledger.charge("heap", memory.size(), kOwner);
        return Buffer(*std::move(charge), std::move(memory));
    }

    Ledger ledger;
    NamedExporter *usual;
    NamedExporter *of_files = nullptr;
    int made = 0;
};

} // namespace

TEST_CASE_METHOD(Fixture, "exporters: another is made once, when files with names are expected",
                 "[tools]")
{
    auto exporters = both();
    CHECK(made == 0);
    CHECK_FALSE(exporters.shows_named_files());
    CHECK(exporters.for_files().name() == std::string("usual"));

    exporters.expect_named_files();
    exporters.expect_named_files();

    CHECK(made == 1);
    CHECK(exporters.shows_named_files());
    CHECK(exporters.shows_extents());
    CHECK(exporters.name() == std::string("usual"));
    CHECK(exporters.for_files().name() == std::string("files"));
}

TEST_CASE_METHOD(Fixture, "exporters: there is no other where it is not needed, or not wanted",
                 "[tools]")
{
    Exporters alone{ std::unique_ptr<Exporter>(usual) };
    alone.expect_named_files();
    CHECK_FALSE(alone.shows_named_files());

    bool asked = false;
    Exporters enough(std::make_unique<NamedExporter>("files", true), [&] {
        asked = true;
        return nullptr;
    });
    enough.expect_named_files();
    CHECK_FALSE(asked);
    CHECK(enough.shows_named_files());
}

TEST_CASE_METHOD(Fixture, "exporters: each buffer goes to the one that shows its memory", "[tools]")
{
    auto exporters = both();
    exporters.expect_named_files();

    CHECK(exporters.export_buffer(buffer_of(memory_of_memfd()), O_RDWR));
    CHECK(usual->live.size() == 1);
    CHECK(of_files->live.empty());

    CHECK(exporters.export_buffer(buffer_of(memory_of_tmpfs()), O_RDWR));
    CHECK(exporters.export_buffer(buffer_of(memory_of_disk()), O_RDWR));
    CHECK(usual->live.size() == 1);
    CHECK(of_files->live.size() == 2);

    CHECK(exporters.share(buffer_of(Memory::any_pages(page_size()))).error().step ==
          std::string("usual"));
    CHECK(exporters.share(buffer_of(memory_of_tmpfs())).error().step == std::string("files"));

    Memory sealable = memory_of_memfd();
    Memory named = memory_of_disk();
    CHECK(exporters.prepare(sealable));
    CHECK(usual->prepared == 1);
    CHECK(exporters.prepare(named));
    CHECK(of_files->prepared == 1);
}

TEST_CASE_METHOD(Fixture, "exporters: what is asked about all buffers, both are asked", "[tools]")
{
    auto exporters = both();
    CHECK_FALSE(exporters.reap());
    exporters.expect_named_files();
    CHECK(exporters.find_shared({}).error().step == std::string("files"));

    usual->keeps = true;
    CHECK(exporters.reap());
    usual->keeps = false;
    of_files->keeps = true;
    CHECK(exporters.reap());
    of_files->keeps = false;
    CHECK_FALSE(exporters.reap());
    CHECK(usual->reaped == 4);
    CHECK(of_files->reaped == 3);
}
