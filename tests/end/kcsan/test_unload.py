# SPDX-License-Identifier: MIT
"""The driver can be unloaded when all tests of a guest have ended.

run.py runs this file as the last thing in a guest, as root.
"""

from __future__ import annotations

from tests.admin import driver


def test_driver_can_be_unloaded() -> None:
    driver.unload()
    assert driver.MODULE not in driver.loaded_modules()
