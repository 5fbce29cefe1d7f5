# SPDX-License-Identifier: MIT
"""`make install` below a DESTDIR: what it puts there, and that uninstall takes it away again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from guest import kbuild, kernels

PROJECT = Path(__file__).resolve().parents[2]

INSTALLED = {
    "etc/devcrypto/policy",
    "etc/modules-load.d/devcrypto.conf",
    "etc/udev/rules.d/60-devcrypto.rules",
    "lib/firmware/devcrypto/policy",
    "usr/local/include/linux/devcrypto.h",
}
# The administrator's list is not the installation's to remove.
KEPT = {"etc/devcrypto/policy"}


@pytest.fixture(scope="module")
def tree() -> kernels.KernelTree:
    """The default kernel and its headers."""
    return kernels.prepare(kernels.KERNELS[0])


def make(target: str, destination: Path, tree: kernels.KernelTree) -> None:
    """Run make as a packager does."""
    settings = [f"DESTDIR={destination}", f"RELEASE={tree.release}", f"KDIR={tree.headers}"]
    done = subprocess.run(
        ["make", "--no-print-directory", target, *settings],
        cwd=PROJECT,
        # The test itself may run below make.
        env={name: value for name, value in os.environ.items() if not name.startswith("M")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def files(destination: Path) -> set[str]:
    """What lies there, but for directories."""
    found = (path for path in destination.rglob("*") if path.is_symlink() or not path.is_dir())
    return {str(path.relative_to(destination)) for path in found}


@pytest.fixture(scope="module")
def installed(
    tmp_path_factory: pytest.TempPathFactory, tree: kernels.KernelTree
) -> Iterator[tuple[Path, str]]:
    """A destination with everything in it, and the module's path there."""
    destination = tmp_path_factory.mktemp("install")
    make("install", destination, tree)
    yield destination, f"lib/modules/{tree.release}/updates/devcrypto.ko"


def test_everything_is_installed(installed: tuple[Path, str]) -> None:
    destination, module = installed
    assert files(destination) == INSTALLED | {module}


def test_module_says_its_version(installed: tuple[Path, str]) -> None:
    destination, module = installed
    done = subprocess.run(
        ["/usr/sbin/modinfo", "--field", "version", destination / module],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == kbuild.version()


def test_driver_finds_the_policy(installed: tuple[Path, str]) -> None:
    destination, _ = installed
    link = destination / "lib/firmware/devcrypto/policy"
    assert str(link.readlink()) == "/etc/devcrypto/policy"
    listed = (PROJECT / "driver/policy.list").read_bytes()
    assert (destination / "etc/devcrypto/policy").read_bytes() == listed


def test_program_compiles_against_the_installed_header(
    installed: tuple[Path, str], tmp_path: Path
) -> None:
    destination, _ = installed
    source = tmp_path / "program.c"
    source.write_text("#include <linux/devcrypto.h>\nint main(void) { return 0; }\n")
    include = destination / "usr/local/include"
    command = ["gcc", "-Werror", f"-I{include}", "-o", str(tmp_path / "program"), str(source)]
    assert subprocess.run(command, check=False).returncode == 0


def test_uninstall_leaves_the_policy(tmp_path: Path, tree: kernels.KernelTree) -> None:
    make("install", tmp_path, tree)
    changed = tmp_path / "etc/devcrypto/policy"
    changed.write_text("# mine\nsha256\n")
    make("install", tmp_path, tree)
    assert changed.read_text() == "# mine\nsha256\n", "a second installation keeps it too"
    make("uninstall", tmp_path, tree)
    assert files(tmp_path) == KEPT
