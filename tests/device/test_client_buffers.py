# SPDX-License-Identifier: MIT
"""What may be given to the client as a buffer."""

from __future__ import annotations

import ctypes
import hashlib
import mmap
from array import array
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pycryptodev import BadAddress, CryptoDevice

DATA = bytes(range(256)) * 16
IV = bytes(16)


def mapped(access: int) -> mmap.mmap:
    memory = mmap.mmap(-1, len(DATA))
    memory[:] = DATA
    return memory if access == mmap.ACCESS_WRITE else mmap.mmap(-1, len(DATA), access=access)


READABLE: list[Callable[[], Any]] = [
    lambda: DATA,
    lambda: bytearray(DATA),
    lambda: memoryview(DATA),
    lambda: memoryview(bytearray(b"x" + DATA))[1:],
    lambda: array("I", DATA),
    lambda: memoryview(array("d", DATA)),
    lambda: memoryview(DATA).cast("B", (64, 64)),
    lambda: mapped(mmap.ACCESS_WRITE),
    lambda: (ctypes.c_char * len(DATA)).from_buffer_copy(DATA),
]
READABLE_IDS = [
    "bytes", "bytearray", "memoryview", "slice", "array", "array view", "matrix", "mmap", "ctypes",
]  # fmt: skip

WRITABLE: list[Callable[[], Any]] = [
    lambda: bytearray(len(DATA)),
    lambda: memoryview(bytearray(len(DATA))),
    lambda: array("I", bytes(len(DATA))),
    lambda: mapped(mmap.ACCESS_WRITE),
    lambda: (ctypes.c_char * len(DATA))(),
]
WRITABLE_IDS = ["bytearray", "memoryview", "array", "mmap", "ctypes"]


@pytest.fixture
def device() -> Iterator[CryptoDevice]:
    with CryptoDevice("cbc(aes)", key=bytes(16)) as opened:
        yield opened


@pytest.mark.parametrize("make", READABLE, ids=READABLE_IDS)
def test_readable_buffers(device: CryptoDevice, make: Callable[[], Any]) -> None:
    assert device.encrypt(make(), iv=IV) == device.encrypt(DATA, iv=IV)


@pytest.mark.parametrize("make", READABLE, ids=READABLE_IDS)
def test_readable_buffers_as_messages(make: Callable[[], Any]) -> None:
    with CryptoDevice("sha256") as device:
        assert device.digest(make()) == hashlib.sha256(DATA).digest()


@pytest.mark.parametrize("make", WRITABLE, ids=WRITABLE_IDS)
def test_writable_buffers(device: CryptoDevice, make: Callable[[], Any]) -> None:
    out = make()
    assert device.encrypt_into(DATA, out, iv=IV) == len(DATA)
    assert bytes(out) == device.encrypt(DATA, iv=IV)


@pytest.mark.parametrize("make", [bytearray, memoryview, lambda iv: array("B", iv)])
def test_ivs_and_keys_are_buffers_too(make: Callable[[bytes], Any]) -> None:
    with CryptoDevice("cbc(aes)", key=make(bytes(16))) as device:
        assert device.encrypt(bytes(16), iv=make(IV)).hex() == "66e94bd4ef8a2c3b884cfa59ca342b2e"


@pytest.mark.parametrize("make", [lambda: DATA, lambda: memoryview(DATA)], ids=["bytes", "view"])
def test_read_only_destinations_are_refused(device: CryptoDevice, make: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match="out is read-only"):
        device.encrypt_into(DATA, make(), iv=IV)


def test_a_read_only_mapping_is_no_destination(device: CryptoDevice) -> None:
    with pytest.raises(TypeError, match="out is read-only"):
        device.encrypt_into(DATA, mapped(mmap.ACCESS_READ), iv=IV)


def test_views_with_gaps_are_refused(device: CryptoDevice) -> None:
    with pytest.raises(ValueError, match="data is not C-contiguous"):
        device.encrypt(memoryview(DATA)[::2], iv=IV)
    with pytest.raises(ValueError, match="out is not C-contiguous"):
        device.encrypt_into(DATA, memoryview(bytearray(2 * len(DATA)))[::2], iv=IV)
    with pytest.raises(ValueError, match="data is not C-contiguous"):
        device.encrypt(memoryview(DATA)[::-1], iv=IV)

    with pytest.raises(ValueError, match="iv is not C-contiguous"):
        device.encrypt(DATA, iv=memoryview(bytes(32))[::2])


@pytest.mark.parametrize("value", ["text", 16, None, [1, 2]])
def test_what_has_no_buffer_is_refused(device: CryptoDevice, value: Any) -> None:
    with pytest.raises(TypeError, match="iv has no buffer"):
        device.encrypt(DATA, iv=value)
    with pytest.raises(TypeError, match="data has no buffer"):
        device.encrypt(value, iv=IV)
    with pytest.raises(TypeError, match="out has no buffer"):
        device.encrypt_into(DATA, value, iv=IV)


def test_a_buffer_is_free_again_after_the_call(device: CryptoDevice) -> None:
    buffer = bytearray(DATA)
    device.encrypt_into(buffer, buffer, iv=IV)
    buffer += b"x"
    assert len(buffer) == len(DATA) + 1


def test_the_result_is_a_bytes_object_of_its_own(device: CryptoDevice) -> None:
    first = device.encrypt(DATA[:16], iv=IV)
    kept = bytes(bytearray(first))
    device.encrypt(DATA[16:32], iv=IV)
    assert type(first) is bytes
    assert first == kept


def test_a_mapping_behind_the_end_of_its_file(device: CryptoDevice, tmp_path: Any) -> None:
    file = tmp_path / "short"
    file.write_bytes(bytes(8192))
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 8192) as memory:
        opened.truncate(0)
        with pytest.raises(BadAddress):
            device.encrypt(memory, iv=IV)
