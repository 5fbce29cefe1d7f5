# SPDX-License-Identifier: MIT
"""The time that tests may take: none begins behind its end, and those left are named."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SUITE = "tests/host/test_nonces.py"


def left(tmp_path: Path, until: float) -> tuple[str, list[str]]:
    """Run a small file of tests; returns the last line and the names of those left out."""
    names = tmp_path / "names"
    words = ["-q", f"--until={until}", f"--not-run={names}", SUITE]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()[-1], names.read_text(encoding="utf-8").splitlines()


def test_enough_time(tmp_path: Path) -> None:
    said, names = left(tmp_path, time.time() + 1000)
    assert "passed" in said
    assert names == []


@pytest.mark.parametrize("until", [0, 1234.5])
def test_no_time(tmp_path: Path, until: float) -> None:
    said, names = left(tmp_path, until)
    assert "passed" not in said
    assert len(names) > 1
    assert {name.partition("::")[0] for name in names} == {SUITE}
