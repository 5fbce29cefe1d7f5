# SPDX-License-Identifier: MIT
"""The kernel's own static checks, run over the project's kernel code."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from guest import kbuild
from guest.apt import Suite
from guest.errors import GuestError
from guest.kernels import KernelTree, find
from guest.paths import CACHE, PROJECT, locked

# checkpatch.pl reads its word lists from the folder it lies in.
CHECKPATCH = ("checkpatch.pl", "spelling.txt", "const_structs.checkpatch")
# What a file's very purpose is, which checkpatch cannot know.
EXEMPTIONS = {
    # A union in a structure is no statement among declarations.
    "include/uapi/linux/devcrypto.h": ["LINE_SPACING"],
    # The one place where kernel versions are told apart.
    "driver/compat.h": ["LINUX_VERSION_CODE", "CONSTANT_COMPARISON"],
    # The layout that the kernel's own TRACE_EVENT() definitions have.
    "driver/trace.h": ["OPEN_ENDED_LINE", "PARENTHESIS_ALIGNMENT"],
    # What the crypto API answers where an algorithm lacks an operation.
    "driver/akcipher.c": ["ENOSYS"],
    "driver/sig.c": ["ENOSYS"],
    "driver/request.c": ["ENOSYS"],
    # Members of the kernel's enum OID.
    "driver/pubkey.c": ["CAMELCASE"],
}
# What kbuild says before it leaves the checker out.
UNCHECKED = "sparse is not available or not up to date"
# The scripts come from the sources of this kernel, whatever the driver is built for.
CHECKPATCH_KERNEL = "6.1"


def find_complaints(said: str) -> list[str]:
    """The lines in which sparse complains.

    Raises:
        GuestError: nothing was checked: kbuild goes on without a checker that it does not know.
    """
    if UNCHECKED in said:
        raise GuestError("this kernel's build does not take this sparse: nothing was checked")
    return [line for line in said.splitlines() if "warning:" in line or "error:" in line]


def sparse(tree: KernelTree) -> int:
    """Run sparse over every module; anything it says about the project's files is a failure."""
    complaints = find_complaints(kbuild.sparse(tree))
    print("\n".join([*complaints, f"sparse: {len(complaints)} complaints"]))
    return 1 if complaints else 0


def without_keys(tree: KernelTree) -> int:
    """Build the driver as for a kernel without CONFIG_KEYS; any warning is a failure."""
    said = kbuild.without_keys(tree)
    complaints = [line for line in said.splitlines() if "warning:" in line.lower()]
    print("\n".join([*complaints, f"without keys: {len(complaints)} complaints"]))
    return 1 if complaints else 0


def checkpatch() -> int:
    """Run checkpatch --strict over the driver, the test modules and the ABI header."""
    script = _checkpatch_script()
    failed = False
    for folder in (*kbuild.MODULES, *kbuild.SHARED):
        for path in sorted((PROJECT / folder).rglob("*.[ch]")):
            name = str(path.relative_to(PROJECT))
            command = [str(script), "--no-tree", "--no-summary", "--strict", "--terse"]
            command.append("--show-types")
            if name in EXEMPTIONS:
                command += ["--ignore", ",".join(EXEMPTIONS[name])]
            done = subprocess.run([*command, "-f", name], cwd=PROJECT, check=False)
            failed = failed or done.returncode != 0
    return int(failed)


def _checkpatch_script() -> Path:
    """checkpatch.pl in the cache; no package has it but the one with all the sources."""
    folder = CACHE / "checkpatch"
    with locked(folder):
        if not (folder / CHECKPATCH[0]).exists():
            print("guest: fetching checkpatch (140 MB, once)", file=sys.stderr, flush=True)
            suite = Suite(find(CHECKPATCH_KERNEL).suite)
            suite.refresh()
            unpacked = folder / "unpacked"
            suite.unpack([f"linux-source-{CHECKPATCH_KERNEL}"], unpacked, folder / "debs")
            _extract(unpacked / f"usr/src/linux-source-{CHECKPATCH_KERNEL}.tar.xz", folder)
            shutil.rmtree(unpacked)
    return folder / CHECKPATCH[0]


def _extract(archive: Path, folder: Path) -> None:
    top = archive.name.removesuffix(".tar.xz")
    members = [f"{top}/scripts/{name}" for name in CHECKPATCH]
    strip = ["--strip-components=2", "-C", str(folder)]
    if subprocess.run(["tar", "-xJf", str(archive), *strip, *members], check=False).returncode:
        raise GuestError(f"{archive} has no checkpatch")
