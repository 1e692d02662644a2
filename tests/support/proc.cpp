// SPDX-License-Identifier: MIT
#include "tests/support/proc.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace dmaheap::test::proc {
namespace {

std::string path_of(pid_t pid, const char *name)
{
    return "/proc/" + std::to_string(pid) + "/" + name;
}

std::vector<std::string> entries(const std::string &path)
{
    std::vector<std::string> names;
    std::error_code ignored;

    for (const auto &entry : std::filesystem::directory_iterator(path, ignored))
        names.push_back(entry.path().filename());
    return names;
}

std::vector<std::string> lines_of(const std::string &path)
{
    std::ifstream file(path);
    std::vector<std::string> lines;

    for (std::string line; std::getline(file, line);)
        lines.push_back(line);
    return lines;
}

long value_of(const std::string &path, const std::string &key)
{
    for (const std::string &line : lines_of(path))
        if (line.starts_with(key + ":"))
            return std::stol(line.substr(key.size() + 1));
    return 0;
}

} // namespace

int descriptors(pid_t pid)
{
    return static_cast<int>(entries(path_of(pid, "fd")).size());
}

int mappings(pid_t pid)
{
    return static_cast<int>(lines_of(path_of(pid, "maps")).size());
}

int file_mappings(pid_t pid)
{
    std::vector<std::string> lines = lines_of(path_of(pid, "maps"));
    std::erase_if(lines, [](const std::string &line) { return !line.contains(" /"); });
    return static_cast<int>(lines.size());
}

bool has_mapped(pid_t pid, const std::string &file)
{
    return std::ranges::any_of(lines_of(path_of(pid, "maps")),
                               [&](const std::string &line) { return line.contains(file); });
}

std::vector<pid_t> threads(pid_t pid)
{
    std::vector<pid_t> found;
    for (const std::string &name : entries(path_of(pid, "task")))
        found.push_back(static_cast<pid_t>(std::stol(name)));
    return found;
}

std::vector<pid_t> children(pid_t pid)
{
    std::vector<pid_t> found;
    for (const pid_t thread : threads(pid)) {
        std::ifstream file(path_of(pid, "task") + "/" + std::to_string(thread) + "/children");
        for (pid_t child = 0; file >> child;)
            found.push_back(child);
    }
    return found;
}

long context_switches(pid_t pid)
{
    long sum = 0;
    for (const pid_t thread : threads(pid)) {
        const std::string status = path_of(pid, "task") + "/" + std::to_string(thread) + "/status";
        sum += value_of(status, "voluntary_ctxt_switches");
        sum += value_of(status, "nonvoluntary_ctxt_switches");
    }
    return sum;
}

// Fields 14 and 15; the second one, a name in brackets, may hold spaces.
long cpu_time(pid_t pid)
{
    std::ifstream file(path_of(pid, "stat"));
    std::string text;
    std::getline(file, text);

    std::istringstream words(text.substr(text.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field)
        words >> skipped;
    long user = 0;
    long system = 0;
    words >> user >> system;
    return user + system;
}

std::string states(pid_t pid)
{
    std::string letters;
    for (const pid_t thread : threads(pid)) {
        std::ifstream file(path_of(pid, "task") + "/" + std::to_string(thread) + "/stat");
        std::string text;
        std::getline(file, text);
        if (const std::size_t end = text.rfind(')'); end + 2 < text.size())
            letters += text[end + 2];
    }
    return letters;
}

long system_call(pid_t thread)
{
    std::ifstream file(path_of(thread, "syscall"));
    long number = -1;
    return file >> number ? number : -1;
}

} // namespace dmaheap::test::proc
