#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hash a file a part at a time, each in a process of its own.

Usage: resume_hash.py NAME FILE STATE BYTES

Hashes at most BYTES more of FILE. Where there is more the stream's state is saved in STATE, for the
next call, else STATE is removed and the digest printed, as sha256sum does.
"""

import sys
from pathlib import Path

from pycryptodev import CryptoDevice

OFFSET_BYTES = 8
"""STATE begins with how far it went."""


def main() -> None:
    if len(sys.argv) != 5:
        raise SystemExit(__doc__)
    algorithm, name, state, size = sys.argv[1:]
    progress = Path(state)
    hashed = 0
    with CryptoDevice(algorithm) as device, Path(name).open("rb") as file:
        if progress.exists():
            saved = progress.read_bytes()
            hashed = int.from_bytes(saved[:OFFSET_BYTES], "big")
            # A state that was tampered with is refused.
            digest = device.restore(saved[OFFSET_BYTES:])
        else:
            digest = device.hash()
        file.seek(hashed)
        part = file.read(int(size))
        digest.update(part)
        if file.peek(1):
            at = (hashed + len(part)).to_bytes(OFFSET_BYTES, "big")
            progress.write_bytes(at + digest.save())
        else:
            print(f"{digest.hexdigest()}  {name}")
            progress.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
