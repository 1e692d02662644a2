// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

/// What is said over the control socket: one JSON object a line, a request and its answer. See
/// docs/control.md.
namespace dmaheap::control {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr const char *kDefaultSocket = "/run/dmaheapd/control.sock";

/// A longer line is answered with a refusal, and the connection is closed.
constexpr std::size_t kLongestLine = 65536;

/// {"version": 1, "command": COMMAND, ...}
struct Request {
    std::string command;
    Json arguments; ///< the whole object
};

/// Why there is no result. `code` is for programs: "EINVAL", "EPERM", "ENOENT", "EPROTO", "EBUSY".
struct Refusal {
    std::string code;
    std::string message; ///< one line for people, which says what to do
};

template <class Value>
using Answer = std::expected<Value, Refusal>;

std::unexpected<Refusal> refuse(std::string code, std::string message);

/// Of one line without its end. Takes anything.
Answer<Request> parse_request(std::string_view line);
Answer<Json> parse_answer(std::string_view line);

/// Lines with their ends. Text that is not UTF-8 is made so.
std::string to_line(const Request &request);
std::string to_line(const Answer<Json> &answer);

} // namespace dmaheap::control
