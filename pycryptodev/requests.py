# SPDX-License-Identifier: MIT
"""Batches: many requests, one system call."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from . import _ioctl, _structs
from ._abi import lib
from .enums import AlgClass, Op
from .errors import CryptoDevError, from_errno
from .operations import compressed_bytes

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from ._context import Context

__all__ = ["Request", "Result"]

Buffers: TypeAlias = "Buffer | Sequence[Buffer]"


@dataclass(frozen=True, slots=True)
class Request:
    """One operation of a batch.

    Buffers are any C-contiguous objects with a buffer. They have to stay as they are until the
    batch has been run; they cannot be resized meanwhile. Source and destination may be the same
    object or overlap.
    """

    op: Op
    """The operation; one of those of the device's class."""
    src: Buffers = field(default=b"", repr=False)
    """The input: one buffer, or a list or tuple of buffers that are read one after the other."""
    dst: Buffers | None = field(default=None, repr=False)
    """Where the output goes, written without a copy: one writable buffer, or a list or tuple of
    them that are filled one after the other. None = the output is in Result.data."""
    iv: Buffer = b""
    """The IV, exactly info.iv_bytes bytes."""
    assoc: Buffer = b""
    """AEAD: associated data."""
    tag: Buffer | None = None
    """AEAD: the tag apart from the text, info.tag_bytes bytes: written by encryption, read by
    decryption. None = the tag stands behind the ciphertext in src or dst, which then have to be
    single buffers."""
    signature: Buffer = b""
    """VERIFY: the signature."""
    entropy: Buffer = field(default=b"", repr=False)
    """RNG with the caller's entropy: that of this request."""
    dst_bytes: int | None = None
    """Bytes of output to make room for where dst is None; None = as many as the operation has by
    its nature: those of the source, of the digest, of the key. GENERATE needs it."""
    iv_out: bool = False
    """Ask for the IV with which the message goes on, see Result.iv."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a request."""

    error: CryptoDevError | None
    """Why it failed; None if it did not."""
    written: int
    """Bytes of output, an appended tag included; 0 if the request failed."""
    data: bytes | None = field(repr=False)
    """The output if the request named no destination and did not fail."""
    iv: bytes | None
    """The IV with which the message goes on, if it was asked for and the request did not fail."""
    zero_copy: bool = False
    """The driver did not copy the text; False of a request that failed."""

    def get(self) -> bytes:
        """Return the output.

        Returns:
            The data; empty if the output went to the request's own destination.

        Raises:
            CryptoDevError: the request failed.
        """
        if self.error is not None:
            raise self.error
        return self.data or b""


class Prepared:
    """A request in the terms of the header, and all that has to stay in place while it runs.

    Attributes:
        fields: the fields of struct devcrypto_request that are not zero.
    """

    __slots__ = ("_alg_class", "_held", "_iv", "_output", "_tag_in_output", "fields")

    def __init__(self, request: Request, context: Context) -> None:
        algorithm = context.algorithm
        self._alg_class = algorithm.alg_class
        behind = algorithm.tag_bytes if request.tag is None else 0
        encrypting = request.op == Op.ENCRYPT
        self._held: list[object] = []
        self._output: Any = None
        self._iv: Any = None
        self._tag_in_output = behind if encrypting else 0
        self.fields: dict[str, int] = {"op": request.op}

        text = self._put_src(request.src, 0 if encrypting else behind)
        self.fields["flags"] = context.permission(self.fields["src_bytes"])
        self._put_dst(request, context, text)
        if request.tag is not None:
            hold = _structs.writable if encrypting else _structs.readable
            tag = self._hold(hold(request.tag, "tag"))
            self.fields |= {"tag": _structs.address(tag), "tag_bytes": len(tag)}
        iv = self._hold(_structs.readable(request.iv, "iv"))
        if request.iv_out:
            iv = self._iv = _structs.copy(_structs.address(iv), len(iv))
            self.fields["flags"] |= lib.DEVCRYPTO_REQUEST_IV_OUT
        assoc = self._hold(_structs.readable(request.assoc, "assoc"))
        self.fields |= {
            "iv": _structs.start(iv),
            "iv_bytes": len(iv),
            "assoc": _structs.start(assoc),
            "assoc_bytes": len(assoc),
        }
        # These share their place with the tag and the associated data.
        if request.signature != b"":
            self._put("signature", request.signature)
        if request.entropy != b"":
            self._put("entropy", request.entropy)
        lengths = (value for name, value in self.fields.items() if name.endswith("_bytes"))
        if max(lengths) > _structs.MOST_BYTES:
            raise _structs.too_long()

    def _hold(self, held: Any) -> Any:
        self._held.append(held)
        return held

    def _put(self, name: str, buffer: Buffer) -> None:
        held = self._hold(_structs.readable(buffer, name))
        self.fields |= {name: _structs.address(held), f"{name}_bytes": len(held)}

    def _put_pieces(self, side: str, pieces: list[Any], tag_behind: int) -> int:
        if tag_behind:
            raise ValueError(f"with {side} in pieces the tag has to be a buffer of its own")
        array = self._hold(_structs.segments(pieces))
        self._held.extend(pieces)
        size = sum(map(len, pieces))
        self.fields |= {
            side: _structs.start(array),
            f"{side}_bytes": size,
            f"{side}_segments": len(pieces),
        }
        return size

    def _put_src(self, src: Buffers, tag_behind: int) -> int:
        if isinstance(src, (list, tuple)):
            pieces = [_structs.readable(piece, "a piece of src") for piece in src]
            return self._put_pieces("src", pieces, tag_behind)
        held = self._hold(_structs.readable(cast("Buffer", src), "src"))
        text = len(held) - tag_behind
        if text < 0:
            raise from_errno(errno.EBADMSG)
        self.fields |= {"src": _structs.start(held), "src_bytes": text}
        if tag_behind:
            self.fields |= {"tag": _structs.address(held) + text, "tag_bytes": tag_behind}
        return text

    def _put_dst(self, request: Request, context: Context, text: int) -> None:
        dst, tag_behind = request.dst, self._tag_in_output
        if isinstance(dst, (list, tuple)):
            pieces = [_structs.writable(piece, "a piece of dst") for piece in dst]
            self._put_pieces("dst", pieces, tag_behind)
            return
        if dst is None:
            room = _output_bytes(request, context, text)
            if room < 0:
                raise ValueError("dst_bytes is negative")
            if room > _structs.MOST_BYTES:
                raise _structs.too_long()
            held = self._output = _structs.memory(room + tag_behind)
        else:
            held = self._hold(_structs.writable(cast("Buffer", dst), "dst"))
            room = min(len(held) - tag_behind, _structs.MOST_BYTES)
        if tag_behind and room < text:
            raise from_errno(errno.EMSGSIZE, "dst", needed=text + tag_behind)
        self.fields |= {"dst": _structs.start(held), "dst_bytes": room}
        if tag_behind:
            self.fields |= {"tag": _structs.address(held) + text, "tag_bytes": tag_behind}

    def size(self) -> int:
        """Return the bytes that the driver has to have memory for, more or less."""
        return self.fields["src_bytes"] + self.fields["dst_bytes"]

    @property
    def writes_early(self) -> bool:
        """Whether the algorithm may write to the destination before the completion is taken."""
        zero_copy = self.fields["flags"] & lib.DEVCRYPTO_REQUEST_ZEROCOPY
        return bool(zero_copy) and self.fields["op"] in (Op.ENCRYPT, Op.DECRYPT)

    def result(self, error: int, written: int, flags: int) -> Result:
        """Return what the driver's answer means."""
        if error:
            return failed(from_errno(-error, needed=written, alg_class=self._alg_class))
        written += self._tag_in_output
        return Result(
            error=None,
            written=written,
            data=None if self._output is None else _structs.content(self._output, written),
            iv=None if self._iv is None else _structs.content(self._iv, len(self._iv)),
            zero_copy=bool(flags & lib.DEVCRYPTO_OUT_ZEROCOPY),
        )


