# SPDX-License-Identifier: MIT
"""What is made of the static checkers' words."""

from __future__ import annotations

import pytest

from guest.checks import find_complaints
from guest.errors import GuestError

WARNING = "driver/memory.c:40:9: warning: incorrect type in argument 1 (different address spaces)"
ERROR = "driver/memory.c:41:9: error: undefined identifier 'x'"


def test_silence_is_no_complaint() -> None:
    assert not find_complaints("")


def test_complaints_are_found() -> None:
    said = f"Skipping BTF generation\n{WARNING}\nnote\n{ERROR}\n"
    assert find_complaints(said) == [WARNING, ERROR]


def test_checker_that_was_left_out_is_no_pass() -> None:
    with pytest.raises(GuestError, match="nothing was checked"):
        find_complaints(
            "Makefile:1311: C=2 specified, but sparse is not available or not up to date\n"
        )
