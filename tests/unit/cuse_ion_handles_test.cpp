// SPDX-License-Identifier: MIT
#include <cerrno>
#include <memory>

#include "cuse/ion_handles.h"
#include "tests/support/catch.h"

using namespace dmaheap;
using cuse::IonHandles;
using cuse::IonQuota;

namespace {

constexpr uid_t kUser = 1000;

class FakeBuffer final : public SharedBuffer {
public:
    explicit FakeBuffer(std::uint64_t id) : id_(id) {}
    [[nodiscard]] std::uint64_t id() const override { return id_; }
    Result<UniqueFd> export_again() override { return failure(EIO, "fake"); }

private:
    std::uint64_t id_;
};

std::shared_ptr<SharedBuffer> buffer(std::uint64_t id = 7)
{
    return std::make_shared<FakeBuffer>(id);
}

} // namespace

TEST_CASE("ion_handles: the smallest free number from 1 on", "[cuse]")
{
    IonQuota quota;
    IonHandles handles(quota);
    CHECK(handles.add(buffer(1), kUser) == 1);
    CHECK(handles.add(buffer(2), kUser) == 2);
    CHECK(handles.add(buffer(3), kUser) == 3);

    CHECK(handles.free(2));
    CHECK(handles.free(1));

    CHECK(handles.add(buffer(4), kUser) == 1);
    CHECK(handles.add(buffer(5), kUser) == 2);
    CHECK(handles.add(buffer(6), kUser) == 4);
}

TEST_CASE("ion_handles: what is no handle", "[cuse]")
{
    IonQuota quota;
    IonHandles handles(quota);
    CHECK(handles.add(buffer(), kUser) == 1);

    for (const int number : { 0, -1, 2, 0x7fffffff, -0x7fffffff - 1 }) {
        CHECK(handles.free(number).error().code == EINVAL);
        CHECK(handles.find(number).error().code == EINVAL);
    }
    CHECK(handles.free(1));
    CHECK(handles.free(1).error().code == EINVAL);
}

TEST_CASE("ion_handles: a buffer that is known gets one more reference", "[cuse]")
{
    IonQuota quota;
    IonHandles handles(quota);
    CHECK(handles.add(buffer(7), kUser) == 1);

    CHECK(handles.import(buffer(7), kUser) == 1);
    CHECK(handles.import(buffer(8), kUser) == 2);

    CHECK(handles.free(1));
    CHECK(handles.find(1));
    CHECK(handles.free(1));
    CHECK_FALSE(handles.find(1));
}

TEST_CASE("ion_handles: a buffer is kept as long as its handle is there", "[cuse]")
{
    IonQuota quota;
    auto kept = buffer();
    const std::weak_ptr<SharedBuffer> watched = kept;
    {
        IonHandles handles(quota);
        CHECK(handles.add(std::move(kept), kUser) == 1);
        CHECK_FALSE(watched.expired());
    }
    CHECK(watched.expired());
}

TEST_CASE("ion_handles: a file has only so many", "[cuse]")
{
    IonQuota quota;
    IonHandles handles(quota);
    for (std::size_t number = 0; number < IonHandles::kMost; ++number)
        REQUIRE(handles.add(buffer(number), kUser));

    CHECK(handles.add(buffer(), kUser).error().code == ENOMEM);
    CHECK(handles.free(5));
    CHECK(handles.add(buffer(), kUser) == 5);
}

TEST_CASE("ion_handles: a user has only so many, on all files", "[cuse]")
{
    IonQuota quota;
    std::vector<std::unique_ptr<IonHandles>> files;
    for (std::size_t number = 0; number < IonQuota::kMost; ++number) {
        if (number % IonHandles::kMost == 0)
            files.push_back(std::make_unique<IonHandles>(quota));
        REQUIRE(files.back()->add(buffer(number), kUser));
    }
    IonHandles more(quota);

    CHECK(more.add(buffer(), kUser).error().code == ENOMEM);
    CHECK(more.add(buffer(), kUser + 1) == 1);
    files.pop_back();
    CHECK(more.add(buffer(), kUser) == 2);
}
