# SPDX-License-Identifier: MIT
"""Build a kernel from Debian's sources and the project's config fragments.

What comes out lies below one folder in the same places as the packages of a kernel of Debian's.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from guest.apt import Suite, host_suite
from guest.errors import GuestError
from guest.tools import run

FRAGMENTS = Path(__file__).parent / "configs"
# What a module is built against, in the folder the kernel was built in.
FOR_MODULES = (
    *("Makefile", ".config", "Module.symvers", "include", "scripts", "tools/objtool/objtool"),
    *("arch/x86/Makefile", "arch/x86/include", "arch/x86/entry/syscalls"),
)
# What the tree has besides, of files that only a build of the kernel itself reads.
NOT_FOR_MODULES = ("*.o", "*.cmd", "*.a")


@dataclass(frozen=True)
class Recipe:
    """All that makes one kernel built this way another than the next.

    Args:
        package: Debian's package with the sources, its name.
        version: its version.
        config: the fragments, one behind the other.
    """

    package: str
    version: str
    config: str

    @property
    def digest(self) -> str:
        """Names this kernel and no other."""
        text = f"{self.package} {self.version}\n{self.config}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def recipe(package: str, version: str, fragments: Sequence[str]) -> Recipe:
    """The recipe of a version of the sources with these of the project's fragments."""
    config = "".join(
        (FRAGMENTS / f"{name}.config").read_text(encoding="ascii") for name in fragments
    )
    return Recipe(package, version, config)


def unheeded(wanted: str, config: str) -> list[str]:
    """Lines of the fragments that the kernel's own rules have overruled."""
    lines = [line for line in wanted.splitlines() if re.match(r"CONFIG_|# CONFIG_\w+ is not", line)]
    chosen = set(config.splitlines())
    # An option whose conditions are not met is not mentioned at all, which is as good as off.
    return [
        line
        for line in lines
        if line not in chosen and not (line.startswith("#") and f"{line.split()[1]}=" not in config)
    ]


def build(what: Recipe, suite: Suite, root: Path, scratch: Path) -> str:
    """Build a kernel.

    Args:
        what: the recipe.
        suite: where the sources are.
        root: folder for what a guest needs.
        scratch: folder for everything else; it is emptied before and removed behind.

    Returns:
        the kernel's release.
    """
    if suite.name != host_suite():
        raise GuestError(f"a kernel of {suite.name} is built on {suite.name} only")
    begin = time.monotonic()
    shutil.rmtree(scratch, ignore_errors=True)
    _say(f"fetching {what.package} {what.version} (140 MB, once)")
    suite.unpack([f"{what.package}={what.version}"], scratch, scratch / "debs")
    archive = scratch / f"usr/src/{what.package}.tar.xz"
    run(["tar", "-xJf", str(archive), "-C", str(scratch)])
    source = scratch / what.package
    _configure(what, source)
    _say("building it (10 minutes on two processors, once)")
    _make(source, "bzImage", "modules")
    release = run(["make", "-s", "kernelrelease"], cwd=source).strip()
    _collect(source, root, release)
    shutil.rmtree(scratch)
    _say(f"built kernel {release} in {time.monotonic() - begin:.0f} s")
    return release


def _say(text: str) -> None:
    print(f"guest: {text}", file=sys.stderr, flush=True)


def _configure(what: Recipe, source: Path) -> None:
    """Turn on what the fragments name and nothing else; that a word was not heeded is an error."""
    (source / "fragments").write_text(what.config, encoding="ascii")
    _make(source, "KCONFIG_ALLCONFIG=fragments", "allnoconfig")
    config = (source / ".config").read_text(encoding="utf-8")
    if lines := unheeded(what.config, config):
        raise GuestError("the kernel does not take these options: " + ", ".join(lines))


def _make(source: Path, *targets: str) -> None:
    """Call the kernel's make; what it says is shown only if it fails."""
    log = source / "make.log"
    # No trace of the machine in the kernel.
    words = ["KBUILD_BUILD_USER=guest", "KBUILD_BUILD_HOST=guest", "DEPMOD=true"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            ["make", "-s", f"-j{os.cpu_count()}", *words, *targets],
            cwd=source,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
        )
    if done.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
        raise GuestError("the kernel does not build:\n" + "\n".join(tail))


def _collect(source: Path, root: Path, release: str) -> None:
    """Put image, modules and what modules are built against where Debian's packages have them."""
    _make(source, f"INSTALL_MOD_PATH={root}", "modules_install")
    for link in ("build", "source"):
        (root / "lib/modules" / release / link).unlink(missing_ok=True)
    # Of the kernels here, one with KASAN cannot be started without its own boot code: what stands
    # in for that is instrumented, and runs ahead of the memory that the instrumentation needs.
    shutil.copy(source / "arch/x86/boot/bzImage", root / "bzImage")
    headers = root / "usr/src" / f"linux-headers-{release}"
    for name in FOR_MODULES:
        target = headers / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            ignored = shutil.ignore_patterns(*NOT_FOR_MODULES)
            shutil.copytree(source / name, target, symlinks=True, ignore=ignored)
        else:
            shutil.copy(source / name, target)
