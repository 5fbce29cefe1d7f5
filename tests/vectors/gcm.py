# SPDX-License-Identifier: MIT
"""GCM from its parts, for the nonces that the kernel's gcm(aes) does not take.

The kernel takes nonces of 12 bytes. A published vector with another nonce is carried by the
parts of which the kernel itself builds GCM: ghash makes the first counter block of the nonce and
the sum of the text, ctr(aes) from that counter block on turns the sum into the tag and the
plaintext into the ciphertext.

Source: NIST SP 800-38D, sections 6 and 7.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_R = 0xE1 << 120


def _pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 16)


def _lengths(assoc: bytes, text: bytes) -> bytes:
    return (8 * len(assoc)).to_bytes(8, "big") + (8 * len(text)).to_bytes(8, "big")


def ghash(key: bytes, data: bytes) -> bytes:
    """GHASH of whole blocks.

    Args:
        key: 16 bytes, the cipher's block of zeros.
        data: a multiple of 16 bytes.

    Returns:
        16 bytes.
    """
    # table[i] is the key times the polynomial x^i, the leftmost bit being x^0.
    table = []
    power = int.from_bytes(key, "big")
    for _ in range(128):
        table.append(power)
        power = (power >> 1) ^ (_R if power & 1 else 0)
    table.reverse()
    total = 0
    for start in range(0, len(data), 16):
        block = total ^ int.from_bytes(data[start : start + 16], "big")
        total = 0
        while block:
            low = block & -block
            total ^= table[low.bit_length() - 1]
            block ^= low
    return total.to_bytes(16, "big")


@dataclass(frozen=True, slots=True)
class Parts:
    """The operations that make up one GCM encryption.

    Args:
        hash_key: key of both ghash operations.
        nonce_text: what ghash turns into the counter block.
        counter: the first counter block, IV of ctr(aes).
        sum_text: what ghash turns into the sum.
        sum: what ctr(aes) turns into the tag, as the block before the plaintext.
        tag: the whole tag of 16 bytes.
        cipher: the ciphertext.
    """

    hash_key: bytes
    nonce_text: bytes
    counter: bytes
    sum_text: bytes
    sum: bytes
    tag: bytes
    cipher: bytes


def wraps(counter: bytes, text_bytes: int) -> bool:
    """Whether GCM's 32-bit counter overflows, where ctr(aes) goes on into the nonce."""
    return int.from_bytes(counter[12:], "big") + -(-text_bytes // 16) >= 1 << 32


def split(key: bytes, nonce: bytes, assoc: bytes, plain: bytes) -> Parts:
    """Compute the operations of an encryption with a nonce that is not of 12 bytes."""
    block_cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    hash_key = block_cipher.update(bytes(16))
    nonce_text = _pad(nonce) + bytes(8) + (8 * len(nonce)).to_bytes(8, "big")
    counter = ghash(hash_key, nonce_text)
    # As GCM counts: only the last 32 bits.
    first = int.from_bytes(counter[12:], "big")
    blocks = b"".join(
        counter[:12] + ((first + i) & 0xFFFFFFFF).to_bytes(4, "big")
        for i in range(1 + -(-len(plain) // 16))
    )
    stream = block_cipher.update(blocks)
    cipher = bytes(a ^ b for a, b in zip(plain, stream[16:], strict=False))
    sum_text = _pad(assoc) + _pad(cipher) + _lengths(assoc, cipher)
    total = ghash(hash_key, sum_text)
    tag = bytes(a ^ b for a, b in zip(total, stream, strict=False))
    return Parts(hash_key, nonce_text, counter, sum_text, total, tag, cipher)
