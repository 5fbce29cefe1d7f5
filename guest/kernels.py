# SPDX-License-Identifier: MIT
"""The kernels the project supports, and their files in the cache."""

from __future__ import annotations

import lzma
import re
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from guest import source
from guest.apt import Suite
from guest.errors import GuestError
from guest.paths import CACHE, locked


@dataclass(frozen=True)
class Kernel:
    """A kernel to test on: how `KERNEL=` names it and where Debian has it."""

    name: str
    """The value of `KERNEL=`."""
    suite: str
    """Code name of the Debian suite."""
    backports: bool = False
    """Whether it comes from the suite's backports."""
    flavour: str = "amd64"
    """Debian's flavour, the end of its package names."""
    fragments: tuple[str, ...] = ()
    """Config fragments that the project builds it with; none = Debian has built it."""
    options: tuple[str, ...] = ()
    """Words for its command line."""
    memory: int = 2048
    """What a guest with it needs, in MiB."""

    @property
    def finds_faults(self) -> bool:
        """Whether it was built to report what is wrong, and to go on then."""
        return bool(self.fragments)

    @property
    def has_trusted_keys(self) -> bool:
        """Whether it has keys of type "trusted", and so a TPM; no kernel of Debian's has."""
        return bool(self.fragments)


# The one list of supported kernels, as Debian builds them.
KERNELS = (
    Kernel("6.1", "bookworm"),
    Kernel("rt", "bookworm", flavour="rt-amd64"),
    Kernel("6.12", "trixie"),
    Kernel("7", "trixie", backports=True),
)

# Of algorithms that Debian's kernel has tested: with KASAN it takes minutes.
NO_SELF_TESTS = "cryptomgr.notests"

# Built by the project, to find mistakes.
DEBUG_KERNELS = (
    Kernel(
        "debug",
        "bookworm",
        fragments=("machine", "crypto", "debug"),
        # Every report of KASAN, not just the first; pages are poisoned if asked for only.
        options=("kasan_multi_shot", "page_poison=1", NO_SELF_TESTS),
        memory=2560,
    ),
    Kernel(
        "kcsan",
        "bookworm",
        fragments=("machine", "crypto", "kcsan"),
        options=(NO_SELF_TESTS,),
    ),
)
ALL_KERNELS = (*KERNELS, *DEBUG_KERNELS)

# The sources of the debug kernels.
SOURCES = "linux-source-6.1"

# The packages that make up a kernel; their other dependencies are tools the host has.
PARTS = (
    "linux-image-",
    "linux-binary-",
    "linux-modules-",
    "linux-headers-",
    "linux-kbuild-",
    "linux-base-",
)


@dataclass(frozen=True)
class KernelTree:
    """A kernel's packages, unpacked below one private folder."""

    kernel: Kernel
    root: Path

    @property
    def release(self) -> str:
        """What `uname -r` says in the guest."""
        return (self.root / "release").read_text(encoding="ascii").strip()

    @property
    def image(self) -> Path:
        """What QEMU starts."""
        compressed = self.root / "bzImage"
        return compressed if compressed.exists() else self.root / "vmlinux"

    @property
    def modules(self) -> Path:
        """The kernel's own module tree."""
        return self._below("lib/modules", self.release)

    @property
    def headers(self) -> Path:
        """What an external module is built against."""
        return self.root / "usr/src" / f"linux-headers-{self.release}"

    def _below(self, directory: str, name: str) -> Path:
        merged = self.root / "usr" / directory / name
        return merged if merged.is_dir() else self.root / directory / name


def find(name: str) -> Kernel:
    """The kernel of that name."""
    for kernel in ALL_KERNELS:
        if kernel.name == name:
            return kernel
    raise GuestError(f"no kernel {name}: have {', '.join(kernel.name for kernel in ALL_KERNELS)}")


def prepare(kernel: Kernel) -> KernelTree:
    """Return the kernel's tree; fetch or build it first if the cache does not have it."""
    if kernel.fragments:
        return _prepare_built(kernel)
    root = CACHE / "kernels" / kernel.name
    tree = KernelTree(kernel, root)
    with locked(root.parent):
        if not (root / "release").exists():
            scratch = root.with_name(f"{kernel.name}.new")
            shutil.rmtree(scratch, ignore_errors=True)
            _fetch(kernel, scratch, root)
            shutil.rmtree(root, ignore_errors=True)
            scratch.rename(root)
    return tree


def _prepare_built(kernel: Kernel) -> KernelTree:
    """The same for a kernel that the project builds: there is one tree for each recipe."""
    suite = Suite(kernel.suite)
    suite.refresh()
    recipe = source.recipe(SOURCES, suite.version(SOURCES), kernel.fragments)
    root = CACHE / "kernels" / f"{kernel.name}-{recipe.digest}"
    # Not the lock of the others, who would wait for minutes.
    work = CACHE / "sources" / kernel.name
    with locked(work):
        if not root.exists():
            scratch = work / "new"
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            release = source.build(recipe, suite, scratch, work / "scratch")
            (scratch / "release").write_text(release + "\n", encoding="ascii")
            root.parent.mkdir(exist_ok=True)
            scratch.rename(root)
    return KernelTree(kernel, root)


def _fetch(kernel: Kernel, scratch: Path, root: Path) -> None:
    """Unpack image, modules and headers of one and the same version into `scratch`."""
    suite = Suite(kernel.suite, backports=kernel.backports)
    suite.refresh()
    packages = _resolve(suite, kernel)
    release = _release(packages)
    print(f"guest: fetching kernel {release} (100 MB, once)", file=sys.stderr, flush=True)
    suite.unpack(packages, scratch, scratch / "debs")
    tree = KernelTree(kernel, scratch)
    (scratch / "release").write_text(release + "\n", encoding="ascii")
    image = scratch / "boot" / f"vmlinuz-{release}"
    if not image.exists():
        image = tree.modules / "vmlinuz"
    tree.image.write_bytes(_uncompress(image.read_bytes()))
    makefile = tree.headers / "Makefile"
    text = makefile.read_text(encoding="utf-8")
    # It names the folders of an installed package.
    makefile.write_text(re.sub(r"(?<=[ =])/usr/", f"{root}/usr/", text), encoding="utf-8")


def _resolve(suite: Suite, kernel: Kernel) -> list[str]:
    """The packages to unpack, each as `name=version` where the version matters.

    Headers and image are followed from their two metapackages; they are of one source package, and
    one snapshot of the lists names one version of it.
    """
    todo = [f"linux-image-{kernel.flavour}", f"linux-headers-{kernel.flavour}"]
    found: dict[str, str] = {}
    while todo:
        for name, version in suite.depends(todo.pop()):
            if name.startswith(PARTS) and name not in found:
                found[name] = f"{name}={version}" if version else name
                todo.append(found[name])
    return sorted(found.values())


def _release(packages: list[str]) -> str:
    for package in packages:
        name = package.partition("=")[0]
        if name.startswith("linux-image-"):
            return name.removeprefix("linux-image-")
    raise GuestError("the suite has no kernel image")


def _uncompress(image: bytes) -> bytes:
    """The ELF file inside a bzImage, which QEMU starts without a boot loader.

    The decompressor inside takes longer under emulation than the rest of the boot.
    Offsets: Documentation/arch/x86/boot.rst.
    """
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    payload = image[start : start + length]
    if payload.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        # Behind the frame stand four bytes with its size, which zstd takes for garbage.
        return subprocess.run(
            ["zstd", "-dcq"], input=payload[:-4], stdout=subprocess.PIPE, check=True
        ).stdout
    raise GuestError("the kernel image is compressed in a way that is not known here")
