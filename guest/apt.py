# SPDX-License-Identifier: MIT
"""Fetch packages of any Debian suite without touching the system's own package state.

No mirror is named here: whatever the machine's apt is configured with serves the other suites too.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from guest.errors import GuestError
from guest.paths import CACHE, locked
from guest.tools import run


def host_suite() -> str:
    """The machine's own release, e.g. `bookworm`."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    match = re.search(r"^VERSION_CODENAME=(\w+)$", release, re.MULTILINE)
    return match[1] if match else ""


class Suite:
    """One Debian suite, reached through the mirrors that apt is configured with.

    Args:
        name: the suite's code name.
        backports: whether its backports may be used, too.
    """

    def __init__(self, name: str, *, backports: bool = False) -> None:
        self.name = name
        self.release = f"{name}-backports" if backports else name
        self._options: list[str] = []

    def refresh(self) -> None:
        """Make sure that there are package lists; the host's own serve if it has any."""
        has_lists = run(["apt-cache", "search", "--names-only", "^linux-image-amd64$"])
        if self.release != host_suite() or not has_lists:
            self._options = self._private_configuration()
            run(["apt-get", *self._options, "update"])

    def depends(self, package: str) -> list[tuple[str, str]]:
        """The packages that `package` (`name` or `name=version`) depends on.

        Returns:
            Pairs of name and exact version; the version is empty where any will do.
        """
        shown = run(["apt-cache", *self._options, "show", "--no-all-versions", package])
        match = re.search(r"^Depends: (.*)$", shown, re.MULTILINE)
        pairs = []
        for item in match[1].split(", ") if match else []:
            dependency = re.match(r"(\S+)(?: \(= (\S+)\))?", item)
            if dependency:
                pairs.append((dependency[1], dependency[2] or ""))
        return pairs

    def version(self, package: str) -> str:
        """The newest version of a package."""
        shown = run(["apt-cache", *self._options, "show", "--no-all-versions", package])
        match = re.search(r"^Version: (\S+)$", shown, re.MULTILINE)
        if not match:
            raise GuestError(f"{self.name} has no {package}")
        return match[1]

    def unpack(self, packages: list[str], root: Path, scratch: Path) -> None:
        """Download `packages` into `scratch` and unpack them below `root`."""
        scratch.mkdir(parents=True, exist_ok=True)
        # apt's download user could not write into a private cache folder.
        sandbox = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
        run(["apt-get", *self._options, *sandbox, "download", *packages], cwd=scratch)
        for deb in sorted(scratch.glob("*.deb")):
            run(["dpkg", "-x", str(deb), str(root)])
            deb.unlink()

    def unpack_closure(self, packages: Sequence[str], root: Path, scratch: Path) -> None:
        """Like unpack(), with all that `packages` depend on, as if nothing were installed yet."""
        (scratch / "partial").mkdir(parents=True, exist_ok=True)
        status = scratch / "status"
        status.touch()
        settings = {
            "Dir::State::status": status,
            "Dir::Cache::Archives": scratch,
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
            "Debug::NoLocking": "true",
        }
        options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        run(["apt-get", *self._options, *options, "-qq", "-y", "-d", "install", *packages])
        for deb in sorted(scratch.glob("*.deb")):
            run(["dpkg", "-x", str(deb), str(root)])
        shutil.rmtree(scratch)

    def sources(self) -> list[tuple[str, str]]:
        """Where the suite is, with its updates: address and name, from the host's own sources."""
        host = host_suite()
        form = ("--format", "$(REPO_URI) $(RELEASE)")
        targets = run(["apt-get", "indextargets", *form, "Created-By: Packages"])
        sources = set()
        for line in targets.splitlines():
            uri, release = line.split()
            if release == host or release.startswith(f"{host}-"):
                sources.add((uri, release.replace(host, self.name, 1)))
            if release == host:
                sources.add((uri, self.release))
        if not sources:
            raise GuestError(f"apt has no Debian sources for {host} to derive {self.name} from")
        return sorted(sources)

    def _private_configuration(self) -> list[str]:
        """Options that give apt its own lists, made from the configured sources of the host."""
        state = CACHE / "apt" / self.release
        sources = self.sources()
        with locked(state):
            (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
            (state / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
            text = "".join(f"deb {uri} {release} main\n" for uri, release in sources)
            (state / "sources.list").write_text(text, encoding="utf-8")
        settings: dict[str, object] = {
            "Dir::Etc::SourceList": state / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State::Lists": state / "lists",
            "Dir::Cache": state / "cache",
        }
        if self.release != self.name:
            # Without it apt prefers the suite's own version to the newer one of its backports.
            settings["APT::Default-Release"] = self.release
        return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
