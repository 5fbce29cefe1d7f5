#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compress a file for `zstd -d`, one frame a block, all blocks in one call.

Usage: compress_file.py INPUT OUTPUT
"""

import sys
from pathlib import Path

from pycryptodev import CryptoDevice, Op, Request

BLOCK = 65536
ROOM = BLOCK + 1024

EMPTY = bytes.fromhex("28b52ffd2000010000")
"""RFC 8878: a frame of nothing, so that an empty file is one of zstd's too."""


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    source, target = sys.argv[1:]
    data = memoryview(Path(source).read_bytes())
    blocks = (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))
    with CryptoDevice("zstd") as device:
        results = device.run(Request(Op.COMPRESS, block, dst_bytes=ROOM) for block in blocks)
    Path(target).write_bytes(EMPTY + b"".join(result.get() for result in results))


if __name__ == "__main__":
    main()
