# SPDX-License-Identifier: MIT
"""AsyncCryptoDevice: one algorithm with its key, for programs of asyncio."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from types import TracebackType
from typing import TYPE_CHECKING

from . import _structs
from ._context import Context, Cuts
from ._device import Device
from ._flight import Pending, SubmitFlight
from .enums import AlgClass, Op
from .errors import CryptoDevError, LimitReached
from .requests import Request, Result

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["AsyncCryptoDevice"]


class _Awaited(Pending):
    """A request and the future that gets its result."""

    __slots__ = ("future",)

    def __init__(self, request: Request, future: asyncio.Future[Result]) -> None:
        super().__init__(request)
        self.future = future

    def tell(self) -> None:
        """Hand the result over, if there is still somebody who waits for it."""
        if self.future.done() or self.future.get_loop().is_closed():
            return
        # Only what is wrong with the request is its own, not what a signal's handler raises here.
        if self._wrong is not None:
            self.future.set_exception(self._wrong)
        else:
            self.future.set_result(self.get())


class AsyncCryptoDevice(Device):
    """An algorithm of the kernel with its key, whose requests are awaited.

    >>> async with AsyncCryptoDevice("gcm(aes)", key=key) as device:
    ...     sealed = await asyncio.gather(
    ...         *(device.encrypt(text, iv=iv) for iv, text in messages)
    ...     )

    The methods are those of :class:`~pycryptodev.CryptoDevice`, with the same arguments, results
    and errors. There are no threads: requests go to the driver together, once in each turn of the
    event loop, and the loop watches the descriptor for what has ended. As many as one likes may be
    awaited at the same time; the driver is given as many as it takes, and the others wait.

    Buffers have to stay as they are until the request has ended. If a task is cancelled, so is the
    request it awaits; one that is running already ends in its own time, and until then may still
    write to the buffer of an ``_into`` method.

    Attributes:
        info: the algorithm that the kernel chose.

    Synchronization: of one event loop at a time, which may be another one when no request is under
    way; and of the process that made it: after fork() the other one gets Cancelled, and calls
    share().
    """

    def _begin(self, context: Context, layout: bool) -> None:
        super()._begin(context, layout)
        os.set_blocking(context.fileno(), False)
        self._flight = SubmitFlight(context)
        self._loop: asyncio.AbstractEventLoop | None = None
        # None = an exception of a signal's handler came while that changed.
        self._watched: bool | None = False
        self._called = False

    # Ciphers

    async def encrypt(self, data: Buffer, *, iv: Buffer = b"", assoc: Buffer = b"") -> bytes:
        """Encrypt; see :meth:`CryptoDevice.encrypt`."""
        return await self._crypt(Op.ENCRYPT, data, iv, assoc)

    async def encrypt_into(
        self, data: Buffer, out: Buffer, *, iv: Buffer = b"", assoc: Buffer = b""
    ) -> int:
        """Encrypt into a buffer; see :meth:`CryptoDevice.encrypt_into`."""
        return await self._crypt_into(Op.ENCRYPT, data, out, iv, assoc)

    async def encrypt_chained(self, data: Buffer, *, iv: Buffer) -> tuple[bytes, bytes]:
        """Encrypt a part of a message; see :meth:`CryptoDevice.encrypt_chained`."""
        return await self._crypt_chained(Op.ENCRYPT, data, iv)

    async def decrypt(self, data: Buffer, *, iv: Buffer = b"", assoc: Buffer = b"") -> bytes:
        """Decrypt, and for an AEAD verify; see :meth:`CryptoDevice.decrypt`."""
        return await self._crypt(Op.DECRYPT, data, iv, assoc)

    async def decrypt_into(
        self, data: Buffer, out: Buffer, *, iv: Buffer = b"", assoc: Buffer = b""
    ) -> int:
        """Decrypt into a buffer; see :meth:`CryptoDevice.decrypt_into`."""
        return await self._crypt_into(Op.DECRYPT, data, out, iv, assoc)

    async def decrypt_chained(self, data: Buffer, *, iv: Buffer) -> tuple[bytes, bytes]:
        """Decrypt a part of a message; see :meth:`CryptoDevice.decrypt_chained`."""
        return await self._crypt_chained(Op.DECRYPT, data, iv)

    # Hashes

    async def digest(self, data: Buffer) -> bytes:
        """Return the digest of a message; see :meth:`CryptoDevice.digest`."""
        return (await self._digest(data, None)).get()

    async def digest_into(self, data: Buffer, out: Buffer) -> int:
        """Write the digest of a message to a buffer; see :meth:`CryptoDevice.digest_into`."""
        return _written(await self._digest(data, out))

    # Random number generators

    async def random(self, size: int, *, additional: Buffer = b"", entropy: Buffer = b"") -> bytes:
        """Return random bytes; see :meth:`CryptoDevice.random`."""
        if size < 0:
            raise ValueError("size is negative")
        drawn = bytearray(size)
        await self._generate(drawn, additional, entropy)
        return bytes(drawn)

    async def random_into(self, out: Buffer, *, additional: Buffer = b"") -> int:
        """Fill a buffer with random bytes; see :meth:`CryptoDevice.random_into`."""
        await self._generate(out, additional, b"")
        return memoryview(out).nbytes

    async def reseed(self, seed: Buffer = b"", *, entropy: Buffer = b"") -> None:
        """Seed the generator anew; see :meth:`CryptoDevice.reseed`."""
        await self._get(Request(Op.RESEED, seed, entropy=entropy))

    # Compression

    async def compress(self, data: Buffer) -> bytes:
        """Compress a block; see :meth:`CryptoDevice.compress`."""
        return await self._get(Request(Op.COMPRESS, data))

    async def compress_into(self, data: Buffer, out: Buffer) -> int:
        """Compress a block into a buffer; see :meth:`CryptoDevice.compress_into`."""
        return _written(await self._run(Request(Op.COMPRESS, data, out)))

    async def decompress(self, data: Buffer, *, most: int | None = None) -> bytes:
        """Expand a block; see :meth:`CryptoDevice.decompress`."""
        return await self._get(Request(Op.DECOMPRESS, data, dst_bytes=self._expanded(most)))

    async def decompress_into(self, data: Buffer, out: Buffer) -> int:
        """Expand a block into a buffer; see :meth:`CryptoDevice.decompress_into`."""
        return _written(await self._run(Request(Op.DECOMPRESS, data, out)))

    # Signatures

    async def sign(self, digest: Buffer) -> bytes:
        """Sign the digest of a message; see :meth:`CryptoDevice.sign`."""
        return await self._get(Request(Op.SIGN, digest))

    async def verify(self, signature: Buffer, digest: Buffer) -> None:
        """Hold a signature against a digest; see :meth:`CryptoDevice.verify`."""
        await self._get(Request(Op.VERIFY, digest, signature=signature))

    # Key agreement

    async def public_key(self) -> bytes:
        """Return the public key; see :meth:`CryptoDevice.public_key`."""
        return await self._get(Request(Op.PUBLIC_KEY))

    async def shared_secret(self, peer: Buffer) -> bytes:
        """Return the shared secret; see :meth:`CryptoDevice.shared_secret`."""
        return await self._get(Request(Op.SHARED_SECRET, peer))

    # Many requests

    async def run(self, batch: Iterable[Request], *, chain: bool = False) -> list[Result]:
        """Run many requests side by side.

        Args:
            batch: the requests.
            chain: each begins when the one in front of it has succeeded, see :meth:`Queue.submit`.

        Returns:
            A result for each request.

        Raises:
            ValueError, TypeError: a request is wrong in itself; the others are cancelled.
            DeviceClosed: the device was closed.
        """
        submitted = self._send(batch, chain)
        try:
            return [await pending.future for pending in submitted]
        finally:
            self._give_up(submitted)

    async def stream(
        self, batch: Iterable[Request] | AsyncIterable[Request], *, depth: int = 64
    ) -> AsyncIterator[Result]:
        """Run any number of requests, many of them at the same time.

        Args:
            batch: the requests, taken as they are needed.
            depth: requests that are under way at the same time, at least 1.

        Yields:
            Their results, in their order.

        Raises:
            Others: see :meth:`run`.
        """
        if depth < 1:
            raise ValueError("depth is less than 1")
        order = deque[_Awaited]()
        try:
            async for request in _each(batch):
                order += self._send([request])
                if len(order) == depth:
                    yield await order[0].future
                    order.popleft()
            while order:
                yield await order[0].future
                order.popleft()
        finally:
            self._give_up(order)

    # The object itself

    def close(self) -> None:
        """Close the device; a second time does nothing. What is under way gets DeviceClosed.

        It waits as Queue.close() does for what runs in the caller's buffers with zero copy.
        """
        try:
            self._end(None)
        except BaseException:
            self._call_again()
            raise

    async def __aenter__(self) -> AsyncCryptoDevice:
        self.fileno()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # How requests are cut

    async def _crypt(self, op: Op, data: Buffer, iv: Buffer, assoc: Buffer) -> bytes:
        text, size = self._check_cipher(op, data, iv, assoc)
        result = await self._whole(Request(op, data, iv=iv, assoc=assoc), text)
        if result is not None:
            return result.get()
        out = bytearray(size)
        await self._crypt_long(op, data, out, iv)
        return bytes(out)

    async def _crypt_into(
        self, op: Op, data: Buffer, out: Buffer, iv: Buffer, assoc: Buffer
    ) -> int:
        text, size = self._check_cipher(op, data, iv, assoc)
        if self.info.alg_class != AlgClass.AKCIPHER:
            self._room(out, size)
        result = await self._whole(Request(op, data, out, iv=iv, assoc=assoc), text)
        if result is not None:
            return _written(result)
        # The output of a piece might overwrite the input of the next one.
        await self._crypt_long(op, bytes(data), out, iv)
        return size

    async def _crypt_chained(self, op: Op, data: Buffer, iv: Buffer) -> tuple[bytes, bytes]:
        text, size = self._check_cipher(op, data, iv, b"")
        result = await self._whole(Request(op, data, iv=iv, iv_out=True), text)
        if result is not None:
            return result.get(), result.iv or b""
        out = bytearray(size)
        following = await self._crypt_long(op, data, out, iv)
        return bytes(out), following

    def _check_cipher(self, op: Op, data: Buffer, iv: Buffer, assoc: Buffer) -> tuple[int, int]:
        """Return the bytes of text and of output, see _sizes(), if nothing is wrong with these."""
        sizes = self._sizes(op, len(_structs.readable(data)))
        if self.info.alg_class == AlgClass.AKCIPHER:
            self._check_plain(iv, assoc)
        else:
            self._check_iv(iv)
            self._check_assoc(assoc)
        return sizes

    async def _whole(self, request: Request, size: int) -> Result | None:
        """Run a request of so many bytes; None if they have to go in pieces."""
        if self._splits and size > self._context.cap:
            return None
        result = await self._run(request)
        if isinstance(result.error, LimitReached):
            if self._splits:
                return None
            if self.info.alg_class in (AlgClass.SKCIPHER, AlgClass.AEAD):
                raise self._too_long(size, result.error)
        return result

    async def _crypt_long(self, op: Op, data: Buffer, out: Buffer, iv: Buffer) -> bytes:
        """Encrypt or decrypt in pieces; returns the IV with which the message goes on."""
        source, target = memoryview(data).cast("B"), memoryview(out).cast("B")
        cuts = Cuts(len(source), self.info.chunk_bytes, self._context.cap)
        while cuts.left:
            part = slice(cuts.at, cuts.at + cuts.size)
            request = Request(op, source[part], target[part], iv=iv, iv_out=True)
            if (result := await self._piece(request, cuts)) is not None:
                iv = result.iv or iv
        return bytes(iv)

    async def _piece(self, request: Request, cuts: Cuts) -> Result | None:
        """Run the request of a piece; None if it has to be smaller."""
        result = await self._run(request)
        if isinstance(result.error, LimitReached):
            cuts.halve(result.error)
            return None
        result.get()
        cuts.advance()
        return result

    async def _digest(self, data: Buffer, out: Buffer | None) -> Result:
        if out is not None:
            self._room(out, self.info.digest_bytes)
        size = len(_structs.readable(data))
        result = await self._whole(Request(Op.DIGEST, data, out), size)
        if result is not None:
            return result
        source = memoryview(data).cast("B")
        cuts = Cuts(len(source), 1, self._context.cap)
        # The stream of a context of its own: this one's may be in use through run().
        async with self.share() as own:
            while cuts.left:
                piece = source[cuts.at : cuts.at + cuts.size]
                await own._piece(Request(Op.STREAM_UPDATE, piece), cuts)
            return await own._run(Request(Op.STREAM_FINAL, dst=out))

    async def _generate(self, out: Buffer, additional: Buffer, entropy: Buffer) -> None:
        _structs.writable(out)
        target = memoryview(out).cast("B")
        if entropy != b"":
            await self._get(Request(Op.GENERATE, additional, target, entropy=entropy))
            return
        cuts = Cuts(len(target), 1, self._context.cap)
        while cuts.left:
            piece = target[cuts.at : cuts.at + cuts.size]
            await self._piece(Request(Op.GENERATE, b"" if cuts.at else additional, piece), cuts)

    # How requests go to the driver and come back

    async def _get(self, request: Request) -> bytes:
        return (await self._run(request)).get()

    async def _run(self, request: Request) -> Result:
        (pending,) = self._send([request])
        try:
            return await pending.future
        finally:
            self._give_up([pending])

    def _send(self, batch: Iterable[Request], chain: bool = False) -> list[_Awaited]:
        """Let requests go to the driver with the others of this turn of the event loop."""
        self._flight.check()
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._change(loop)
        submitted = [_Awaited(request, loop.create_future()) for request in batch]
        self._flight.put(submitted, chain=chain)
        self._call(loop)
        return submitted

    def _give_up(self, submitted: Iterable[_Awaited]) -> None:
        """Cancel requests that nobody waits for any more, those that have ended excepted."""
        for pending in submitted:
            if not pending.future.cancel() and not pending.future.cancelled():
                # Whoever should have seen it is gone.
                pending.future.exception()
            if not pending.done and self:
                self._flight.cancel(pending)

    def _change(self, loop: asyncio.AbstractEventLoop) -> None:
        old = self._loop
        if old is not None and not old.is_closed():
            if self._flight:
                raise RuntimeError("requests of another event loop are under way")
            self._watch(old, False)
        self._loop, self._watched, self._called = loop, False, False

    def _call(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._called:
            # In this order: once too often does no harm.
            loop.call_soon(self._exchange)
            self._called = True

    def _call_again(self) -> None:
        """Have the next call do what an exception of a signal's handler has prevented.

        The event loop goes on after most of them, and tasks wait for what was not done.
        """
        self._called = False
        if self._loop is not None and not self._loop.is_closed():
            self._call(self._loop)

    def _exchange(self) -> None:
        """Give requests to the driver and take from it what has ended."""
        try:
            self._called = False
            if self:
                self._step()
            else:
                self._end(None)
        except BaseException:
            self._call_again()
            raise

    def _step(self) -> None:
        loop = self._loop
        if loop is None:
            return
        try:
            moved = self._flight.exchange()
        except CryptoDevError as error:
            self._end(error)
            return
        self._tell()
        if moved and self._flight.waiting:
            self._call(loop)
        self._watch(loop, self._flight.sent > 0)

    def _tell(self) -> None:
        for pending in list(self._flight.done.values()):
            if isinstance(pending, _Awaited):
                pending.tell()
            self._flight.take(pending)

    def _watch(self, loop: asyncio.AbstractEventLoop, wanted: bool) -> None:
        """Have the event loop watch the descriptor, only as long as requests are under way.

        The loop holds the device meanwhile, and no longer. What it asks the kernel to watch is
        that of the process that made the device, also for its children.
        """
        if wanted == self._watched or not self._flight.is_own:
            return
        self._watched = None
        if wanted:
            loop.add_reader(self._context.fileno(), self._exchange)
        else:
            loop.remove_reader(self._context.fileno())
        self._watched = wanted

    def _end(self, error: CryptoDevError | None) -> None:
        """Close the device, or do what is left of that."""
        if self and self._loop is not None and not self._loop.is_closed():
            self._watch(self._loop, False)
        self._flight.close(error)
        self._tell()


def _written(result: Result) -> int:
    result.get()
    return result.written


async def _each(batch: Iterable[Request] | AsyncIterable[Request]) -> AsyncIterator[Request]:
    if isinstance(batch, AsyncIterable):
        async for request in batch:
            yield request
    else:
        for request in batch:
            yield request
