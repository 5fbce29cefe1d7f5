# SPDX-License-Identifier: MIT
"""What the tests of the host share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.host.fake_driver import URING, Driver, FakeContext, Uring


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    made = Driver()
    monkeypatch.setattr("pycryptodev._ioctl.submit", made.submit)
    monkeypatch.setattr("pycryptodev._ioctl.cancel", made.cancel)
    yield made
    os.close(made.events)


@pytest.fixture
def uring(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Uring:
    made = Uring(driver)
    monkeypatch.setattr("pycryptodev.uring.load", lambda: (URING, made))
    return made


@pytest.fixture
def context(driver: Driver) -> Any:
    return FakeContext(driver.events)
