// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

#include "tests/support/catch.h"
#include "tools/dmaheapd/config_file.h"
#include "tools/dmaheapd/config_keys.h"
#include "tools/dmaheapd/config_limits.h"
#include "tools/dmaheapd/config_text.h"

using namespace dmaheap;
using namespace dmaheap::config;

namespace {

/// Configs of every kind that can be accepted, the same in each run.
class AnyConfig {
public:
    Config make()
    {
        Config config;
        for (const auto &key : daemon_keys())
            REQUIRE(key.set(config, value_for(key)));
        for (const auto &key : limits_keys())
            if (below(2) == 0)
                REQUIRE(key.set(config.limits, value_for(key)));
        for (unsigned count = below(3), index = 0; index < count; ++index)
            config.regions.push_back(region(index));
        for (unsigned count = below(4), index = 0; index < count; ++index)
            config.heaps.push_back(heap(index));
        return config;
    }

private:
    unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }

    std::string word()
    {
        static constexpr const char *kPieces[] = { "a", "Z", "-", ",",  ".", "\"", "\\", "ö",
                                                   "'", "#", "=", "[",  "]", " ",  "€",  "𝄞",
                                                   "{", "%", "0", "x1", "_", "$",  "~",  "*" };
        std::string text;
        for (unsigned count = 1 + below(8); count > 0; --count)
            text += kPieces[below(std::size(kPieces))];
        return text;
    }

    template <class Target>
    std::string value_for(const Key<Target> &key)
    {
        if (key.form == "DIR")
            return "/dev/" + word() + (below(2) == 0 ? "/" : "/../x");
        if (key.form == "PATH")
            return "/run/" + word();
        if (key.name == "alignment")
            return std::to_string(4096U << below(9));
        if (key.form == "SIZE")
            return std::to_string(1 + below(5000)) + (below(2) == 0 ? "G" : "MiB");
        if (key.form == "OCTAL")
            return { '0', octal(), octal(), octal() };
        if (key.form == "USER" || key.form == "GROUP")
            return below(2) == 0 ? "root" : std::to_string(below(70000));
        if (key.form == "REGION")
            return word();
        if (key.form == "POLICY")
            return "system";
        if (key.kind == Kind::list)
            return word() + std::to_string(++last_);
        if (key.form == "COUNT")
            return std::to_string(1 + below(99));
        return one_of(key.form);
    }

    char octal() { return static_cast<char>('0' + below(8)); }

    std::string one_of(std::string_view form)
    {
        for (auto skip = below(1U + static_cast<unsigned>(std::ranges::count(form, '|'))); skip > 0;
             --skip)
            form.remove_prefix(form.find('|') + 1);
        return std::string(form.substr(0, form.find('|')));
    }

    Region region(unsigned index)
    {
        Region region;
        REQUIRE(set_region_name(region, word() + std::to_string(index)));
        for (const auto &key : region_keys())
            if (below(2) == 0)
                REQUIRE(key.set(region, value_for(key)));
        return region;
    }

    Heap heap(unsigned index)
    {
        Heap heap;
        REQUIRE(set_heap_name(heap, word() + std::to_string(index)));
        for (const auto &key : heap_keys())
            if (below(2) == 0)
                for (unsigned times = key.kind == Kind::list ? 1 + below(3) : 1; times > 0; --times)
                    REQUIRE(key.set(heap, value_for(key)));
        return heap;
    }

    std::mt19937 random_{ 1 };
    unsigned last_ = 100;
};

} // namespace

TEST_CASE("config: what is printed reads back to the same config", "[tools]")
{
    AnyConfig any;
    for (int round = 0; round < 500; ++round) {
        const Config config = any.make();
        const std::string text = to_toml(config);
        INFO(text);

        REQUIRE(from_toml(text, "printed") == config);
    }
}

TEST_CASE("config: plain text is UTF-8 without control characters", "[tools]")
{
    CHECK(is_plain_text(""));
    CHECK(is_plain_text("linux,cma größe € 𝄞"));
    CHECK_FALSE(is_plain_text("a\tb"));
    CHECK_FALSE(is_plain_text("a\x7f"));
    CHECK_FALSE(is_plain_text("\x80"));             // a continuation without a start
    CHECK_FALSE(is_plain_text("\xc3"));             // cut off
    CHECK_FALSE(is_plain_text("\xc0\xaf"));         // overlong '/'
    CHECK_FALSE(is_plain_text("\xed\xa0\x80"));     // surrogate
    CHECK_FALSE(is_plain_text("\xf4\x90\x80\x80")); // above U+10FFFF
    CHECK_FALSE(is_plain_text("\xff"));
}
