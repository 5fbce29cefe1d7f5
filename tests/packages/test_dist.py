# SPDX-License-Identifier: MIT
"""Wheel and sdist of the client, each installed into an empty environment."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DIST = PROJECT / "build/dist"


@pytest.fixture(scope="module", params=["*.whl", "*.tar.gz"], ids=["wheel", "sdist"])
def binaries(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has nothing else."""
    (package,) = DIST.glob(request.param)
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [environment / "bin/python", "-m", "pip", "install", "-q"]
    # From elsewhere, so that nothing of the checkout is found.
    subprocess.run(
        [*map(str, pip), "--disable-pip-version-check", str(package)], cwd="/", check=True
    )
    return environment / "bin"


def output(*command: str | Path) -> str:
    """What a command prints."""
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=True).stdout


def test_import(binaries: Path) -> None:
    program = "from pycryptodev import _abi, device; print(device.__file__, _abi.__file__)"
    for file in output(binaries / "python", "-c", program).split():
        assert file.startswith(str(binaries.parent))


def test_command(binaries: Path) -> None:
    (package,) = DIST.glob("*.tar.gz")
    version = package.name.removeprefix("pycryptodev-").removesuffix(".tar.gz")
    assert output(binaries / "cryptodev", "--version") == f"cryptodev {version}\n"
    assert "usage: cryptodev" in output(binaries / "cryptodev", "--help")


def test_wheel_is_for_every_python() -> None:
    (package,) = DIST.glob("*.whl")
    assert "-cp310-abi3-" in package.name
    with zipfile.ZipFile(package) as wheel:
        names = wheel.namelist()
    for name in ("_abi.abi3.so", "_abi.pyi", "py.typed"):
        assert f"pycryptodev/{name}" in names
    assert not [name for name in names if name.startswith("tests")]
