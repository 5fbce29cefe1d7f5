# SPDX-License-Identifier: MIT
"""The C tests of the ABI, as a plain member of the group: one result for each of their tests."""

from __future__ import annotations

import pytest

from tests.abi import tap

NAMES = sorted(set(tap.program_names()) - tap.ADMIN)


def test_all_programs_are_built() -> None:
    assert not tap.missing(NAMES), "run make -C tests/abi first"


@pytest.mark.parametrize(("program", "test"), tap.cases(NAMES))
def test_abi(program: str, test: str) -> None:
    tap.check(program, test)
