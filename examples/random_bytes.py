#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write random bytes of the kernel's default generator to standard output.

Usage: random_bytes.py COUNT
"""

import sys

from pycryptodev import CryptoDevice, default_generator


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    with CryptoDevice(default_generator()) as device:
        sys.stdout.buffer.write(device.random(int(sys.argv[1])))


if __name__ == "__main__":
    main()
