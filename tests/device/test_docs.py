# SPDX-License-Identifier: MIT
"""The examples of the documentation do what the text says."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

PROJECT = Path(__file__).resolve().parent.parent.parent
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]


def blocks(language: str) -> list[ParameterSet]:
    """Code blocks of a language in all pages, each named by its page and line."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
            line = text.count("\n", 0, match.start()) + 1
            found.append(pytest.param(match[1], id=f"{page.name}:{line}"))
    return found


def man_example() -> ParameterSet:
    """The program in crypto(4)."""
    text = (PROJECT / "man" / "crypto.4").read_text(encoding="utf-8")
    (source,) = re.findall(r"^\.Bd -literal\n(#include.*?)^\.Ed$", text, re.DOTALL | re.MULTILINE)
    return pytest.param(source.replace(r"\e", "\\"), id="crypto.4")


@pytest.mark.parametrize("source", blocks("python"))
def test_python_program(source: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_python_guide() -> None:
    page = PROJECT / "docs" / "python.md"
    result = doctest.testfile(str(page), module_relative=False)
    assert result.attempted > 10
    assert result.failed == 0


@pytest.mark.parametrize("source", [*blocks("c"), man_example()])
def test_c_program(source: str, tmp_path: Path) -> None:
    program = tmp_path / "program"
    warnings = ["-Wall", "-Wextra", "-Werror"]
    subprocess.run(
        ["gcc", "-O1", *warnings, f"-I{PROJECT}/include/uapi", "-o", program, "-xc", "-"],
        input=source,
        text=True,
        timeout=60,
        check=True,
    )
    done = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
