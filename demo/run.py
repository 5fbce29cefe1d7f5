# SPDX-License-Identifier: MIT
"""The main job: real files of this machine through the kernel's crypto API, in a guest.

Builds the C program, takes a kernel image, two libraries and a text tree of this machine, boots a
guest and runs demo.py in it, which prints what was done and what OpenSSL and coreutils say of it.
Ends with the exit status of that, or of the guest if it died.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

from guest import kernels
from guest.errors import GuestError

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build/demo"

LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
# An AEAD message goes in one request, so the libraries are no larger than the driver's cap.
LIBRARY_BYTES = 12 << 20

# Text that is on every machine that can build the project; packed until there is enough.
TEXTS = (Path("/usr/share/perl"), Path("/usr/lib/python3.11"), Path("/usr/share/doc"))
TEXT_BYTES = 24 << 20

TIMEOUT_S = 600


def say(text: str) -> None:
    """Print a line of progress at once."""
    print(f"demo: {text}", flush=True)


def kernel_image(name: str) -> Path:
    """Copy the image of the guest's kernel to where the guest's users can read it."""
    tree = kernels.prepare(kernels.find(name))
    release = tree.release
    images = (f"boot/vmlinuz-{release}", f"usr/lib/modules/{release}/vmlinuz")
    found = next(tree.root / image for image in images if (tree.root / image).exists())
    return Path(shutil.copy(found, BUILD / "vmlinuz"))


def largest_libraries(count: int) -> list[Path]:
    """The largest shared libraries of this machine that are not too large."""
    files = [path for path in LIBRARIES.glob("*.so*") if path.is_file() and not path.is_symlink()]
    files = [path for path in files if path.stat().st_size <= LIBRARY_BYTES]
    return sorted(files, key=lambda path: path.stat().st_size)[-count:]


def pack_texts() -> Path:
    """Pack text files of this machine into one archive."""
    archive = BUILD / "texts.tar"
    size = 0
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(path for tree in TEXTS for path in tree.rglob("*")):
            if size >= TEXT_BYTES:
                break
            if path.is_file() and not path.is_symlink() and path.suffix not in (".pyc", ".gz"):
                tar.add(path)
                size += path.stat().st_size
    return archive


def main() -> int:
    """Run the main job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", default=kernels.KERNELS[0].name, help="as KERNEL= of make")
    arguments = parser.parse_args()
    begin = time.monotonic()
    say("building the C program")
    subprocess.run(["make", "-s", "-C", PROJECT / "demo"], check=True)
    say("choosing and packing files of this machine")
    try:
        files = [kernel_image(arguments.kernel), *largest_libraries(2), pack_texts()]
    except GuestError as error:
        say(str(error))
        return 2
    for path in files:
        say(f"  {path.stat().st_size / (1 << 20):5.1f} MiB  {path}")
    say("booting a guest")
    inner = shlex.join(["python", "-m", "demo.demo", "build/demo/demo", *map(str, files)])
    command = ["/usr/bin/python3", "-B", "-m", "guest", "run", "--kernel", arguments.kernel]
    command += ["--as", "member", "--timeout", str(TIMEOUT_S), inner]
    status = subprocess.run(command, cwd=PROJECT, stdin=subprocess.DEVNULL, check=False).returncode
    say(f"{'done' if status == 0 else 'FAILED'} after {time.monotonic() - begin:.0f} s in all")
    return status


if __name__ == "__main__":
    sys.exit(main())
