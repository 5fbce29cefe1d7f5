# SPDX-License-Identifier: MIT
"""KCSAN reports the race that a module of the project's runs into."""

from __future__ import annotations

from guest.console import find_reports
from tests.detectors.conftest import Commit


def test_race_is_reported(commit: Commit) -> None:
    said = commit("race")
    assert [line for line in find_reports(said) if "BUG: KCSAN: data-race in" in line], said
