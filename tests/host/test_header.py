# SPDX-License-Identifier: MIT
"""The ABI header by itself: every dialect of C and C++, 64 and 32 bit, and no holes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FLAGS = ["-Wall", "-Wextra", "-Wpadded", "-Werror", "-fsyntax-only", "-I", "include/uapi"]
C = ["gcc", "-pedantic", "-x", "c"]
CXX = ["g++", "-x", "c++"]

DIALECTS = [
    *(([*C, f"-std={name}"], name) for name in ("c90", "c99", "c11", "c17")),
    *(([*CXX, f"-std={name}"], name) for name in ("c++98", "c++11", "c++17", "c++20")),
]


@pytest.mark.parametrize("bits", ["64", "32"])
@pytest.mark.parametrize("compiler", [pytest.param(words, id=name) for words, name in DIALECTS])
def test_header_compiles(compiler: list[str], bits: str) -> None:
    done = subprocess.run(
        [*compiler, f"-m{bits}", *FLAGS, "tests/abi/header.c"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
