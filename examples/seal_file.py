#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seal a file with AES-GCM, or open it: magic number, nonce, ciphertext, tag.

Usage: seal_file.py seal|open KEY_FILE INPUT OUTPUT
"""

import os
import sys
from pathlib import Path

from pycryptodev import CryptoDevice, InvalidTag

MAGIC = b"sealed 1"
"""The associated data."""

NONCE = 12


def main() -> None:
    if len(sys.argv) != 5 or sys.argv[1] not in ("seal", "open"):
        raise SystemExit(__doc__)
    verb, key_file, source, target = sys.argv[1:]
    data = Path(source).read_bytes()
    with CryptoDevice("gcm(aes)", key=Path(key_file).read_bytes()) as device:
        if verb == "seal":
            nonce = os.urandom(NONCE)
            result = MAGIC + nonce + device.encrypt(data, iv=nonce, assoc=MAGIC)
        else:
            magic, rest = data[: len(MAGIC)], memoryview(data)[len(MAGIC) :]
            try:
                result = device.decrypt(rest[NONCE:], iv=rest[:NONCE], assoc=magic)
            except InvalidTag:
                raise SystemExit("forged, damaged, or sealed with another key") from None
    Path(target).write_bytes(result)


if __name__ == "__main__":
    main()
