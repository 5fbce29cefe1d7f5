# SPDX-License-Identifier: MIT
"""A clean Debian of any release, as a folder that commands run in.

What they change goes to a layer of its own above the system that was unpacked once. Their mounts
and processes end with them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from guest.apt import Suite
from guest.paths import CACHE, locked
from guest.tools import run

FOLDER = CACHE / "chroots"
# What a mirror may need; and dpkg need not wait for the disk.
INCLUDE = "ca-certificates,eatmydata"

# Runs $1 in the layers, with a fixed environment.
ENTER = """
mount -t overlay overlay -o "$OPTIONS" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount --bind "$ARCHIVES" "$ROOT/var/cache/apt/archives"
if [ "$PACKAGES" ]; then
    mkdir -p "$ROOT/packages"
    mount --bind "$PACKAGES" "$ROOT/packages"
fi
exec chroot "$ROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \\
    DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "$1"
"""


@dataclass(frozen=True)
class Chroot:
    """A system made of layers.

    Args:
        suite: code name of its release.
        folder: for the top layer, which is written to.
        layers: those below it, the uppermost first.
    """

    suite: str
    folder: Path
    layers: tuple[Path, ...]

    @property
    def top(self) -> Path:
        """What has been changed."""
        return self.folder / "top"

    def fork(self, folder: Path) -> Chroot:
        """A system that begins as this one is now; this one must not be used meanwhile."""
        return Chroot(self.suite, folder, (self.top, *self.layers))

    def run(self, script: str, packages: Path | None = None) -> str:
        """Run a script there as root and return what it printed.

        Args:
            script: for bash.
            packages: a folder that it sees as /packages.

        Raises:
            AssertionError: it failed; with all that it said.
        """
        for name in ("top", "work", "root"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        archives = FOLDER / f"{self.suite}.debs"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        lower = ":".join(map(str, self.layers))
        settings = {
            "OPTIONS": f"lowerdir={lower},upperdir={self.top},workdir={self.folder / 'work'}",
            "ROOT": str(self.folder / "root"),
            "ARCHIVES": str(archives),
            "PACKAGES": str(packages or ""),
        }
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        done = subprocess.run(
            [*command, "sh", "-ec", ENTER, "sh", script],
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def apt(self, *words: str, packages: Path | None = None) -> str:
        """Run apt-get there."""
        options = "-q -y -o Dpkg::Use-Pty=0 --no-install-recommends"
        return self.run(f"eatmydata apt-get {options} {' '.join(words)}", packages)


def prepare(suite: str, folder: Path, *, backports: bool) -> Chroot:
    """A fresh system of the release, with the package lists of now.

    Args:
        suite: its code name.
        folder: for what is changed there.
        backports: whether its backports can be installed.
    """
    sources = Suite(suite, backports=backports).sources()
    base = FOLDER / suite
    with locked(FOLDER):
        if not base.exists():
            (mirror,) = (uri for uri, name in sources if name == suite)
            _bootstrap(suite, base, mirror)
    system = Chroot(suite, folder, (base,))
    text = "".join(f"deb {uri} {name} main\n" for uri, name in sources)
    system.run(f"cat >/etc/apt/sources.list <<'END'\n{text}END")
    system.run(f"cat >/etc/resolv.conf <<'END'\n{Path('/etc/resolv.conf').read_text()}END")
    system.apt("update")
    return system


def _bootstrap(suite: str, base: Path, mirror: str) -> None:
    print(f"packages: fetching a minimal {suite} (a minute, once)", file=sys.stderr, flush=True)
    scratch = base.with_name(f"{suite}.new")
    shutil.rmtree(scratch, ignore_errors=True)
    variant = ["--variant=minbase", f"--include={INCLUDE}"]
    run(["debootstrap", *variant, suite, str(scratch), mirror])
    scratch.rename(base)
