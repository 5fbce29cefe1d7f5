#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print the SHA-256 of each line of standard input; many lines go to the kernel in one call."""

import sys

from pycryptodev import CryptoDevice, Op, Request


def main() -> None:
    lines = sys.stdin.buffer.read().splitlines()
    with CryptoDevice("sha256") as device:
        results = device.run(Request(Op.DIGEST, line) for line in lines)
    for line, result in zip(lines, results, strict=True):
        # Every request has a result of its own; get() raises if it failed.
        sys.stdout.buffer.write(result.get().hex().encode() + b"  " + line + b"\n")


if __name__ == "__main__":
    main()
