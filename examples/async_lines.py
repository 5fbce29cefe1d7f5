#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print the SHA-256 of each line of standard input, hashed by the kernel while the loop goes on."""

import asyncio
import sys

from pycryptodev import AsyncCryptoDevice


async def main() -> None:
    lines = sys.stdin.buffer.read().splitlines()
    async with AsyncCryptoDevice("sha256") as device:
        # The driver gets as many as it takes at the same time; the others wait for room.
        digests = await asyncio.gather(*(device.digest(line) for line in lines))
    for line, digest in zip(lines, digests, strict=True):
        sys.stdout.buffer.write(digest.hex().encode() + b"  " + line + b"\n")


if __name__ == "__main__":
    asyncio.run(main())
