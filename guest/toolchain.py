# SPDX-License-Identifier: MIT
"""Compilers for kernels that the machine's own cannot build modules for.

The build tools of a newer Debian's kernels want that Debian's compiler and C library. They are
unpacked, never installed, into a folder in the cache, and run there with that folder as their root,
where they see a kernel's headers and what is to be built.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from guest.apt import Suite, host_suite
from guest.errors import GuestError
from guest.kernels import KernelTree
from guest.paths import CACHE, locked

# What building a module takes, by release of Debian; its dependencies come with it.
PACKAGES = {
    "trixie": (
        *("base-files", "bash", "bc", "coreutils", "dash", "diffutils", "findutils", "grep"),
        *("gawk", "gzip", "sed", "gcc-14", "make", "sparse"),
        # Of the kernel's own build tools.
        *("kmod", "libelf1t64", "libssl3t64", "pahole", "python3-minimal", "xz-utils", "zstd"),
    ),
}
# Links that a package's installation makes, or that the packages of the list need not make.
LINKS = {"usr/bin/awk": "gawk", "usr/bin/sh": "dash"}


@dataclass(frozen=True)
class Toolchain:
    """Where a kernel's modules are built.

    Args:
        root: what the build sees as its root; None for the machine's own.
    """

    root: Path | None

    def command(self, words: list[str], visible: list[Path]) -> list[str]:
        """Return how to run a command there.

        Args:
            words: the command.
            visible: folders of the machine that it sees under their own path.
        """
        if self.root is None:
            return words
        for path in visible:
            (self.root / path.relative_to("/")).mkdir(parents=True, exist_ok=True)
        # The mounts are in a namespace of the command's own and end with it.
        mounts = [
            shlex.join(["mount", "--rbind", str(path), f"{self.root}{path}"])
            for path in (Path("/proc"), Path("/dev/null"), *visible)
        ]
        enter = f'exec chroot {shlex.quote(str(self.root))} "$@"'
        script = " && ".join([*mounts, enter])
        # Without root's rights the namespace gives them, over what is the user's own.
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        return ["unshare", *user, "--mount", "sh", "-c", script, "sh", *words]


def prepare(tree: KernelTree) -> Toolchain:
    """Return the toolchain of the kernel's release; fetch it if the cache does not have it."""
    suite = tree.kernel.suite
    if suite == host_suite():
        return Toolchain(None)
    if suite not in PACKAGES:
        raise GuestError(f"no compiler is known for {suite} but its own, and this is not {suite}")
    root = CACHE / "toolchains" / suite
    with locked(root.parent):
        if not root.exists():
            print(f"guest: fetching the compiler of {suite} (120 MB, once)", file=sys.stderr)
            scratch = root.with_name(f"{suite}.new")
            shutil.rmtree(scratch, ignore_errors=True)
            _fetch(suite, scratch)
            scratch.rename(root)
    return Toolchain(root)


def _fetch(suite: str, scratch: Path) -> None:
    packages = Suite(suite)
    packages.refresh()
    packages.unpack_closure(PACKAGES[suite], scratch, scratch / "debs")
    for name, target in LINKS.items():
        link = scratch / name
        if not link.is_symlink():
            link.symlink_to(target)
    for name in ("proc", "dev", "tmp"):
        (scratch / name).mkdir(exist_ok=True)
    (scratch / "dev/null").touch()
