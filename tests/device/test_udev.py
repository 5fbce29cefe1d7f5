# SPDX-License-Identifier: MIT
"""The node as the udev rule sets it up."""

from __future__ import annotations

import grp
import os
import stat
from pathlib import Path

import pytest
import pyudev

GROUP = "crypto"
NODE = Path("/dev/crypto")
LINK = Path("/dev/devcrypto")


@pytest.fixture
def node() -> pyudev.Device:
    """The node as udev knows it."""
    return pyudev.Devices.from_device_file(pyudev.Context(), str(NODE))


def test_group_and_mode() -> None:
    status = NODE.stat()
    assert stat.S_ISCHR(status.st_mode)
    assert stat.S_IMODE(status.st_mode) == 0o660
    assert (status.st_uid, status.st_gid) == (0, grp.getgrnam(GROUP).gr_gid)


def test_group_is_a_system_group() -> None:
    assert 0 < grp.getgrnam(GROUP).gr_gid < 1000


def test_caller_is_a_plain_member() -> None:
    if os.environ.get("DEVCRYPTO_GUEST") != "1":
        pytest.skip("whoever runs the tests outside a guest may be anybody")
    assert os.geteuid() != 0
    assert grp.getgrnam(GROUP).gr_gid in os.getgroups()


def test_misc_device_of_the_driver(node: pyudev.Device) -> None:
    assert (node.subsystem, node.sys_name) == ("misc", "crypto")
    assert node.device_node == str(NODE)
    assert node.device_number == NODE.stat().st_rdev


def test_tag_and_link(node: pyudev.Device) -> None:
    assert node.is_initialized
    assert "devcrypto" in node.tags
    assert str(LINK) in node.device_links
    assert LINK.is_symlink()
    assert LINK.samefile(NODE)


def test_tag_finds_the_node() -> None:
    found = pyudev.Context().list_devices(tag="devcrypto")
    assert [device.device_node for device in found] == [str(NODE)]
