#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print a file's HMAC with a key of the kernel's keyring, which this program need not read.

Usage: keyring_hmac.py 'hmac(sha256)' SERIAL FILE

SERIAL is what `keyctl padd logon app:mac @u <key` prints.
"""

import sys
from pathlib import Path

from pycryptodev import CryptoDevice


def main() -> None:
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    algorithm, serial, name = sys.argv[1:]
    with CryptoDevice(algorithm, key_serial=int(serial)) as device:
        print(f"{device.digest(Path(name).read_bytes()).hex()}  {name}")


if __name__ == "__main__":
    main()
