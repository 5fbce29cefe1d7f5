# SPDX-License-Identifier: MIT
"""What is left when all tests of a guest have ended: no memory that was lost, ahead of the driver's
end and behind it, and detectors that have watched to the last.

run.py runs this file as the last thing in a guest, as
root; its order matters.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import kmemleak
from tests.admin import driver


def lost() -> list[str]:
    """What was lost, and where."""
    return [f"{leak.test or 'ahead of all tests'}: {leak.text}" for leak in kmemleak.scan()]


@pytest.mark.time_limit(600)
def test_nothing_was_lost() -> None:
    assert lost() == []


def test_lockdep_watched_to_the_last() -> None:
    """A report of another detector, or full tables, switch it off."""
    text = Path("/proc/lockdep_stats").read_text(encoding="ascii")
    assert re.search(r"debug_locks:\s+1\b", text), text


@pytest.mark.time_limit(600)
def test_nothing_is_lost_with_the_driver() -> None:
    driver.unload()
    kmemleak.forget()
    assert lost() == []
    assert driver.MODULE not in driver.loaded_modules()
