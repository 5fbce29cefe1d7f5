# SPDX-License-Identifier: MIT
"""The generators of NIST SP 800-90A, revision 1, section 10, as judges of vectors."""

from __future__ import annotations

import hashlib
import hmac
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


class Generator(Protocol):
    """One of the generators."""

    def reseed(self, seed: bytes) -> None:
        """Take entropy and additional input."""

    def generate(self, length: int, additional: bytes) -> bytes:
        """Give output."""


class HmacDrbg:
    """HMAC_DRBG, section 10.1.2."""

    def __init__(self, hash_name: str, seed: bytes) -> None:
        """Instantiate with entropy, nonce and personalisation string."""
        self.hash = hash_name
        size = hashlib.new(hash_name).digest_size
        self.key, self.value = bytes(size), b"\1" * size
        self._update(seed)

    def _hmac(self, data: bytes) -> bytes:
        return hmac.digest(self.key, data, self.hash)

    def _update(self, data: bytes) -> None:
        for number in (b"\0", b"\1") if data else (b"\0",):
            self.key = self._hmac(self.value + number + data)
            self.value = self._hmac(self.value)

    def reseed(self, seed: bytes) -> None:
        """Take entropy and additional input."""
        self._update(seed)

    def generate(self, length: int, additional: bytes) -> bytes:
        """Give output."""
        if additional:
            self._update(additional)
        output = b""
        while len(output) < length:
            self.value = self._hmac(self.value)
            output += self.value
        self._update(additional)
        return output[:length]


class HashDrbg:
    """Hash_DRBG, section 10.1.1, with hashes of up to 256 bits."""

    SEED_BYTES = 55

    def __init__(self, hash_name: str, seed: bytes) -> None:
        """Instantiate with entropy, nonce and personalisation string."""
        self.hash = hash_name
        self._seed(seed)

    def _digest(self, data: bytes) -> bytes:
        return hashlib.new(self.hash, data).digest()

    def _derive(self, data: bytes) -> bytes:
        output = b""
        while len(output) < self.SEED_BYTES:
            number = bytes([len(output) // len(self._digest(b"")) + 1])
            output += self._digest(number + (8 * self.SEED_BYTES).to_bytes(4, "big") + data)
        return output[: self.SEED_BYTES]

    def _seed(self, data: bytes) -> None:
        self.value = self._derive(data)
        self.constant = self._derive(b"\0" + self.value)
        self.counter = 1

    def _add(self, *terms: bytes) -> None:
        total = sum(int.from_bytes(term, "big") for term in (self.value, *terms))
        self.value = (total % (1 << 8 * self.SEED_BYTES)).to_bytes(self.SEED_BYTES, "big")

    def reseed(self, seed: bytes) -> None:
        """Take entropy and additional input."""
        self._seed(b"\1" + self.value + seed)

    def generate(self, length: int, additional: bytes) -> bytes:
        """Give output."""
        if additional:
            self._add(self._digest(b"\2" + self.value + additional))
        output, data = b"", int.from_bytes(self.value, "big")
        while len(output) < length:
            whole = data % (1 << 8 * self.SEED_BYTES)
            output += self._digest(whole.to_bytes(self.SEED_BYTES, "big"))
            data += 1
        final = self._digest(b"\3" + self.value)
        self._add(final, self.constant, self.counter.to_bytes(8, "big"))
        self.counter += 1
        return output[:length]


class CtrDrbg:
    """CTR_DRBG with AES and derivation function, section 10.2.1."""

    def __init__(self, key_bytes: int, seed: bytes) -> None:
        """Instantiate with entropy, nonce and personalisation string."""
        self.seed_bytes = key_bytes + 16
        self.key, self.value = bytes(key_bytes), bytes(16)
        self._update(self._derive(seed))

    @staticmethod
    def _encrypt(key: bytes, block: bytes) -> bytes:
        return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)

    def _chain(self, key: bytes, data: bytes) -> bytes:
        chain = bytes(16)
        for at in range(0, len(data), 16):
            mixed = bytes(a ^ b for a, b in zip(chain, data[at : at + 16], strict=True))
            chain = self._encrypt(key, mixed)
        return chain

    def _derive(self, data: bytes) -> bytes:
        text = len(data).to_bytes(4, "big") + self.seed_bytes.to_bytes(4, "big") + data + b"\x80"
        text += bytes(-len(text) % 16)
        key, output = bytes(range(len(self.key))), b""
        while len(output) < self.seed_bytes:
            number = (len(output) // 16).to_bytes(4, "big") + bytes(12)
            output += self._chain(key, number + text)
        key, block = output[: len(self.key)], output[len(self.key) : self.seed_bytes]
        output = b""
        while len(output) < self.seed_bytes:
            block = self._encrypt(key, block)
            output += block
        return output[: self.seed_bytes]

    def _stream(self, length: int) -> bytes:
        output = b""
        while len(output) < length:
            counter = (int.from_bytes(self.value, "big") + 1) % (1 << 128)
            self.value = counter.to_bytes(16, "big")
            output += self._encrypt(self.key, self.value)
        return output[:length]

    def _update(self, data: bytes) -> None:
        stream = self._stream(self.seed_bytes)
        mixed = bytes(a ^ b for a, b in zip(stream, data, strict=True))
        self.key, self.value = mixed[:-16], mixed[-16:]

    def reseed(self, seed: bytes) -> None:
        """Take entropy and additional input."""
        self._update(self._derive(seed))

    def generate(self, length: int, additional: bytes) -> bytes:
        """Give output."""
        data = self._derive(additional) if additional else bytes(self.seed_bytes)
        if additional:
            self._update(data)
        output = self._stream(length)
        self._update(data)
        return output


def instantiate(name: str, seed: bytes) -> Generator:
    """A generator by the kernel's name of it."""
    kind = name.split("_", 2)[2]
    if kind.startswith("ctr_aes"):
        return CtrDrbg(int(kind.removeprefix("ctr_aes")) // 8, seed)
    if kind.startswith("hmac_"):
        return HmacDrbg(kind.removeprefix("hmac_"), seed)
    return HashDrbg(kind, seed)
