#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print the digests of files or of standard input, as sha256sum does.

Usage: hash_file.py NAME [FILE...]
"""

import sys
from pathlib import Path
from typing import BinaryIO

import pycryptodev

CHUNK = 1 << 18


def hash_file(algorithm: str, file: BinaryIO, name: str) -> None:
    """The object works as those of hashlib do."""
    digest = pycryptodev.new(algorithm)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    print(f"{digest.hexdigest()}  {name}")


def main() -> None:
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    algorithm, names = sys.argv[1], sys.argv[2:]
    if not names:
        hash_file(algorithm, sys.stdin.buffer, "-")
    for name in names:
        with Path(name).open("rb") as file:
            hash_file(algorithm, file, name)


if __name__ == "__main__":
    main()
