#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sign a file with RSA, or hold it against a signature (RSASSA-PKCS1-v1_5 with SHA-256).

Usage: sign_file.py sign PRIVATE_KEY FILE SIGNATURE
       sign_file.py verify PUBLIC_KEY FILE SIGNATURE

Keys are PEM or DER.
"""

import sys
from pathlib import Path

from pycryptodev import InvalidSignature, keys


def main() -> None:
    if len(sys.argv) != 5 or sys.argv[1] not in ("sign", "verify"):
        raise SystemExit(__doc__)
    verb, key_file, name, signature_file = sys.argv[1:]
    key, message = Path(key_file).read_bytes(), Path(name).read_bytes()
    if verb == "sign":
        Path(signature_file).write_bytes(keys.signing_key(key).sign(message))
        return
    try:
        keys.verifying_key(key).verify(Path(signature_file).read_bytes(), message)
    except InvalidSignature:
        raise SystemExit(f"the signature is not that of {name}") from None


if __name__ == "__main__":
    main()
