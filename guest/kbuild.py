# SPDX-License-Identifier: MIT
"""Build the driver and the test modules for one kernel, outside the source tree."""

from __future__ import annotations

import configparser
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from guest import toolchain
from guest.errors import GuestError
from guest.kernels import KernelTree
from guest.paths import BUILD, PROJECT, locked
from guest.tools import run

# Folders a module is built in, in the order in which they may use each other's symbols.
MODULES = ("driver", "tests/kmod")
# What else their sources include.
SHARED = ("include",)

# Takes the kernel's keys from the driver, but leaves structures as the kernel at hand has them, so
# that it can be loaded.
WITHOUT_KEYS = """\
#include <linux/cred.h>
#include <linux/key.h>
#undef CONFIG_KEYS
"""


@dataclass(frozen=True)
class ModuleTree:
    """/lib/modules/RELEASE as the guest sees it: the kernel's modules and the project's."""

    root: Path
    release: str

    @property
    def path(self) -> Path:
        """The folder that holds modules.dep."""
        return self.root / "lib/modules" / self.release

    def resolve(self, names: list[str]) -> list[Path]:
        """Files of the named modules in the order in which insmod wants them."""
        dependencies: dict[str, list[str]] = {}
        for line in (self.path / "modules.dep").read_text(encoding="utf-8").splitlines():
            file, _, needs = line.partition(":")
            dependencies[file] = needs.split()
        by_name = {Path(f).name.partition(".")[0].replace("-", "_"): f for f in dependencies}
        order: list[str] = []
        for name in names:
            # A module that the kernel has built in is not listed.
            if name in by_name:
                order += [*reversed(dependencies[by_name[name]]), by_name[name]]
        return [self.path / file for file in dict.fromkeys(order)]


def build(tree: KernelTree) -> ModuleTree:
    """Build what is out of date and return the complete module tree."""
    if not (PROJECT / "driver/Kbuild").exists():
        raise GuestError(f"{PROJECT}/driver has no Kbuild: there is no driver to build")
    work = BUILD / tree.kernel.name
    modules = ModuleTree(work / "modules", tree.release)
    with locked(work):
        digest = _digest(tree)
        stamp = work / "modules.stamp"
        if not stamp.exists() or stamp.read_text(encoding="ascii") != digest:
            stamp.unlink(missing_ok=True)
            _mirror(work / "source")
            _install([_make(tree, work / "source" / name) for name in _folders()], tree, modules)
            stamp.write_text(digest, encoding="ascii")
    return modules


def sparse(tree: KernelTree) -> str:
    """Build all modules anew under sparse and return what it and the compiler say of them."""
    work = BUILD / tree.kernel.name / "sparse"
    with locked(work):
        shutil.rmtree(work / "source", ignore_errors=True)
        _mirror(work / "source")
        said = ""
        for name in _folders():
            done = subprocess.run(
                _command(tree, work / "source" / name, "C=2"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=_environment(),
                text=True,
                check=False,
            )
            if done.returncode:
                raise GuestError(f"{name} does not build under sparse:\n{done.stdout}")
            said += done.stdout.replace(f"{work / 'source'}/", "")
    return said


def without_keys(tree: KernelTree) -> str:
    """Build the driver as for a kernel without CONFIG_KEYS and return what is said of it."""
    work = BUILD / tree.kernel.name / "without-keys"
    folder = work / "source/driver"
    header = work / "without_keys.h"
    with locked(work):
        _mirror(work / "source")
        if not header.exists() or header.read_text(encoding="ascii") != WITHOUT_KEYS:
            header.write_text(WITHOUT_KEYS, encoding="ascii")
        done = subprocess.run(
            _command(tree, folder, "CONFIG_KEYS=", f"KCFLAGS=-include {header}"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(),
            text=True,
            check=False,
        )
    if done.returncode:
        raise GuestError(f"the driver does not build without CONFIG_KEYS:\n{done.stdout}")
    return done.stdout


def _folders() -> list[str]:
    return [name for name in MODULES if (PROJECT / name / "Kbuild").exists()]


def _sources() -> dict[Path, bytes]:
    """Every file a build reads, by its path in the project."""
    wanted = {".c", ".h", ".S", ""}
    return {
        path.relative_to(PROJECT): path.read_bytes()
        for name in (*_folders(), *SHARED)
        for path in sorted((PROJECT / name).rglob("*"))
        if path.is_file() and path.suffix in wanted and not path.name.startswith(".")
    }


def _digest(tree: KernelTree) -> str:
    total = hashlib.sha256(f"{tree.release} {tree.root} {version()}\n".encode())
    for path, content in _sources().items():
        total.update(f"{path} {len(content)}\n".encode() + content)
    return total.hexdigest()


def release() -> str:
    """The version of the project."""
    settings = configparser.ConfigParser()
    settings.read(PROJECT / "setup.cfg", encoding="utf-8")
    return settings["metadata"]["version"]


def version() -> str:
    """What the driver says of its version: the project's, and the commit where there is one."""
    try:
        commit = run(["git", "-C", str(PROJECT), "describe", "--always", "--dirty"]).strip()
    except GuestError:
        return release()
    return f"{release()}-g{commit}"


def _mirror(target: Path) -> None:
    """Copy changed sources to `target`, so that make sees just them as newer.

    kbuild of the older kernels can only write next to the sources.
    """
    sources = _sources()
    for path, content in sources.items():
        copy = target / path
        if not copy.exists() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
    for copy in target.rglob("*.[chS]"):
        if copy.relative_to(target) not in sources and not copy.name.endswith(".mod.c"):
            copy.unlink()


def _command(tree: KernelTree, folder: Path, *variables: str) -> list[str]:
    command = ["make", "-s", f"-j{os.cpu_count()}", "-C", str(tree.headers), f"M={folder}"]
    command += [f"DC_VERSION={version()}", *variables, "modules"]
    return toolchain.prepare(tree).command(command, [tree.root, BUILD / tree.kernel.name])


def _environment() -> dict[str, str]:
    """The caller's, but an enclosing make's options and job server are not meant for kbuild."""
    return {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}


def _make(tree: KernelTree, folder: Path) -> list[Path]:
    """Build the modules of one folder and return their files."""
    print(f"guest: building {folder.name} for {tree.release}", file=sys.stderr, flush=True)
    done = subprocess.run(
        _command(tree, folder),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        env=_environment(),
        check=False,
    )
    if done.returncode:
        raise GuestError(f"{folder.name} does not build for {tree.release}")
    return sorted(folder.glob("*.ko"))


def _install(built: list[list[Path]], tree: KernelTree, modules: ModuleTree) -> None:
    """Lay the built modules beside the kernel's own and index them together."""
    shutil.rmtree(modules.root, ignore_errors=True)
    updates = modules.path / "updates"
    updates.mkdir(parents=True)
    (modules.path / "kernel").symlink_to(tree.modules / "kernel")
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(tree.modules / name, modules.path)
    for files in built:
        for file in files:
            shutil.copy(file, updates)
    run(["depmod", "-b", str(modules.root), tree.release])
