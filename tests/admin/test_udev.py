# SPDX-License-Identifier: MIT
"""Who may open the node, and what udev makes of the driver's coming and going."""

from __future__ import annotations

import errno
import grp
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pyudev

from pycryptodev import CryptoDevice
from tests.admin import driver
from tests.admin.users import NODE, error_of, open_as, run_as

TIMEOUT_S = 20


def open_error(user: str, groups: tuple[str, ...] = ()) -> int:
    """Errno of opening the node as a user."""
    return run_as(user, lambda: error_of(lambda: os.open(NODE, os.O_RDWR)), groups)


@contextmanager
def monitored() -> Iterator[pyudev.Monitor]:
    """Listen to what udev says of the node once its rules have been applied."""
    driver.settle()
    monitor = pyudev.Monitor.from_netlink(pyudev.Context(), "udev")
    monitor.filter_by("misc")
    monitor.start()
    yield monitor


def next_event(monitor: pyudev.Monitor) -> pyudev.Device:
    """The next event of the node."""
    while (device := monitor.poll(TIMEOUT_S)) is not None:
        if device.sys_name == "crypto":
            return device
    raise AssertionError(f"no event within {TIMEOUT_S} s")


def is_in_use(module: str = driver.MODULE) -> bool:
    """Whether something holds the module."""
    return int(Path(f"/sys/module/{module}/refcnt").read_text(encoding="ascii")) > 0


def test_outsider_cannot_open() -> None:
    assert open_error("outsider") == errno.EACCES


def test_outsider_cannot_open_for_reading() -> None:
    assert run_as("outsider", lambda: error_of(lambda: os.open(NODE, os.O_RDONLY))) == errno.EACCES


def test_member_can_open() -> None:
    assert open_error("member") == 0


def test_the_group_is_what_lets_in() -> None:
    assert open_error("outsider", ("crypto",)) == 0


def test_root_can_open() -> None:
    assert open_error("root") == 0


@pytest.mark.usefixtures("reloadable")
def test_unloading_and_loading_are_events() -> None:
    with monitored() as monitor:
        driver.unload()
        removed = next_event(monitor)
        assert (removed.action, removed.device_node) == ("remove", NODE)
        assert not Path(NODE).exists()
        assert not Path("/dev/devcrypto").is_symlink()

        driver.load()
        added = next_event(monitor)
        assert (added.action, added.device_node) == ("add", NODE)
        assert "devcrypto" in added.tags
        assert "/dev/devcrypto" in added.device_links


@pytest.mark.usefixtures("reloadable")
def test_node_comes_back_as_it_was() -> None:
    driver.unload()
    driver.load()
    status = Path(NODE).stat()
    assert stat.S_IMODE(status.st_mode) == 0o660
    assert grp.getgrgid(status.st_gid).gr_name == "crypto"
    assert open_error("outsider") == errno.EACCES
    assert open_error("member") == 0


@pytest.mark.usefixtures("reloadable")
def test_open_node_keeps_the_module() -> None:
    descriptor = open_as("member")
    with pytest.raises(AssertionError, match="in use"):
        driver.unload()
    os.close(descriptor)
    driver.unload()
    assert driver.MODULE not in driver.loaded_modules()


@pytest.mark.usefixtures("reloadable")
def test_configured_context_keeps_module_and_algorithm() -> None:
    with CryptoDevice("rmd160") as device:
        assert is_in_use("rmd160")
        with pytest.raises(AssertionError, match="in use"):
            driver.unload()
        assert len(device.digest(b"")) == 20
    driver.unload()
    assert not is_in_use("rmd160")
    driver.unload("rmd160")
