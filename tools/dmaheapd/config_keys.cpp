// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/config_keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "policies/catalogue.h"
#include "tools/dmaheapd/accounts.h"
#include "tools/dmaheapd/config_limits.h"
#include "tools/dmaheapd/config_text.h"

namespace dmaheap::config {

namespace {

/// What the config calls a value.
template <class Value>
struct Word {
    std::string_view text;
    Value value;
};

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

using Name = Word<std::string_view>;
constexpr std::array kLogLevels{ Name{ "trace", "trace" }, Name{ "debug", "debug" },
                                 Name{ "info", "info" },   Name{ "warning", "warning" },
                                 Name{ "error", "error" }, Name{ "off", "off" } };

/// Device names have no room for more: DEVNAME=dma_heap/NAME is kept to 64 bytes.
constexpr std::size_t kLongestName = 64 - std::string_view("dma_heap/").size();

std::unexpected<std::string> wrong(std::string_view text, std::string_view what)
{
    return std::unexpected(quoted(text).append(" ").append(what));
}

std::unexpected<std::string> none_of(std::string_view text, std::span<const std::string_view> words)
{
    return wrong(text, "is none of: " + listed(words) + suggestion(text, words));
}

template <auto Member, const auto &Words, class Target>
Accepted set_word(Target &target, std::string_view text)
{
    std::vector<std::string_view> texts;
    for (const auto &word : Words) {
        if (word.text == text) {
            target.*Member = word.value;
            return {};
        }
        texts.push_back(word.text);
    }
    return none_of(text, texts);
}

template <auto Member, const auto &Words, class Target>
std::optional<std::string> get_word(const Target &target)
{
    for (const auto &word : Words)
        if (word.value == target.*Member)
            return std::string(word.text);
    return std::nullopt;
}

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

template <auto Member, class Target>
std::optional<std::string> get_text(const Target &target)
{
    return target.*Member;
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
