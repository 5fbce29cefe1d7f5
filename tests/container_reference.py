# SPDX-License-Identifier: MIT
"""The container of docs/container.md a second time, written from that page alone.

It shares nothing with the client: the cryptography is that of pyca/cryptography.
"""

from __future__ import annotations

import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

AEADS = {
    "gcm(aes)": AESGCM,
    "ccm(aes)": AESCCM,
    "rfc7539(chacha20,poly1305)": ChaCha20Poly1305,
}


class Refused(Exception):
    """The container does not verify."""


def write(plaintext: bytes, key: bytes, algorithm: str, chunk_bytes: int, salt: bytes) -> bytes:
    """Make a container.

    Args:
        plaintext: any length.
        key: one of the lengths of the algorithm.
        algorithm: one of `AEADS`.
        chunk_bytes: 1 to 65536.
        salt: 32 bytes.
    """
    name = algorithm.encode()
    fields = b"\x89DCRYPT\n" + struct.pack(">HHI", 1, len(name), chunk_bytes) + salt + name
    commitment, file_key, prefix = _derive(key, fields, salt)
    header = fields + commitment
    aead = AEADS[algorithm](file_key)
    starts = range(0, max(len(plaintext), 1), chunk_bytes)
    chunks = [
        aead.encrypt(
            prefix + struct.pack(">IB", index, start == starts[-1]),
            plaintext[start : start + chunk_bytes],
            header,
        )
        for index, start in enumerate(starts)
    ]
    return header + b"".join(chunks)


def read(container: bytes, key: bytes) -> bytes:
    """Verify a container and return its plaintext.

    Raises:
        Refused: something is not as it has to be.
    """
    if container[:8] != b"\x89DCRYPT\n" or len(container) < 48:
        raise Refused("magic")
    version, name_bytes, chunk_bytes = struct.unpack(">HHI", container[8:16])
    name_end = 48 + name_bytes
    algorithm = container[48:name_end].decode()
    if version != 1 or algorithm not in AEADS or not 1 <= chunk_bytes <= 65536:
        raise Refused("header")
    header = container[: name_end + 32]
    commitment, file_key, prefix = _derive(key, header[:name_end], container[16:48])
    if header[name_end:] != commitment:
        raise Refused("commitment")
    aead = AEADS[algorithm](file_key)
    sealed = container[len(header) :]
    starts = range(0, max(len(sealed), 1), chunk_bytes + 16)
    plaintext = b""
    for index, start in enumerate(starts):
        nonce = prefix + struct.pack(">IB", index, start == starts[-1])
        chunk = sealed[start : start + chunk_bytes + 16]
        if len(chunk) < 16 or (len(chunk) == 16 and index):
            raise Refused("length")
        try:
            plaintext += aead.decrypt(nonce, chunk, header)
        except InvalidTag:
            raise Refused(f"chunk {index}") from None
    return plaintext


def _derive(key: bytes, fields: bytes, salt: bytes) -> tuple[bytes, bytes, bytes]:
    length = 32 + len(key) + 7
    material = HKDF(hashes.SHA256(), length, salt, fields).derive(key)
    return material[:32], material[32 : 32 + len(key)], material[32 + len(key) :]
