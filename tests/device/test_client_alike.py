# SPDX-License-Identifier: MIT
"""Both devices, the one that is awaited and the one that is not, with the same arguments."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pycryptodev import (
    AsyncCryptoDevice,
    BufferTooSmall,
    CryptoDevice,
    InvalidTag,
    LimitReached,
    driver_info,
)

KEY = bytes(range(16))
IV = bytes(range(50, 66))
NONCE = IV[:12]

CTR: dict[str, Any] = {"name": "ctr(aes)", "key": KEY}
CBC: dict[str, Any] = {"name": "cbc(aes)", "key": KEY}
ECB: dict[str, Any] = {"name": "ecb(aes)", "key": KEY}
GCM: dict[str, Any] = {"name": "gcm(aes)", "key": KEY}
SHA: dict[str, Any] = {"name": "sha256"}

# What is opened, a method, its positional arguments without the output and its others, the length
# of the output, or none, and the error.
WRONG = [
    (CBC, "encrypt", (bytes(16),), {"iv": IV[:15]}, None, ValueError),
    (CBC, "decrypt", (bytes(16),), {"iv": IV + b"x"}, None, ValueError),
    (ECB, "encrypt", (bytes(16),), {"iv": IV}, None, ValueError),
    (CBC, "encrypt", (bytes(16),), {"iv": IV, "assoc": b"x"}, None, ValueError),
    (CTR, "encrypt_chained", (b"text",), {"iv": IV[:15]}, None, ValueError),
    (CTR, "encrypt_into", (b"text",), {"iv": IV[:15]}, 4, ValueError),
    (CTR, "encrypt_into", (b"text",), {"iv": IV}, 3, BufferTooSmall),
    (GCM, "encrypt", (b"text",), {"iv": IV}, None, ValueError),
    (GCM, "encrypt_into", (b"text",), {"iv": NONCE}, 19, BufferTooSmall),
    (GCM, "decrypt_into", (bytes(20),), {"iv": NONCE}, 3, BufferTooSmall),
    (GCM, "decrypt", (bytes(15),), {"iv": NONCE}, None, InvalidTag),
    (SHA, "digest_into", (b"text",), {}, 31, BufferTooSmall),
]


def call(
    kind: type[Any],
    opened: dict[str, Any],
    method: str,
    *arguments: Any,
    cap: int = 0,
    **others: Any,
) -> Any:
    """Call a method of a device of this kind, which remembers this cap, and return its result."""

    def with_cap(device: Any) -> Any:
        if cap:
            device._context.cap = cap
        return getattr(device, method)(*arguments, **others)

    async def awaited() -> Any:
        async with AsyncCryptoDevice(**opened) as device:
            return await asyncio.wait_for(with_cap(device), 60)

    if kind is AsyncCryptoDevice:
        return asyncio.run(awaited())
    with CryptoDevice(**opened) as device:
        return with_cap(device)


both = pytest.mark.parametrize("kind", [CryptoDevice, AsyncCryptoDevice])


@both
@pytest.mark.parametrize(("opened", "method", "arguments", "others", "room", "error"), WRONG)
def test_errors(
    kind: type[Any],
    opened: dict[str, Any],
    method: str,
    arguments: tuple[Any, ...],
    others: dict[str, Any],
    room: int | None,
    error: type[Exception],
) -> None:
    out = bytearray(room or 0)
    buffers = () if room is None else (out,)
    with pytest.raises(error) as caught:
        call(kind, opened, method, *arguments, *buffers, **others)
    if isinstance(caught.value, BufferTooSmall):
        assert caught.value.needed == len(out) + 1
    assert out == bytes(len(out))


@pytest.fixture(scope="module")
def cap() -> int:
    """Most bytes of a request."""
    return driver_info().max_request_bytes


@both
def test_an_aead_says_how_much_a_request_takes(kind: type[Any], cap: int) -> None:
    with pytest.raises(LimitReached, match=f"more than the {cap} of one request"):
        call(kind, GCM, "encrypt", bytes(cap + 1), iv=NONCE)


@both
@pytest.mark.parametrize(
    ("opened", "method", "others", "needed"),
    [(CTR, "encrypt_into", {"iv": IV}, None), (SHA, "digest_into", {}, 32)],
)
def test_room_for_what_goes_in_pieces(
    kind: type[Any],
    cap: int,
    opened: dict[str, Any],
    method: str,
    others: dict[str, Any],
    needed: int | None,
) -> None:
    """It is looked at before anything is written."""
    size = cap + 100
    out = bytearray((needed or size) - 1)
    with pytest.raises(BufferTooSmall) as caught:
        call(kind, opened, method, bytes(size), out, **others)
    assert caught.value.needed == (needed or size)
    assert out == bytes(len(out))


@both
@pytest.mark.parametrize("method", ["encrypt_into", "decrypt_into"])
def test_outputs_that_are_read_only(kind: type[Any], method: str) -> None:
    with pytest.raises(TypeError, match="out is read-only"):
        call(kind, CTR, method, b"text", b"text", iv=IV)


@both
@pytest.mark.parametrize("others", [{"iv": b"x"}, {"assoc": b"x"}])
@pytest.mark.requires("pkcs1pad(rsa)")
def test_asymmetric_ciphers_take_no_iv(kind: type[Any], others: dict[str, Any]) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    opened = {"name": "pkcs1pad(rsa)", "key": private, "private": True}
    with pytest.raises(ValueError, match="takes no IV"):
        call(kind, opened, "encrypt", b"text", **others)


@both
@pytest.mark.parametrize("most", [1 << 32, 1 << 70])
@pytest.mark.requires("deflate")
def test_a_block_may_expand_to_more_than_it_can(kind: type[Any], most: int) -> None:
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(b"text") + packer.flush()
    assert call(kind, {"name": "deflate"}, "decompress", packed, most=most) == b"text"


@both
@pytest.mark.requires("deflate")
def test_a_block_expands_to_nothing_negative(kind: type[Any]) -> None:
    with pytest.raises(ValueError, match="most is negative"):
        call(kind, {"name": "deflate"}, "decompress", b"text", most=-1)


@both
def test_what_a_request_no_longer_takes_goes_in_pieces(kind: type[Any], cap: int) -> None:
    """The device was opened when requests took more."""
    text = bytes(range(256)) * (cap // 256 + 1)
    with CryptoDevice(**CTR) as device:
        expected = device.encrypt(text, iv=IV)
    with CryptoDevice("sha256") as sha:
        digest = sha.digest(text)
    more = {"cap": 4 * cap}
    assert call(kind, CTR, "encrypt", text, iv=IV, **more) == expected
    out = bytearray(text)
    assert call(kind, CTR, "encrypt_into", out, out, iv=IV, **more) == len(text)
    assert out == expected
    assert call(kind, CTR, "encrypt_chained", text, iv=IV, **more)[0] == expected
    assert call(kind, SHA, "digest", text, **more) == digest
