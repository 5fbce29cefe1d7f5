#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Encrypt or decrypt a file of any size with AES-CBC, as `openssl enc -aes-256-cbc -K ... -iv ...`.

Usage: encrypt_file.py enc|dec KEY_FILE IV_IN_HEX INPUT OUTPUT
"""

import sys
from pathlib import Path

from pycryptodev import CryptoDevice

BLOCK = 16
CHUNK = 1 << 20


def encrypt(device: CryptoDevice, iv: bytes, source: Path, target: Path) -> None:
    """Encrypt piece by piece; the last one gets the padding of PKCS #7."""
    with source.open("rb") as plain, target.open("wb") as out:
        chunk = plain.read(CHUNK)
        while len(chunk) == CHUNK:
            text, iv = device.encrypt_chained(chunk, iv=iv)
            out.write(text)
            chunk = plain.read(CHUNK)
        padding = BLOCK - len(chunk) % BLOCK
        out.write(device.encrypt(chunk + bytes([padding]) * padding, iv=iv))


def decrypt(device: CryptoDevice, iv: bytes, source: Path, target: Path) -> None:
    """Decrypt piece by piece and take the padding off the last one."""
    with source.open("rb") as encrypted, target.open("wb") as out:
        text = b""
        while chunk := encrypted.read(CHUNK):
            out.write(text)
            text, iv = device.decrypt_chained(chunk, iv=iv)
        if not text or not 1 <= text[-1] <= BLOCK:
            raise SystemExit("wrong key, or not encrypted like this")
        out.write(text[: -text[-1]])


def main() -> None:
    if len(sys.argv) != 6:
        raise SystemExit(__doc__)
    verb, key_file, iv, source, target = sys.argv[1:]
    work = encrypt if verb == "enc" else decrypt
    with CryptoDevice("cbc(aes)", key=Path(key_file).read_bytes()) as device:
        work(device, bytes.fromhex(iv), Path(source), Path(target))


if __name__ == "__main__":
    main()
