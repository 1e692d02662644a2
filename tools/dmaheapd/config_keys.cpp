// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/config_keys.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <filesystem>

#include "policies/catalogue.h"
#include "tools/dmaheapd/accounts.h"
#include "tools/dmaheapd/config_limits.h"
#include "tools/dmaheapd/config_text.h"
#include "tools/dmaheapd/config_values.h"

namespace dmaheap::config {

namespace {

constexpr std::array kFrontends{ Word{ "auto", Frontend::automatic },
                                 Word{ "cuse", Frontend::cuse }, Word{ "fuse", Frontend::fuse } };

constexpr std::array kExporters{ Word{ "auto", Exporter::automatic },
                                 Word{ "udmabuf", Exporter::udmabuf },
                                 Word{ "buffer-file", Exporter::buffer_file },
                                 Word{ "buffer-file-cached", Exporter::buffer_file_cached } };

constexpr std::array kDeliveries{ Word{ "auto", Delivery::automatic },
                                  Word{ "ptrace", Delivery::ptrace } };

constexpr std::array kOnConflict{ Word{ "fail", OnConflict::fail },
                                  Word{ "skip", OnConflict::skip } };

constexpr std::array kContiguity{ Word{ "physical", Contiguity::physical },
                                  Word{ "emulated", Contiguity::emulated } };

constexpr std::array kOverflow{ Word{ "fail", Overflow::fail },
                                Word{ "region", Overflow::region } };

constexpr std::array kPages{ Word{ "4KiB", Bytes{ 4 } << 10 }, Word{ "2MiB", Bytes{ 2 } << 20 },
                             Word{ "1GiB", Bytes{ 1 } << 30 } };

constexpr Bytes kPage = 4096;
constexpr unsigned kMostBuffers = 4096;

using Name = Word<std::string_view>;
constexpr std::array kLogLevels{ Name{ "trace", "trace" }, Name{ "debug", "debug" },
                                 Name{ "info", "info" },   Name{ "warning", "warning" },
                                 Name{ "error", "error" }, Name{ "off", "off" } };

/// Device names have no room for more: DEVNAME=dma_heap/NAME is kept to 64 bytes.
constexpr std::size_t kLongestName = 64 - std::string_view("dma_heap/").size();

Accepted set_dev_root(Config &config, std::string_view text)
{
    if (!text.starts_with('/'))
        return wrong(text, "is not an absolute path, such as \"/dev\"");
    if (!is_plain_text(text))
        return wrong(text, "holds control characters or is not UTF-8");

    auto normal = std::filesystem::path(text).lexically_normal();
    if (!normal.has_filename() && normal.has_relative_path())
        normal = normal.parent_path(); // without the last '/'
    config.dev_root = normal.string();
    return {};
}

Accepted set_policy(Heap &heap, std::string_view text)
{
    std::vector<std::string_view> names;
    for (const auto &entry : policies::catalogue())
        names.push_back(entry.name);
    if (std::ranges::find(names, text) == names.end())
        return none_of(text, names);

    heap.policy = text;
    return {};
}

Accepted set_mode(Heap &heap, std::string_view text)
{
    mode_t mode = 0;
    const char *const end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data(), end, mode, 8);
    const bool digits = text.size() == 3 || (text.size() == 4 && text.front() == '0');
    if (!digits || rest != end || status != std::errc())
        return wrong(text, "is not an octal file mode from \"0000\" to \"0777\"");

