// SPDX-License-Identifier: MIT
#include "tests/integration/ion_scene.h"

#include <filesystem>
#include <fstream>

#include "tests/integration/scene.h"

namespace dmaheap::test {
namespace {

// The node that all have.
std::string config_of(const std::string &more, const std::string &heap_settings)
{
    std::string text;
    for (const char *heap : { kIonSystem, kIonCma })
        text += std::string("[heap.") + heap + "]\n" + heap_settings + '\n';
    return text +
           "[ion.ion-integration]\n"
           "heaps = { 0 = \"ion-system\", 4 = { heap = \"ion-cma\", type = \"dma\" } }\n" +
           more + '\n';
}

DaemonOptions options_for(const std::string &folder, const std::string &text,
                          const std::string &exporter)
{
    const std::string file = folder + "/ion.toml";
    std::ofstream(file) << text;
    return { .heaps = { kHeap }, .exporter = exporter, .more = { "--config", file } };
}

} // namespace

IonScene::IonScene(const std::string &more, const std::string &heap_settings,
                   const std::string &exporter)
    : daemon(options_for(folder.path(), config_of(more, heap_settings), exporter))
{
    warm_up(daemon);
}

std::string IonScene::node(const std::string &name) const
{
    return std::filesystem::path(daemon.node()).parent_path().parent_path() / name;
}

} // namespace dmaheap::test
