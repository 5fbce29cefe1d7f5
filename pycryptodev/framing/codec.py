# SPDX-License-Identifier: MIT
"""What a framing needs of a compressor: single blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from ..device import CryptoDevice
from ..enums import Op
from ..errors import BufferTooSmall, CorruptInput
from ..pieces import Source, pieces
from ..queue import Queue
from ..requests import Request
from .errors import Damaged, Unsupported

if TYPE_CHECKING:
    from typing_extensions import Buffer

BLOCK_BYTES = 65536
"""Data of a block that is written, unless the format says otherwise.

Half of what a request takes, so that a block that does not compress fits as well.
"""


_BLOCKS_AT_ONCE = 16


class Codec(Protocol):
    """Compresses and decompresses blocks."""

    most_bytes: int
    """Most bytes of a block, on either side."""

    def compress(self, blocks: Sequence[Buffer]) -> list[bytes | None]:
        """Return each block; None in the place of one that would be longer than most_bytes."""

    def decompress(self, data: Buffer, most: int) -> bytes:
        """Return the data of a block, at most so many bytes.

        Raises:
            CorruptInput: the block is damaged, or expands to more, where the codec cannot tell.
            BufferTooSmall: it expands to more.
        """


class DeviceCodec:
    """The blocks of a device, and of a queue for those that can be done side by side; see Codec."""

    def __init__(self, device: CryptoDevice, queue: Queue, most_bytes: int) -> None:
        self._device = device
        self._queue = queue
        self.most_bytes = most_bytes

    def compress(self, blocks: Sequence[Buffer]) -> list[bytes | None]:
        """See Codec."""
        results = self._queue.run(Request(Op.COMPRESS, block) for block in blocks)
        return [
            None if isinstance(result.error, BufferTooSmall) else result.get() for result in results
        ]

    def decompress(self, data: Buffer, most: int) -> bytes:
        """See Codec."""
        return self._device.decompress(data, most=most)


def compressed(
    source: Source, codec: Codec, block_bytes: int = BLOCK_BYTES
) -> Iterator[tuple[memoryview, bytes | None]]:
    """Compress a stream block by block.

    Yields:
        the data of each block, valid until the next one is taken, and what codec.compress() makes
        of them. Of an empty stream nothing.
    """
    for piece in pieces(source, block_bytes, _BLOCKS_AT_ONCE):
        blocks = [
            piece.data[start : start + block_bytes]
            for start in range(0, len(piece.data), block_bytes)
        ]
        yield from zip(blocks, codec.compress(blocks), strict=True)


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
