# SPDX-License-Identifier: MIT
"""Make the guest's initial RAM disk."""

from __future__ import annotations

import io
import lzma
import shlex
import stat
import subprocess
from pathlib import Path

from guest.errors import GuestError
from guest.kbuild import ModuleTree

# What it takes to reach the host's file system and the ports to the runner.
EARLY_MODULES = ["virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay"]
# What else modprobe looks at, and `cryptodev list`.
_READ_BY_PROGRAMS = ("modules.softdep", "modules.order", "modules.alias")
# Programs of the RAM disk, and those that init.sh prefers to the host's.
EARLY_APPLETS = ["sh", "mkdir", "mount", "insmod", "cp", "switch_root"]
INIT_APPLETS = [
    *("cat", "chmod", "chown", "cp", "cut", "hostname", "ip", "ln", "mkdir", "mkfifo", "mount"),
    *("sed", "sleep", "sync", "tee", "umount", "uname"),
]
BUSYBOX = Path("/bin/busybox")
SCRIPTS = Path(__file__).parent


class _Archive:
    """A cpio archive of the `newc` format, the one the kernel unpacks."""

    def __init__(self) -> None:
        self._out = io.BytesIO()
        self._directories: set[Path] = set()
        self._inode = 0

    def directory(self, path: Path) -> None:
        if path != Path() and path not in self._directories:
            self.directory(path.parent)
            self._directories.add(path)
            self._entry(path, stat.S_IFDIR | 0o755, b"")

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        self.directory(Path(name).parent)
        self._entry(Path(name), stat.S_IFREG | mode, content)

    def link(self, name: str, target: str) -> None:
        self.directory(Path(name).parent)
        self._entry(Path(name), stat.S_IFLNK | 0o777, target.encode())

    def finish(self) -> bytes:
        self._entry(Path("TRAILER!!!"), 0, b"")
        return self._out.getvalue()

    def _entry(self, path: Path, mode: int, content: bytes) -> None:
        name = str(path).encode() + b"\0"
        self._inode += 1
        # inode, mode, uid, gid, links, mtime, size, device (2), special (2), name size, checksum
        fields = [self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0]
        self._out.write(b"070701" + b"".join(b"%08X" % field for field in fields) + name)
        self._pad()
        self._out.write(content)
        self._pad()

    def _pad(self) -> None:
        self._out.write(bytes(-self._out.tell() % 4))


def make_initrd(modules: ModuleTree, settings: dict[str, str]) -> bytes:
    """Pack busybox, the early modules, the guest's scripts and everything about this one run.

    Args:
        modules: the module tree of the guest's kernel; its index and the project's own modules are
            packed, so that a later build does not change them under a running guest.
        settings: shell variables for init.sh.
    """
    if not BUSYBOX.exists():
        raise GuestError("busybox-static is missing: run make deps")
    archive = _Archive()
    archive.file("bin/busybox", BUSYBOX.read_bytes(), 0o755)
    for applet in EARLY_APPLETS:
        archive.link(f"bin/{applet}", "busybox")
    archive.file("guest/bin/busybox", BUSYBOX.read_bytes(), 0o755)
    for applet in INIT_APPLETS:
        archive.link(f"guest/bin/{applet}", "busybox")
    # The kernel gives its first process no PATH that finds these.
    early = modules.resolve(EARLY_MODULES)
    for path in early:
        archive.file(f"early/{path.name}", _plain(path))
    order = "".join(f"/early/{path.name}\n" for path in early)
    archive.file("early/modules", order.encode())
    archive.file("init", (SCRIPTS / "early.sh").read_bytes(), 0o755)
    archive.file("guest/init.sh", (SCRIPTS / "init.sh").read_bytes(), 0o755)
    text = "".join(f"{key}={shlex.quote(value)}\n" for key, value in settings.items())
    archive.file("guest/settings", text.encode("utf-8", "surrogateescape"))
    for path in sorted(modules.path.iterdir()):
        if path.is_symlink():
            archive.link(f"guest/modules/{path.name}", str(path.readlink()))
        elif path.suffix == ".bin" or path.name in _READ_BY_PROGRAMS:
            archive.file(f"guest/modules/{path.name}", path.read_bytes())
    for path in sorted((modules.path / "updates").iterdir()):
        archive.file(f"guest/modules/updates/{path.name}", path.read_bytes())
    return archive.finish()


def _plain(module: Path) -> bytes:
    """A module's content without the compression that busybox would not undo."""
    if module.suffix == ".xz":
        return lzma.decompress(module.read_bytes())
    if module.suffix == ".zst":
        return subprocess.run(
            ["zstd", "-dcq", str(module)], stdout=subprocess.PIPE, check=True
        ).stdout
    return module.read_bytes()
