#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Encrypt or decrypt a file with AES-CTR, as `openssl enc -aes-256-ctr -K … -iv …` does.

Many requests at the same time by io_uring, in place in a registered buffer and without a copy.
"""

import mmap
import sys
from pathlib import Path

from pycryptodev import CryptoDevError, CryptoDevice, Op, Request
from pycryptodev.uring import Ring, UringMissing

BLOCK = 16
CHUNK = 64 << 10
DEPTH = 32


def crypt(op: Op, key: bytes, iv: bytes, source: Path, target: Path) -> None:
    counter = int.from_bytes(iv, "big")
    # Pages of its own, which stay where they are.
    buffer = mmap.mmap(-1, DEPTH * CHUNK)
    with (
        CryptoDevice("ctr(aes)", key=key) as device,
        Ring(device, depth=DEPTH, buffer=buffer) as ring,
        source.open("rb") as read,
        target.open("wb") as write,
    ):
        view = memoryview(buffer)
        while size := read.readinto(view):
            requests = []
            for at in range(0, size, CHUNK):
                chunk = view[at : min(at + CHUNK, size)]
                now = (counter + at // BLOCK) % (1 << 128)
                requests.append(Request(op, chunk, chunk, iv=now.to_bytes(BLOCK, "big")))
            for result in ring.run(requests):
                result.get()
            write.write(view[:size])
            counter += size // BLOCK


def main(arguments: list[str]) -> None:
    if len(arguments) != 5 or arguments[0] not in ("enc", "dec"):
        sys.exit("usage: uring_file.py enc|dec KEY_FILE IV_IN_HEX INPUT OUTPUT")
    op = Op.ENCRYPT if arguments[0] == "enc" else Op.DECRYPT
    try:
        key, iv = Path(arguments[1]).read_bytes(), bytes.fromhex(arguments[2])
        crypt(op, key, iv, Path(arguments[3]), Path(arguments[4]))
    except (CryptoDevError, UringMissing) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
