# SPDX-License-Identifier: MIT
"""What a framing needs of a compressor: single blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..device import CryptoDevice
from ..errors import BufferTooSmall, CorruptInput
from .errors import Damaged, Unsupported

if TYPE_CHECKING:
    from typing_extensions import Buffer

BLOCK_BYTES = 65536
"""Data of a block that is written, unless the format says otherwise.

Half of what a request takes, so that a block that does not compress fits as well.
"""


class Codec(Protocol):
    """Compresses and decompresses blocks."""

    most_bytes: int
    """Most bytes of a block, on either side."""

    def compress(self, data: Buffer) -> bytes | None:
        """Return the block; None if it would be longer than most_bytes."""

    def decompress(self, data: Buffer, most: int) -> bytes:
        """Return the data of a block, at most so many bytes.

        Raises:
            CorruptInput: the block is damaged, or expands to more, where the codec cannot tell.
            BufferTooSmall: it expands to more.
        """


class DeviceCodec:
    """The blocks of a device; see Codec."""

    def __init__(self, device: CryptoDevice, most_bytes: int) -> None:
        self._device = device
        self.most_bytes = most_bytes

    def compress(self, data: Buffer) -> bytes | None:
        """See Codec."""
        try:
            return self._device.compress(data)
        except BufferTooSmall:
            return None

    def decompress(self, data: Buffer, most: int) -> bytes:
        """See Codec."""
        return self._device.decompress(data, most=most)


def expand(codec: Codec, data: Buffer, size: int, what: str) -> bytes:
    """Decompress a block whose size is known.

    Args:
        codec: of the format.
        data: the block.
        size: bytes that it has to expand to, at most codec.most_bytes.
        what: the block, as the user knows it.

    Raises:
        Damaged: it is not such a block.
    """
    try:
        expanded = codec.decompress(data, size)
    except (BufferTooSmall, CorruptInput):
        raise Damaged(f"{what} is damaged") from None
    if len(expanded) != size:
        raise Damaged(f"{what} has {len(expanded)} bytes, and should have {size}")
    return expanded


def too_large(what: str, codec: Codec, program: str) -> Unsupported:
    """Return the error of something that one request does not take."""
    return Unsupported(
        f"{what} is larger than the {codec.most_bytes} bytes that the device takes at once",
        program,
    )
