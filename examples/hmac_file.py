#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print a file's HMAC.

Usage: hmac_file.py 'hmac(sha256)' KEY_FILE FILE
"""

import sys
from pathlib import Path

from pycryptodev import CryptoDevice


def main() -> None:
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    algorithm, key_file, name = sys.argv[1:]
    with CryptoDevice(algorithm, key=Path(key_file).read_bytes()) as device:
        print(f"{device.digest(Path(name).read_bytes()).hex()}  {name}")


if __name__ == "__main__":
    main()
