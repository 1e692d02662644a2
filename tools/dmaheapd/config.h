// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/size.h"
#include "tools/dmaheapd/ion_config.h"
#include "tools/dmaheapd/on_conflict.h"
#include "tools/dmaheapd/permissions.h"

/// What the command line and the config file say, as plain values. Nothing is opened here.
namespace dmaheap::config {

enum class Frontend { automatic, cuse, fuse };
/// `buffer_file_cached` is the buffer file without passthrough, as on kernels before 6.9.
enum class Exporter { automatic, udmabuf, buffer_file, buffer_file_cached };
enum class Delivery { automatic, ptrace };

/// Whether the daemon may ask the kernel for huge pages that a region lacks.
enum class HugePages { existing, reserve };
/// Whether a heap's contiguity has to be physical.
enum class Contiguity { physical, emulated };
/// Where a reserved heap looks when all its buffers are out.
enum class Overflow { fail, region };

/// Memory that is set aside at start.
struct Region {
    std::string name;
    std::optional<Bytes> size;  ///< required, but of a file: all of it when not given
    std::optional<Bytes> pages; ///< the size of each; ordinary ones when not given
    HugePages huge_pages = HugePages::existing;
    std::optional<std::string> file; ///< absolute; its memory, instead of memory of our own

    friend bool operator==(const Region &, const Region &) = default;
};

struct Heap : Permissions {
    std::string name;
    std::string policy = "system";
    std::optional<Bytes> limit; ///< live bytes; half of the machine's memory when not given
    std::optional<Bytes> limit_per_uid;
    std::optional<Bytes> limit_per_process;
    std::optional<Bytes> max_buffer;
    OnConflict on_conflict = OnConflict::fail;
    std::vector<std::string> aliases; ///< further names of its node

    std::optional<std::string> region; ///< one of its own when not given, if it needs one
    std::optional<Bytes> guarantee;    ///< held back in the region for this heap
    std::optional<Bytes> alignment;    ///< of each buffer in the region; a page when not given
    std::optional<Contiguity> contiguity;
    std::optional<unsigned> buffers;
    std::optional<Bytes> buffer_size;
    std::optional<Overflow> overflow;
    std::optional<Bytes> pages; ///< that are preferred
    std::optional<Bytes>
        cache; ///< most that is kept of buffers that have ended; none when not given

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

/// Where each setting of a region or a heap was given, "board.toml:4:10: heap.camera.region" by
/// "heap.camera.region", for what can only be judged together. No part of what is said.
struct Origins {
    std::map<std::string, std::string, std::less<>> places;

    friend bool operator==(const Origins &, const Origins &) { return true; }
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
    std::vector<Region> regions; ///< names are unique
    std::vector<Heap> heaps;     ///< never empty once options::parse() is done, names are unique
    std::vector<Ion> ion;        ///< nodes; names are unique
    Origins origins;

    friend bool operator==(const Config &, const Config &) = default;
};

/// Why the command line or the config file is not accepted: one line that names the option, or
/// file, line, column and key. Thrown while starting, caught in main: exit status 2.
class Refused : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

} // namespace dmaheap::config
