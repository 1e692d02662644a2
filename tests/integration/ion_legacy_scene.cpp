// SPDX-License-Identifier: MIT
#include "tests/integration/ion_legacy_scene.h"

#include "tests/support/catch.h"

namespace dmaheap::test {

std::string hex(std::initializer_list<std::uint32_t> words)
{
    const char *digits = "0123456789abcdef";
    std::string text;
    for (const std::uint32_t word : words)
        for (unsigned shift = 0; shift < 32; shift += 8)
            text += { digits[word >> (shift + 4) & 15U], digits[word >> shift & 15U] };
    return text;
}

int word(const Answer &answer, std::size_t index)
{
    const std::string bytes = answer.words.at(2).substr(8 * index, 8);
    std::uint32_t value = 0;
    for (unsigned at = 0; at < 4; ++at)
        value |= static_cast<std::uint32_t>(std::stoul(bytes.substr(2 * at, 2), nullptr, 16))
                 << 8 * at;
    return static_cast<int>(value);
}

std::string allocation()
{
    return hex({ 5000, 0, 0, 0, 1, 0, 0, 0 });
}

LegacyScene::LegacyScene(int peer)
    : scene("[ion.ion-old]\nabi = \"legacy\"\nheaps = { 0 = \"ion-system\" }"),
      client("client", 0, peer), ion(client.get("open", scene.node("ion-old")))
{
}

int LegacyScene::allocate()
{
    const Answer done = client.ask("ioctl", ion, kAlloc, allocation());
    REQUIRE(done.ok());
    return word(done, 6);
}

int LegacyScene::share(int handle)
{
    const Answer done = client.ask("ioctl", ion, kShare, pair(handle, -1));
    REQUIRE(done.ok());
    return word(done, 1);
}

int LegacyScene::free(int handle)
{
    return client.error("ioctl", ion, kFree, hex({ static_cast<std::uint32_t>(handle) }));
}

std::string LegacyScene::pair(long long handle, long long fd)
{
    return hex({ static_cast<std::uint32_t>(handle), static_cast<std::uint32_t>(fd) });
}

} // namespace dmaheap::test
