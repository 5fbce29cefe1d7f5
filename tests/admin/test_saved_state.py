# SPDX-License-Identifier: MIT
"""Saved states of hash streams end with the load of the driver that sealed them."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.admin import driver

EXAMPLE = Path(__file__).resolve().parents[2] / "build/examples/resume_hash"
TEXT = bytes(range(256)) * 40


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A file to hash."""
    path = tmp_path / "text"
    path.write_bytes(TEXT)
    return path


def resume(text: Path, state: Path, most: int) -> subprocess.CompletedProcess[str]:
    """Hash at most so many bytes more."""
    return subprocess.run(
        [EXAMPLE, "sha256", text, state, str(most)], capture_output=True, text=True, check=False
    )


@pytest.mark.usefixtures("reloadable")
def test_state_of_an_older_load_is_refused(text: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert resume(text, state, 1000).returncode == 0
    saved = state.read_bytes()
    driver.unload()
    driver.load()
    refused = resume(text, state, 1000)
    assert refused.returncode == 1
    assert "Bad message" in refused.stderr
    assert state.read_bytes() == saved
    state.unlink()
    assert resume(text, state, 1000).returncode == 0
    # The first state of each load: the counter begins anew, under another key.
    assert state.read_bytes() != saved
    done = resume(text, state, len(TEXT))
    assert done.returncode == 0
    assert done.stdout.split()[0] == hashlib.sha256(TEXT).hexdigest()
