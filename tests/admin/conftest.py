# SPDX-License-Identifier: MIT
"""Fixtures of the tests that run as root and change the machine: in the guest only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.admin import driver

SetParameter = Callable[[str, int], None]


@pytest.fixture(scope="session", autouse=True)
def root_of_a_guest() -> None:
    """Skip on a machine that is somebody's; fail in a guest that is not set up."""
    if os.environ.get("DEVCRYPTO_GUEST") != "1":
        pytest.skip("changes the machine it runs on: make vm CMD='python -m pytest tests/admin'")
    assert os.geteuid() == 0, "has to run as root"
    assert driver.SYSFS.exists(), "the driver is not loaded"


@pytest.fixture
def policy_text() -> Iterator[str]:
    """Text of the policy file; file and policy are as before after the test."""
    text = driver.POLICY_FILE.read_text(encoding="ascii")
    yield text
    driver.put_policy(text)


@pytest.fixture
def set_parameter() -> Iterator[SetParameter]:
    """Sets a parameter of the module; all of them are as before after the test."""
    before = {path: path.read_text(encoding="ascii") for path in driver.PARAMETERS.iterdir()}

    def set_one(name: str, value: int) -> None:
        (driver.PARAMETERS / name).write_text(str(value), encoding="ascii")

    yield set_one
    for path, value in before.items():
        path.write_text(value, encoding="ascii")


@pytest.fixture
def reloadable() -> Iterator[None]:
    """The test unloads the driver; it is loaded again after it, without parameters."""
    yield
    driver.load()
