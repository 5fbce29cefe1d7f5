# SPDX-License-Identifier: MIT
"""Hash objects in the manner of hashlib."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from . import _structs
from ._closing import Closing
from ._context import NODE, Context, Setup
from .enums import AlgClass, Op
from .errors import CryptoDevError, DeviceClosed, from_errno
from .info import Algorithm
from .operations import produce

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Hash", "new"]


class Hash(Closing):
    """A hash or keyed hash of data that come bit by bit.

    It differs from hashlib's objects in one point: the kernel's digest ends its stream, so
    :meth:`digest` may be called as often as one likes, but :meth:`update` not after it.

    The object is a context of the driver of its own until the digest is taken or it is closed.

    Attributes:
        info: the algorithm that the kernel chose.

    Synchronization: one thread at a time; a second one gets Busy.
    """

    def __init__(
        self,
        name: str,
        data: Buffer = b"",
        key: Buffer | None = None,
        *,
        key_serial: int | None = None,
        path: str | os.PathLike[str] = NODE,
    ) -> None:
        """Begin a hash.

        Args:
            name: generic or driver name of the crypto API, such as "sha256" or "hmac(sha256)".
            data: first data, any length.
            key: key of a keyed hash, 1 to max_key_bytes bytes.
            key_serial: in its stead the serial number of a key of the kernel's keyring, see
                :class:`~pycryptodev.CryptoDevice`.
            path: the node.

        Raises:
            AlgorithmNotFound: the kernel has no such hash.
            NoKey: the algorithm needs a key.
            InvalidRequest: it does not take this key.
            PolicyError: the policy does not list the name.
            LimitReached: the user has too many contexts.
            DeviceMissing, DeviceForbidden: the node cannot be opened.
        """
        context = Context(path)
        try:
            context.configure(name, AlgClass.HASH, Setup(key=key, key_serial=key_serial))
            self._begin(context)
            self.update(data)
        except BaseException:
            context.close()
            raise

    @classmethod
    def _of(cls, context: Context) -> Hash:
        """Return the object of a configured context that it has for itself."""
        made = cls.__new__(cls)
        made._begin(context)
        return made

    def _begin(self, context: Context) -> None:
        self._context = context
        self._digest: bytes | None = None
        self._lost = False
        self.info: Algorithm = context.algorithm

    @property
    def name(self) -> str:
        """Generic name of the algorithm."""
        return self.info.name

    @property
    def digest_size(self) -> int:
        """Length of the digest in bytes."""
        return self.info.digest_bytes

    @property
    def block_size(self) -> int:
        """Block size of the hash in bytes."""
        return self.info.block_bytes

    def update(self, data: Buffer) -> None:
        """Append data.

        Args:
            data: any length; what is longer than the driver takes goes there in pieces.

        Raises:
            ValueError: the digest has been taken.
            StreamLost: an earlier update failed, or was interrupted by an exception.
            DeviceClosed: the object was closed.
        """
        self._check_open()
        held = _structs.readable(data)
        start = _structs.address(held)
        block = self._context.take()

        done = 0

        def piece(at: int, size: int) -> None:
            nonlocal done
            fields = {
                "op": Op.STREAM_UPDATE,
                "src": start + at,
                "src_bytes": size,
                "dst": 0,
                "dst_bytes": 0,
            }
            self._context.execute(block, fields)
            done += size

        try:
            self._context.in_pieces(len(held), 1, piece)
        except BaseException as error:
            # Only a refusal of the first piece is sure to have added nothing.
            self._lost = self._lost or done > 0 or not isinstance(error, CryptoDevError)
            raise
        self._context.give(block)

    def digest(self) -> bytes:
        """Return the digest of all data so far and end the stream.

        Returns:
            digest_size bytes; the same ones in every later call.

        Raises:
            StreamLost: an update failed, or it or an earlier call was interrupted.
            DeviceClosed: the object was closed before the digest was taken.
        """
        if self._digest is None:
            self._check()
            size = self.digest_size
            block = self._context.take()
            out = block.room(size)
            fields = {
                "op": Op.STREAM_FINAL,
                "src": 0,
                "src_bytes": 0,
                "dst": _structs.address(out),
                "dst_bytes": size,
            }
            try:
                self._context.execute(block, fields)
                self._digest = _structs.content(out, size)
            except BaseException as error:
                # Interrupted, the stream may have begun anew already, with nothing in it.
                self._lost = self._lost or not isinstance(error, CryptoDevError)
                raise
            self._context.close()
        return self._digest

    def copy(self) -> Hash:
        """Return another object that has had the same data so far.

        Each goes on by itself, so that many digests of messages with one beginning take its data
        once.

        Raises:
            ValueError: the digest has been taken.
            NotSupported: the implementation cannot copy a stream.
            StreamLost: an earlier update failed, or was interrupted by an exception.
            LimitReached: the user has too many contexts.
            DeviceClosed: the object was closed.
        """
        self._check_open()
        return Hash._of(self._context.share(stream=True))

    def save(self) -> bytes:
        """Return the state of the stream, for :meth:`CryptoDevice.restore`; the stream goes on.

        Returns:
            info.saved_bytes bytes. They are sealed by the driver: they say nothing about data or
            key, and are good for this implementation and key until the driver is unloaded.

        Raises:
            ValueError: the digest has been taken.
            NotSupported: the state of this implementation cannot be saved.
            StreamLost: an earlier update failed, or was interrupted by an exception.
            DeviceClosed: the object was closed.
        """
        self._check_open()
        return produce(self._context, Op.STREAM_SAVE, None, self.info.saved_bytes)

    def _restore(self, state: Buffer) -> None:
        produce(self._context, Op.STREAM_RESTORE, state, 0)

    def _check_open(self) -> None:
        """Refuse what needs a stream that has not ended."""
        if self._digest is not None:
            raise ValueError("the digest has been taken, which ends the stream")
        self._check()

    def _check(self) -> None:
        """Refuse to go on behind data of which only a part reached the stream."""
        if self._lost:
            raise from_errno(errno.ESTALE)

    def hexdigest(self) -> str:
        """Return the digest in hexadecimal digits."""
        return self.digest().hex()

    def close(self) -> None:
        """Give the context up; a second time does nothing. A digest that was taken stays."""
        self._context.close()

    def __enter__(self) -> Hash:
        if not self and self._digest is None:
            raise DeviceClosed
        return self

    def __bool__(self) -> bool:
        """Return whether data can still be appended."""
        return self._context.fd >= 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.info.driver}>"


def new(
    name: str,
    data: Buffer = b"",
    key: Buffer | None = None,
    *,
    key_serial: int | None = None,
    path: str | os.PathLike[str] = NODE,
) -> Hash:
    """Return a hash object, in the manner of hashlib.new(); see :class:`Hash`."""
    return Hash(name, data, key, key_serial=key_serial, path=path)


def sharing(source: Context) -> Hash:
    """Return a hash object with the algorithm and key of a configured context."""
    return Hash._of(source.share())


def restored(source: Context, state: Buffer) -> Hash:
    """Return the same with a saved state; see CryptoDevice.restore()."""
    made = sharing(source)
    try:
        made._restore(state)
    except BaseException:
        made.close()
        raise
    return made
