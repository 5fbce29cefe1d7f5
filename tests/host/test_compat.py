# SPDX-License-Identifier: MIT
"""For which kernels the driver lets itself be built."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

COMPAT = Path(__file__).parents[2] / "driver/compat.h"

VERSION = """
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#define LINUX_VERSION_CODE KERNEL_VERSION({version})
"""


def complaint(folder: Path, version: str, *options: str) -> str:
    """What the preprocessor says of compat.h with the headers of this kernel."""
    for name in re.findall(r"#include <(.+)>", COMPAT.read_text(encoding="ascii")):
        header = folder / name
        header.parent.mkdir(exist_ok=True)
        header.touch()
    text = VERSION.format(version=version.replace(".", ", "))
    (folder / "linux/version.h").write_text(text, encoding="ascii")
    command = ["gcc", "-E", "-xc", f"-I{folder}", *options, str(COMPAT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert bool(done.returncode) == bool(done.stderr)
    return done.stderr


@pytest.mark.parametrize(
    "version", ["6.1.191", "6.1.255", "6.1.300", "6.12.96", "6.12.117", "7.3.0", "7.4.0", "8.0.0"]
)
def test_kernels_with_the_fixes(tmp_path: Path, version: str) -> None:
    assert complaint(tmp_path, version) == ""


@pytest.mark.parametrize(
    "version", ["5.10.300", "6.0.19", "6.1.190", "6.2.0", "6.6.300", "6.12.95", "6.13.0", "7.2.9"]
)
def test_kernels_without(tmp_path: Path, version: str) -> None:
    assert "see Kernels in docs/admin.md" in complaint(tmp_path, version)


def test_the_builder_knows_better(tmp_path: Path) -> None:
    assert complaint(tmp_path, "6.6.1", "-DDC_KERNEL_IS_FIXED") == ""