def failed(error: CryptoDevError) -> Result:
    """Return the result of a request that failed."""
    # Without the frames, which would hold the caller's buffers as long as the result lives.
    return Result(error.with_traceback(None), written=0, data=None, iv=None)


def _output_bytes(request: Request, context: Context, text: int) -> int:
    op, algorithm = request.op, context.algorithm
    if request.dst_bytes is not None:
        return request.dst_bytes
    if op in (Op.SIGN, Op.PUBLIC_KEY, Op.SHARED_SECRET) or algorithm.alg_class == AlgClass.AKCIPHER:
        return algorithm.output_bytes
    if op in (Op.ENCRYPT, Op.DECRYPT):
        return text
    if op in (Op.DIGEST, Op.STREAM_FINAL):
        return algorithm.digest_bytes
    if op == Op.STREAM_SAVE:
        return algorithm.saved_bytes
    if op == Op.COMPRESS:
        return compressed_bytes(text, context.comp_cap)
    if op == Op.DECOMPRESS:
        return context.comp_cap
    if op == Op.GENERATE:
        raise ValueError("GENERATE needs dst or dst_bytes")
    return 0


def _prepare(request: Request, context: Context) -> Prepared | CryptoDevError:
    try:
        return Prepared(request, context)
    except CryptoDevError as error:
        return error


def _execute(context: Context, prepared: list[Prepared], chain: bool) -> Iterator[Result]:
    if chain:
        for each in prepared:
            each.fields["flags"] |= lib.DEVCRYPTO_REQUEST_CHAIN
    array = _structs.Requests([each.fields for each in prepared])
    descriptor = context.fileno()
    done = 0
    while done < len(prepared):
        array.select(done, min(context.max_batch, len(prepared) - done))
        try:
            executed = _ioctl.run(descriptor, array)
        except CryptoDevError as error:
            if not done:
                raise
            yield from [failed(error)] * (len(prepared) - done)
            return
        for index in range(done, done + executed):
            yield prepared[index].result(*array.result(index))
        done += executed
        if chain and array.result(done - 1)[0]:
            return


def run(context: Context, requests: Iterable[Request], chain: bool) -> list[Result]:
    """Run requests on a configured context, see CryptoDevice.run()."""
    prepared = [_prepare(request, context) for request in requests]
    if chain:
        return _run_chain(context, prepared)
    results = _execute(context, [each for each in prepared if isinstance(each, Prepared)], False)
    return [
        failed(each) if isinstance(each, CryptoDevError) else next(results) for each in prepared
    ]


def _run_chain(context: Context, prepared: list[Prepared | CryptoDevError]) -> list[Result]:
    """Run requests up to the first that fails, be it that it cannot be expressed."""
    whole = list(takewhile(lambda each: isinstance(each, Prepared), prepared))
    results = list(_execute(context, cast("list[Prepared]", whole), True))
    for each in prepared[len(results) :]:
        broken = bool(results) and results[-1].error is not None
        error = each if isinstance(each, CryptoDevError) and not broken else None
        results.append(failed(error or from_errno(errno.ECANCELED)))
    return results
