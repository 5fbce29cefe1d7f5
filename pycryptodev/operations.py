# SPDX-License-Identifier: MIT
"""Operations with one input, and an output whose length the driver tells.

Compression, the asymmetric classes, and the saved states of hashes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _structs
from .enums import Op

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from ._context import Context

# Of a request; a block is used again for another operation, so that each is set every time.
_UNUSED = {"src": 0, "src_bytes": 0, "dst": 0, "dst_bytes": 0, "signature": 0, "signature_bytes": 0}


def compressed_bytes(size: int, cap: int) -> int:
    """Return the room in which every codec can compress so many bytes, if it can in a request.

    The worst of them expands eight bytes to less than nine and adds a header of less than 256.
    """
    return min(size + size // 8 + 256, cap)


def produce(context: Context, op: Op, data: Buffer | None, room: int) -> bytes:
    """Run an operation and return its output.

    Args:
        context: a configured context.
        op: the operation.
        data: its input; None if it takes none.
        room: bytes to make room for.
    """
    block = context.take()
    out = block.room(room)
    written = _run(context, block, op, data, _structs.address(out) if room else 0, room)
    output = _structs.content(out, written)
    context.give(block)
    return output


def produce_into(context: Context, op: Op, data: Buffer | None, out: Buffer) -> int:
    """Run an operation and write its output to the caller's buffer; returns the bytes written."""
    target = _structs.writable(out)
    block = context.take()
    written = _run(context, block, op, data, _structs.address(target), len(target))
    context.give(block)
    return written


def verify(context: Context, signature: Buffer, digest: Buffer) -> None:
    """Hold a signature against a digest."""
    held = _structs.readable(signature, "signature")
    text = _structs.readable(digest, "digest")
    block = context.take()
    fields = {
        "op": Op.VERIFY,
        "src": _structs.address(text),
        "src_bytes": len(text),
        "signature": _structs.address(held),
        "signature_bytes": len(held),
    }
    context.execute(block, _UNUSED | fields)
    context.give(block)


def _run(
    context: Context, block: _structs.Block, op: Op, data: Buffer | None, dst: int, room: int
) -> int:
    fields = {"op": op, "dst": dst, "dst_bytes": room}
    held = None
    if data is not None:
        held = _structs.readable(data)
        fields |= {"src": _structs.address(held), "src_bytes": len(held)}
    return context.execute(block, _UNUSED | fields)