    heap.mode = mode;
    return {};
}

std::optional<std::string> get_mode(const Heap &heap)
{
    if (!heap.mode)
        return std::nullopt;

    std::string text = "0000";
    for (std::size_t digit = 0; digit < 3; ++digit)
        text[3 - digit] = static_cast<char>('0' + (*heap.mode >> 3 * digit & 7));
    return text;
}

/// A name that nobody has would be found out at start only.
template <auto Member, auto Resolve>
Accepted set_account(Heap &heap, std::string_view text)
{
    if (text.empty())
        return wrong(text, "is empty: give a name or a number");
    if (!is_plain_text(text))
        return wrong(text, "holds control characters or is not UTF-8");
    if (const auto id = Resolve(std::string(text)); !id)
        return wrong(text, why_no_account(id.error()));

    heap.*Member = text;
    return {};
}

/// Anything that can name a region; whether there is one is seen when all is read.
Accepted set_region(Heap &heap, std::string_view text)
{
    Region region;
    if (auto accepted = set_region_name(region, text); !accepted)
        return accepted;

    heap.region = region.name;
    return {};
}

Accepted set_alignment(Heap &heap, std::string_view text)
{
    Heap wanted;
    if (auto accepted = set_size<&Heap::alignment, kPage>(wanted, text); !accepted)
        return accepted;
    if (!std::has_single_bit(*wanted.alignment))
        return wrong(text, "is no power of 2");

    heap.alignment = wanted.alignment;
    return {};
}

Accepted add_alias(Heap &heap, std::string_view text)
{
    Heap named;
    if (auto accepted = set_heap_name(named, text); !accepted)
        return accepted;
    if (named.name == heap.name ||
        std::ranges::find(heap.aliases, named.name) != heap.aliases.end())
        return wrong(text, "is a name of this heap already");

    heap.aliases.push_back(named.name);
    return {};
}

std::optional<std::string> get_aliases(const Heap &heap)
{
    std::string lines;
    for (const auto &alias : heap.aliases)
        lines.append(lines.empty() ? "" : "\n").append(alias);
    return lines.empty() ? std::nullopt : std::optional(lines);
}

/// Nothing may be kept, either.
Accepted set_cache(Heap &heap, std::string_view text)
{
    if (parse_size(text) != Bytes{ 0 })
        return set_size<&Heap::cache, kPage>(heap, text);

    heap.cache = 0;
    return {};
}

constexpr std::array kDaemonKeys{
    Key<Config>{ "frontend", "auto|cuse|fuse", "auto",
                 "how nodes are made; auto: CUSE where it works",
                 set_word<&Config::frontend, kFrontends>, get_word<&Config::frontend, kFrontends> },
    Key<Config>{ "exporter", "auto|udmabuf|buffer-file|buffer-file-cached", "auto",
                 "what buffers are made of; auto: the best that works",
                 set_word<&Config::exporter, kExporters>, get_word<&Config::exporter, kExporters> },
    Key<Config>{ "delivery", "auto|ptrace", "auto", "how a descriptor gets into the client",
                 set_word<&Config::delivery, kDeliveries>,
                 get_word<&Config::delivery, kDeliveries> },
    Key<Config>{ "dev-root", "DIR", "/dev",
                 "where dma_heap/NAME appears; other than /dev: FUSE only", set_dev_root,
                 get_text<&Config::dev_root> },
    Key<Config>{ "log-level", "trace|debug|info|warning|error|off", "info",
                 "the least severe of what goes to stderr",
                 set_word<&Config::log_level, kLogLevels>,
                 get_word<&Config::log_level, kLogLevels> },
    Key<Config>{ "control", "PATH", "/run/dmaheapd/control.sock",
                 "the socket of dmaheapctl, or none", set_control, get_text<&Config::control> },
    Key<Config>{ "control-group", "GROUP", "video",
                 "whose members may look through the socket, besides root", set_control_group,
                 get_text<&Config::control_group> },
};

constexpr std::array kHeapKeys{
    Key<Heap>{ "policy", "POLICY", "system", "where memory comes from", set_policy,
               get_text<&Heap::policy> },
    Key<Heap>{ "mode", "OCTAL", "0660", "permissions of the node; 0600 when left away", set_mode,
               get_mode },
    Key<Heap>{ "owner", "USER", "root", "of the node, by name or number; root when left away",
               set_account<&Heap::owner, resolve_owner>, get_text<&Heap::owner> },
    Key<Heap>{ "group", "GROUP", "video", "of the node, by name or number; root when left away",
               set_account<&Heap::group, resolve_group>, get_text<&Heap::group> },
    Key<Heap>{ "limit", "SIZE", "512MiB",
               "most bytes alive at once; half of the memory when left away",
               set_bytes<&Heap::limit>, get_bytes<&Heap::limit> },
    Key<Heap>{ "limit-per-uid", "SIZE", "128MiB", "of those, most that one user has asked for",
               set_bytes<&Heap::limit_per_uid>, get_bytes<&Heap::limit_per_uid> },
    Key<Heap>{ "limit-per-process", "SIZE", "64MiB",
               "of those, most that one process has asked for", set_bytes<&Heap::limit_per_process>,
               get_bytes<&Heap::limit_per_process> },
    Key<Heap>{ "max-buffer", "SIZE", "32MiB", "the largest buffer", set_bytes<&Heap::max_buffer>,
               get_bytes<&Heap::max_buffer> },
    Key<Heap>{ "on-conflict", "fail|skip", "fail",
               "when the node's name is taken already; fail when left away",
               set_word<&Heap::on_conflict, kOnConflict>,
               get_word<&Heap::on_conflict, kOnConflict> },
    Key<Heap>{ "aliases", "NAME[+NAME]...", "reserved", "further names of the node", add_alias,
               get_aliases, Kind::list },
    Key<Heap>{ "region", "REGION", "cma", "what the memory is taken from", set_region,
               get_text<&Heap::region> },
    Key<Heap>{ "guarantee", "SIZE", "32MiB", "of the region, for this heap alone",
               set_size<&Heap::guarantee, kPage>, get_size<&Heap::guarantee> },
    Key<Heap>{ "alignment", "SIZE", "64KiB", "of each buffer in the region; a page when left away",
               set_alignment, get_size<&Heap::alignment> },
    Key<Heap>{ "contiguity", "physical|emulated", "emulated",
               "emulated: one piece of a region of ordinary pages will do",
               set_word<&Heap::contiguity, kContiguity>, get_word<&Heap::contiguity, kContiguity> },
    Key<Heap>{ "buffers", "COUNT", "8", "of policy reserved: how many",
               set_count<&Heap::buffers, kMostBuffers>, get_count<&Heap::buffers>, Kind::number },
    Key<Heap>{ "buffer-size", "SIZE", "4MiB", "of policy reserved: how large",
               set_size<&Heap::buffer_size, kPage>, get_size<&Heap::buffer_size> },
    Key<Heap>{ "overflow", "fail|region", "fail",
               "of policy reserved: when all are out; fail when left away",
               set_word<&Heap::overflow, kOverflow>, get_word<&Heap::overflow, kOverflow> },
    Key<Heap>{ "pages", "4KiB|2MiB|1GiB", "2MiB", "of policy system: preferred, if there are any",
               set_word<&Heap::pages, kPages>, get_word<&Heap::pages, kPages> },
    Key<Heap>{ "cache", "SIZE", "256MiB",
               "of ended buffers' memory, most that is kept, wiped, for others; 0 when left away",
               set_cache, get_size<&Heap::cache> },
};

} // namespace

std::span<const Key<Config>> daemon_keys()
{
    return kDaemonKeys;
}

std::span<const Key<Heap>> heap_keys()
{
    return kHeapKeys;
}

Accepted set_heap_name(Heap &heap, std::string_view name)
{
    if (name.empty())
        return wrong(name, "is empty: a heap needs a name");
    if (name == "." || name == "..")
        return wrong(name, "cannot be the name of a file");
    if (name.size() > kLongestName)
        return wrong(name, "is longer than " + std::to_string(kLongestName) + " bytes");
    // The kernel makes a '/' of each '!' in a device's name: device_get_devnode().
    if (name.find_first_of("/!") != std::string_view::npos)
        return wrong(name, "holds '/' or '!': a heap is one file of one folder");
    if (!is_plain_text(name))
        return wrong(name, "holds control characters or is not UTF-8");

    heap.name = name;
    return {};
}

} // namespace dmaheap::config
