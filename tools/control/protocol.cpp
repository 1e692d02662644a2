// SPDX-License-Identifier: MIT
#include "tools/control/protocol.h"

#include <utility>

namespace dmaheap::control {

namespace {

constexpr int kDeepest = 8;

/// The parser recurses for each level, and a line has room for tens of thousands.
bool is_too_deep(std::string_view line)
{
    int depth = 0;
    for (const char letter : line) {
        depth += letter == '[' || letter == '{' ? 1 : letter == ']' || letter == '}' ? -1 : 0;
        if (depth > kDeepest)
            return true;
    }
    return false;
}

std::string dumped(const Json &json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

/// A string of the object, empty when it has none of that name.
std::string text_of(const Json &object, const char *name)
{
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Answer<Json> parse_object(std::string_view line)
{
    if (is_too_deep(line))
        return refuse("EPROTO", "the line is nested too deeply");

    Json object = Json::parse(line, nullptr, false);
    if (!object.is_object())
        return refuse("EPROTO", "the line is not a JSON object");

    const auto version = object.find("version");
    if (version == object.end() || !version->is_number_integer())
        return refuse("EPROTO",
                      "\"version\" is missing; this is version " + std::to_string(kVersion));
    if (*version != kVersion)
        return refuse("EPROTO", "version " + version->dump() +
                                    " is not spoken here; this is version " +
                                    std::to_string(kVersion) +
                                    ": use the dmaheapctl that came with this dmaheapd");
    return object;
}

} // namespace

std::unexpected<Refusal> refuse(std::string code, std::string message)
{
    return std::unexpected(Refusal{ .code = std::move(code), .message = std::move(message) });
}

Answer<Request> parse_request(std::string_view line)
{
    auto object = parse_object(line);
    if (!object)
        return std::unexpected(std::move(object.error()));

    std::string command = text_of(*object, "command");
    if (command.empty())
        return refuse("EPROTO", "\"command\" is missing");

    return Request{ .command = std::move(command), .arguments = *std::move(object) };
}

Answer<Json> parse_answer(std::string_view line)
{
    // What the daemon says may be nested as it likes.
    Json object = Json::parse(line, nullptr, false);
    if (!object.is_object() || object.value("version", 0) != kVersion)
        return refuse("EPROTO", "what answers is not a dmaheapd of this version");

    const auto error = object.find("error");
    if (error != object.end() && error->is_object())
        return refuse(text_of(*error, "code"), text_of(*error, "message"));

    const auto result = object.find("result");
    return result == object.end() ? Json() : std::move(*result);
}

std::string to_line(const Request &request)
{
    Json object{ { "version", kVersion }, { "command", request.command } };
    object.update(request.arguments);
    return dumped(object);
}

std::string to_line(const Answer<Json> &answer)
{
    Json object = Json::object({ { "version", kVersion } });
    if (answer)
        object["result"] = *answer;
    else
        object["error"] = { { "code", answer.error().code },
                            { "message", answer.error().message } };
    return dumped(object);
}

} // namespace dmaheap::control
