# SPDX-License-Identifier: MIT
"""CryptoDevice: one algorithm with its key."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING

from . import _structs, requests
from ._abi import lib
from ._context import NODE, Context
from .enums import AlgClass, Op
from .errors import LimitReached, from_errno
from .hash import Hash
from .info import Algorithm
from .requests import Request, Result

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["CryptoDevice"]


class CryptoDevice:
    """An algorithm of the kernel with its key, ready for any number of requests.

    >>> with CryptoDevice("cbc(aes)", key=bytes(16)) as device:
    ...     device.encrypt(bytes(16), iv=bytes(16)).hex()
    '66e94bd4ef8a2c3b884cfa59ca342b2e'

    Inputs are any C-contiguous objects with a buffer: bytes, bytearray, memoryview, array, mmap.
    They are read where they lie. Methods that return bytes copy the output once; their ``_into``
    counterparts write it to the caller's buffer without a copy, which may be the input's or overlap
    it.

    Data longer than the driver takes in one request go there in pieces, with the same result, where
    the algorithm allows it: ciphers that chain through their IV, hashes, generators.

    Attributes:
        info: the algorithm that the kernel chose.

    Synchronization: threads may use one device at the same time, and run in parallel: the GIL is
    released while the driver works. Its hash objects are not shared. close() is for when no other
    thread uses the device any more.
    """

    def __init__(
        self,
        name: str,
        *,
        key: Buffer | None = None,
        alg_class: AlgClass | None = None,
        auth_key: Buffer | None = None,
        tag_bytes: int = 0,
        layout: bool = False,
        path: str | os.PathLike[str] = NODE,
    ) -> None:
        """Open the node and configure the algorithm.

        Args:
            name: generic or driver name of the crypto API, as /proc/crypto has it. A generic name
                takes the implementation with the highest priority.
            key: the key in the encoding of the crypto API, info.key_min_bytes to
                info.key_max_bytes bytes. For "authenc(...)" the key of the cipher.
            alg_class: class of the algorithm; None = the one class that has the name, among the
                algorithms that are registered, or else among all that the kernel can load.
            auth_key: key of the authentication half of "authenc(...)".
            tag_bytes: AEAD: length of the tag; 0 = the longest.
            layout: let the driver keep the shape of the buffers, for the validation of
                implementations; see DEVCRYPTO_CONFIG_LAYOUT. Only :meth:`run` shows it IVs where
                the caller has them.
            path: the node.

        Raises:
            AlgorithmNotFound: the kernel has no such algorithm.
            AmbiguousName: more than one class has the name; lists them.
            PolicyError: the policy does not list the name.
            NoKey: the algorithm needs a key.
            InvalidRequest: it does not take such a key or tag.
            LimitReached: the key is too long, or the user has too many contexts.
            DeviceMissing, DeviceForbidden: the node cannot be opened.
        """
        self._name = name
        self._path = path
        self._context = Context(path)
        # Every hash object is a context of its own and needs the key once more.
        self._hash_key = bytearray()
        try:
            self.info: Algorithm = self._context.configure(
                name,
                alg_class,
                b"" if key is None else key,
                b"" if auth_key is None else auth_key,
                tag_bytes,
                layout,
            )
        except BaseException:
            self._context.close()
            raise
        self._is_aead = self.info.alg_class == AlgClass.AEAD
        # With its layout kept a request is for looking at as it is.
        self._splits = not layout and (self.info.chains or self.info.alg_class == AlgClass.HASH)
        if key is not None and self.info.alg_class == AlgClass.HASH:
            self._hash_key += key

    # Ciphers

    def encrypt(self, data: Buffer, *, iv: Buffer = b"", assoc: Buffer = b"") -> bytes:
        """Encrypt.

        Args:
            data: plaintext. Its length is what the mode takes: for "cbc(aes)" a multiple of 16
                bytes, for "ctr(aes)" and AEADs any.
            iv: IV or nonce in the encoding of the crypto API, exactly info.iv_bytes bytes.
            assoc: AEAD: associated data, up to max_assoc_bytes.

        Returns:
            As many bytes of ciphertext; of an AEAD, followed by info.tag_bytes bytes of tag.

        Raises:
            ValueError: the IV has the wrong length, or a view is not C-contiguous.
            InvalidRequest: the algorithm does not take this length.
            LimitReached: data are longer than one request takes, and the mode cannot go on from
                one request to the next; or assoc is longer.
            NotSupported: the device is no cipher.
            DeviceClosed: the device was closed.
        """
        return self._crypt(Op.ENCRYPT, data, iv, assoc)

    def encrypt_into(
        self, data: Buffer, out: Buffer, *, iv: Buffer = b"", assoc: Buffer = b""
    ) -> int:
        """Encrypt into a buffer, without a copy.

        Args:
            data: plaintext, see :meth:`encrypt`.
            out: writable buffer with room for the ciphertext and the tag; it may be data's or
                overlap it. What is not needed is not touched. An error leaves it as it is, but for
                data that are too long for one request and fail half-way.
            iv: see :meth:`encrypt`.
            assoc: see :meth:`encrypt`.

        Returns:
            Bytes written: ciphertext and tag.

        Raises:
            TypeError: out is read-only.
            BufferTooSmall: out is shorter; its ``needed`` has the size.
            Others: see :meth:`encrypt`.
        """
        return self._crypt_into(Op.ENCRYPT, data, out, iv, assoc)

    def encrypt_chained(self, data: Buffer, *, iv: Buffer) -> tuple[bytes, bytes]:
        """Encrypt a part of a message and return the IV for the next one.

        Args:
            data: part of the plaintext; every part but the last a multiple of info.chunk_bytes.
            iv: IV of the message, or what the last part returned.

        Returns:
            The ciphertext, and the IV with which the message goes on.

        Raises:
            NotSupported: the mode does not chain (info.chains).
            Others: see :meth:`encrypt`.
        """
        return self._crypt_chained(Op.ENCRYPT, data, iv)

    def decrypt(self, data: Buffer, *, iv: Buffer = b"", assoc: Buffer = b"") -> bytes:
        """Decrypt, and for an AEAD verify.

        Args:
            data: ciphertext; of an AEAD, followed by the tag.
            iv: IV or nonce, exactly info.iv_bytes bytes.
            assoc: AEAD: associated data.

        Returns:
            The plaintext.

        Raises:
            InvalidTag: text, tag, IV or associated data are not those of the encryption.
            Others: see :meth:`encrypt`.
        """
        return self._crypt(Op.DECRYPT, data, iv, assoc)

    def decrypt_into(
        self, data: Buffer, out: Buffer, *, iv: Buffer = b"", assoc: Buffer = b""
    ) -> int:
        """Decrypt into a buffer, without a copy. If the tag is wrong nothing is written.

        Args:
            data: ciphertext; of an AEAD, followed by the tag.
            out: writable buffer with room for the plaintext, which may be data's or overlap it.
            iv: see :meth:`decrypt`.
            assoc: see :meth:`decrypt`.

        Returns:
            Bytes of plaintext.

        Raises:
            TypeError: out is read-only.
            BufferTooSmall: out is shorter; its ``needed`` has the size.
            Others: see :meth:`decrypt`.
        """
        return self._crypt_into(Op.DECRYPT, data, out, iv, assoc)

    def decrypt_chained(self, data: Buffer, *, iv: Buffer) -> tuple[bytes, bytes]:
        """Decrypt a part of a message and return the IV for the next one.

        The counterpart of :meth:`encrypt_chained`.
        """
        return self._crypt_chained(Op.DECRYPT, data, iv)

    # Hashes

    def digest(self, data: Buffer) -> bytes:
        """Return the digest of a message, keyed if the algorithm is.

        Args:
            data: the message, any length.

        Returns:
            info.digest_bytes bytes.

        Raises:
            NotSupported: the device is no hash.
            DeviceClosed: the device was closed.
        """
        size = self.info.digest_bytes
        block = self._context.take()
        out = block.room(size)
        self._digest(block, data, _structs.address(out))
        digest = _structs.content(out, size)
        self._context.give(block)
        return digest

    def digest_into(self, data: Buffer, out: Buffer) -> int:
        """Write the digest of a message to a buffer.

        Args:
            data: the message, any length.
            out: writable buffer of info.digest_bytes bytes or more.

        Returns:
            Bytes written.

        Raises:
            TypeError: out is read-only.
            BufferTooSmall: out is shorter; its ``needed`` has the size.
            Others: see :meth:`digest`.
        """
        size = self.info.digest_bytes
        target = _structs.writable(out)
        if len(target) < size:
            raise from_errno(errno.EMSGSIZE, "out", needed=size)
        block = self._context.take()
        self._digest(block, data, _structs.address(target))
        self._context.give(block)
        return size

    def hash(self, data: Buffer = b"") -> Hash:
        """Return a hash object of this algorithm and key, in the manner of hashlib.

        Args:
            data: its first data.

        Raises:
            NotSupported: the device is no hash.
            Others: see :class:`~pycryptodev.Hash`.
        """
        self._context.fileno()
        if self.info.alg_class != AlgClass.HASH:
            raise from_errno(errno.EOPNOTSUPP, f"a hash with {self.info.name}")
        return Hash(self._name, data, self._hash_key, path=self._path)

    # Random number generators

    def random(self, size: int, *, additional: Buffer = b"") -> bytes:
        """Return random bytes.

        Args:
            size: how many bytes, 0 or more.
            additional: additional input, mixed in before the first byte where the generator takes
                any; at most max_key_bytes bytes.

        Returns:
            size bytes.

        Raises:
            ValueError: size is negative.
            NotSupported: the device is no generator.
            DeviceClosed: the device was closed.
        """
        if size < 0:
            raise ValueError("size is negative")
        block = self._context.take()
        out = block.room(size)
        self._generate(block, _structs.address(out), size, additional)
        drawn = _structs.content(out, size)
        self._context.give(block)
        return drawn

    def random_into(self, out: Buffer, *, additional: Buffer = b"") -> int:
        """Fill a buffer with random bytes.

        Args:
            out: writable buffer.
            additional: see :meth:`random`.

        Returns:
            Bytes written: the buffer's length.

        Raises:
            TypeError: out is read-only.
            Others: see :meth:`random`.
        """
        target = _structs.writable(out)
        block = self._context.take()
        self._generate(block, _structs.address(target), len(target), additional)
        self._context.give(block)
        return len(target)

    def reseed(self, seed: Buffer = b"") -> None:
        """Seed the generator anew.

        Args:
            seed: info.seed_bytes bytes, any number if that is 0; empty = the kernel's entropy.

        Raises:
            InvalidRequest: the generator does not take such a seed.
            NotSupported: the device is no generator.
            DeviceClosed: the device was closed.
        """
        held = _structs.readable(seed, "seed")
        block = self._context.take()
        self._context.execute(
            block,
            {
                "op": Op.RESEED,
                "src": _structs.address(held),
                "src_bytes": len(held),
                "dst": 0,
                "dst_bytes": 0,
            },
        )
        self._context.give(block)

    # Batches

    def run(self, batch: Iterable[Request]) -> list[Result]:
        """Run many requests, in their order, in as few system calls as the driver allows.

        Args:
            batch: the requests. Each is executed whatever becomes of the others. Their data are not
                cut into pieces: what one request does not take fails with LimitReached.

        Returns:
            A result for each request.

        Raises:
            ValueError, TypeError: a request is wrong in itself; none has been run.
            CryptoDevError: the driver executed none of them.
            DeviceClosed: the device was closed.
        """
        return requests.run(self._context, self.info, batch)

    # The object itself

    def close(self) -> None:
        """Close the device; a second time does nothing."""
        self._context.close()
        self._hash_key[:] = bytes(len(self._hash_key))

    def fileno(self) -> int:
        """Return the descriptor of the open node.

        Raises:
            DeviceClosed: the device was closed.
        """
        return self._context.fileno()

    def __enter__(self) -> CryptoDevice:
        self._context.fileno()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __bool__(self) -> bool:
        """Return whether the device is open."""
        return self._context.fd >= 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.info.driver}{'' if self else ', closed'}>"

    # How it is done

    def _sizes(self, op: Op, size: int) -> tuple[int, int]:
        """Return the bytes of text and of output for an input of this size."""
        tag = self.info.tag_bytes
        if op is Op.ENCRYPT:
            return size, size + tag
        if size < tag:
            raise from_errno(errno.EBADMSG)
        return size - tag, size - tag

    def _crypt(self, op: Op, data: Buffer, iv: Buffer, assoc: Buffer) -> bytes:
        src = _structs.readable(data)
        text, size = self._sizes(op, len(src))
        block = self._context.take()
        block.put_iv(iv)
        out = block.room(size)
        self._transform(block, op, _structs.address(src), text, _structs.address(out), assoc)
        output = _structs.content(out, size)
        self._context.give(block)
        return output

    def _crypt_into(self, op: Op, data: Buffer, out: Buffer, iv: Buffer, assoc: Buffer) -> int:
        src = _structs.readable(data)
        dst = _structs.writable(out)
        text, size = self._sizes(op, len(src))
        if len(dst) < size:
            raise from_errno(errno.EMSGSIZE, "out", needed=size)
        block = self._context.take()
        block.put_iv(iv)
        self._transform(block, op, _structs.address(src), text, _structs.address(dst), assoc)
        self._context.give(block)
        return size

    def _crypt_chained(self, op: Op, data: Buffer, iv: Buffer) -> tuple[bytes, bytes]:
        src = _structs.readable(data)
        text, size = self._sizes(op, len(src))
        block = self._context.take()
        block.put_iv(iv)
        out = block.room(size)
        flags = lib.DEVCRYPTO_REQUEST_IV_OUT
        self._transform(block, op, _structs.address(src), text, _structs.address(out), b"", flags)
        output = _structs.content(out, size), block.iv()
        self._context.give(block)
        return output

    def _transform(
        self,
        block: _structs.Block,
        op: Op,
        src: int,
        text: int,
        dst: int,
        assoc: Buffer,
        flags: int = 0,
    ) -> None:
        """Encrypt or decrypt text bytes between two addresses, an AEAD's tag behind the text."""
        fields = {
            "op": op,
            "flags": flags,
            "src": src,
            "src_bytes": text,
            "dst": dst,
            "dst_bytes": text,
        }
        if self._is_aead:
            held = _structs.readable(assoc, "assoc")
            fields["assoc"] = _structs.address(held)
            fields["assoc_bytes"] = len(held)
            fields["tag"] = (dst if op is Op.ENCRYPT else src) + text
        elif assoc != b"":
            raise ValueError(f"{self.info.name} takes no associated data")
        try:
            self._context.execute(block, fields)
        except LimitReached:
            if self._splits:
                self._transform_in_pieces(block, op, src, text, dst)
            elif text > (cap := self._context.driver_info().max_request_bytes):
                raise from_errno(
                    errno.EDQUOT,
                    f"{text} bytes are more than the {cap} of one request, and "
                    f"{self.info.name} cannot go on from one request to the next",
                ) from None
            else:
                raise

    def _transform_in_pieces(
        self, block: _structs.Block, op: Op, src: int, text: int, dst: int
    ) -> None:
        held = None
        if src < dst < src + text:
            # The output of a piece would overwrite the input of the next one.
            held = _structs.copy(src, text)
            src = _structs.address(held)

        def piece(at: int, size: int) -> None:
            self._context.execute(
                block,
                {
                    "op": op,
                    "flags": lib.DEVCRYPTO_REQUEST_IV_OUT,
                    "src": src + at,
                    "src_bytes": size,
                    "dst": dst + at,
                    "dst_bytes": size,
                },
            )

        self._context.in_pieces(text, self.info.chunk_bytes, piece)

    def _digest(self, block: _structs.Block, data: Buffer, dst: int) -> None:
        held = _structs.readable(data)
        fields = {
            "op": Op.DIGEST,
            "src": _structs.address(held),
            "src_bytes": len(held),
            "dst": dst,
            "dst_bytes": self.info.digest_bytes,
        }
        try:
            self._context.execute(block, fields)
        except LimitReached:
            if not self._splits:
                raise
            # The stream of a context of its own: this one's may be in use through run().
            with self.hash(data) as stream:
                _structs.write(dst, stream.digest())

    def _generate(self, block: _structs.Block, dst: int, size: int, additional: Buffer) -> None:
        held = _structs.readable(additional, "additional")

        def piece(at: int, piece_bytes: int) -> None:
            self._context.execute(
                block,
                {
                    "op": Op.GENERATE,
                    "src": 0 if at else _structs.address(held),
                    "src_bytes": 0 if at else len(held),
                    "dst": dst + at,
                    "dst_bytes": piece_bytes,
                },
            )

        self._context.in_pieces(size, 1, piece)
