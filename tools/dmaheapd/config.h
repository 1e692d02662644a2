// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/size.h"
#include "tools/dmaheapd/ion_config.h"

/// What the command line and the config file say, as plain values. Nothing is opened here.
namespace dmaheap::config {

enum class Frontend { automatic, cuse, fuse };
/// `buffer_file_cached` is the buffer file without passthrough, as on kernels before 6.9.
enum class Exporter { automatic, udmabuf, buffer_file, buffer_file_cached };
enum class Delivery { automatic, ptrace };
/// When the node's name is taken already: by the kernel, say.
enum class OnConflict { fail, skip };

struct Heap {
    std::string name;
    std::string policy = "system";
    std::optional<mode_t> mode;       ///< of the node; 0600 when not given
    std::optional<std::string> owner; ///< user name or number; root when not given
    std::optional<std::string> group; ///< group name or number; root when not given
    std::optional<Bytes> limit;       ///< live bytes; half of the machine's memory when not given
    std::optional<Bytes> limit_per_uid;
    std::optional<Bytes> limit_per_process;
    std::optional<Bytes> max_buffer;
    OnConflict on_conflict = OnConflict::fail;

    friend bool operator==(const Heap &, const Heap &) = default;
};

/// Of all heaps together; nothing is limited that is not given.
struct Limits {
    std::optional<Bytes> limit;
    std::optional<Bytes> limit_per_uid;
    std::optional<Bytes> limit_per_process;
    std::optional<Bytes> max_buffer;

    friend bool operator==(const Limits &, const Limits &) = default;
};

struct Config {
    Frontend frontend = Frontend::automatic;
    Exporter exporter = Exporter::automatic;
    Delivery delivery = Delivery::automatic;
    std::string dev_root = "/dev"; ///< absolute
    std::string log_level = "info";
    std::optional<std::string> control;       ///< of the socket: absolute, or "none"
    std::optional<std::string> control_group; ///< who may look, besides root; name or number
    Limits limits;
    std::vector<Heap> heaps; ///< never empty once options::parse() is done, names are unique
    std::vector<Ion> ion;    ///< nodes; names are unique

    friend bool operator==(const Config &, const Config &) = default;
};

/// Why the command line or the config file is not accepted: one line that names the option, or
/// file, line, column and key. Thrown while starting, caught in main: exit status 2.
class Refused : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

} // namespace dmaheap::config
