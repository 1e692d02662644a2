#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The layers test finds what is planted, and nothing else."""

import pathlib
import tempfile
import unittest

import layers


class Layers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def plant(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return layers.check(self.root)

    def refused(self, path, include):
        found = self.plant(path, f"// SPDX\n#include {include}\n")
        self.assertEqual(len(found), 1, f"{path} with {include}: {found}")
        self.assertIn(include.strip('"<>'), found[0])

    def accepted(self, path, include):
        self.assertEqual(self.plant(path, f"#pragma once\n#include {include}\n"), [])

    def test_every_layer_may_include_itself_and_what_is_below_it(self):
        self.accepted("core/heap.h", '"core/ledger.h"')
        self.accepted("policies/system.cpp", '"core/sys.h"')
        self.accepted("cuse/delivery/post.cpp", '"core/result.h"')
        self.accepted("cuse/node.cpp", '"cuse/delivery/delivery.h"')
        self.accepted("cuse/uapi/dma_heap.h", '"cuse/uapi/command.h"')
        self.accepted("tools/dmaheapd/daemon.cpp", '"policies/catalogue.h"')

    def test_no_layer_may_include_what_is_above_or_beside_it(self):
        self.refused("core/heap.cpp", '"policies/system.h"')

    def test_core_does_not_include_its_users(self):
        self.refused("core/heap.h", '"cuse/device.h"')

    def test_policies_do_not_know_the_devices(self):
        self.refused("policies/system.cpp", '"cuse/device.h"')

    def test_the_devices_do_not_know_the_policies(self):
        self.refused("cuse/device.h", '"policies/catalogue.h"')

    def test_uapi_knows_not_even_core(self):
        self.refused("cuse/uapi/command.h", '"core/result.h"')

    def test_delivery_does_not_know_the_devices(self):
        self.refused("cuse/delivery/post.h", '"cuse/device.h"')

    def test_nothing_knows_the_tests(self):
        self.refused("tools/dmaheapd/main.cpp", '"tests/support/daemon.h"')

    def test_a_header_outside_of_all_layers_is_nobodys(self):
        self.refused("core/heap.h", '"heap.h"')

    def test_spaces_hide_nothing(self):
        found = self.plant("core/heap.h", '  #  include   "cuse/device.h"\n')
        self.assertEqual(len(found), 1)

    def test_core_does_not_know_fuse(self):
        self.refused("core/heap.h", "<fuse3/fuse_lowlevel.h>")

    def test_core_does_not_know_ptrace(self):
        self.refused("core/sys.cpp", "<sys/ptrace.h>")

    def test_core_makes_no_ioctls_but_for_udmabuf(self):
        self.accepted("core/udmabuf.cpp", "<sys/ioctl.h>")
        self.accepted("core/udmabuf.cpp", "<linux/udmabuf.h>")
        self.accepted("core/udmabuf.cpp", "<linux/dma-buf.h>")

    def test_the_rest_of_core_makes_none(self):
        self.refused("core/sys.cpp", "<sys/ioctl.h>")

    def test_the_rest_of_core_knows_no_dma_bufs(self):
        self.refused("core/heap.cpp", "<linux/dma-buf.h>")

    def test_policies_make_no_ioctls(self):
        self.refused("policies/system.cpp", "<linux/ioctl.h>")

    def test_policies_do_not_know_what_clients_ask(self):
        self.refused("policies/system.cpp", "<linux/dma-heap.h>")

    def test_only_tools_log(self):
        self.accepted("tools/dmaheapd/daemon.cpp", "<spdlog/spdlog.h>")
        self.refused("cuse/server.cpp", "<spdlog/spdlog.h>")

    def test_only_tools_read_config(self):
        self.refused("core/size.cpp", "<toml++/toml.h>")

    def test_tests_may_include_everything(self):
        self.accepted("tests/unit/core_heap_test.cpp", '"cuse/device.h"')
        self.accepted("tests/unit/core_heap_test.cpp", "<spdlog/spdlog.h>")


if __name__ == "__main__":
    unittest.main()
