#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Agree on a secret: one's own public key, or what it has in common with somebody else's.

Usage: derive.py NAME PRIVATE >PUBLIC
       derive.py NAME PRIVATE PEER >SECRET

NAME is "ecdh-nist-p256", "ffdhe3072(dh)", "curve25519" or the like; the files hold plain bytes.
What comes of it goes through a key derivation function before it is a key.
"""

import sys
from pathlib import Path

from pycryptodev import AlgClass, CryptoDevice


def main() -> None:
    if not 3 <= len(sys.argv) <= 4:
        raise SystemExit(__doc__)
    name, private, *peer = sys.argv[1:]
    with CryptoDevice(name, alg_class=AlgClass.KPP, key=Path(private).read_bytes()) as device:
        if peer:
            sys.stdout.buffer.write(device.shared_secret(Path(peer[0]).read_bytes()))
        else:
            sys.stdout.buffer.write(device.public_key())


if __name__ == "__main__":
    main()
