# SPDX-License-Identifier: MIT
"""CryptoDevice: one algorithm with its key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from . import _structs, hash, operations, requests
from ._abi import lib
from ._closing import Closing
from ._device import Device
from .enums import AlgClass, Op
from .errors import LimitReached
from .hash import Hash
from .queue import Queue
from .requests import Request, Result

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["CryptoDevice"]


class CryptoDevice(Device, Closing):
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
                data that are too long for one request and fail half-way, and for those of a request
                with zero copy: of its output anything may be there.
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
        target = self._room(out, size)
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
        self._check_class(AlgClass.HASH)
        made = hash.sharing(self._context)
        try:
            made.update(data)
        except BaseException:
            made.close()
            raise
        return made

    def restore(self, state: Buffer) -> Hash:
        """Return a hash object that goes on where another one was when its state was saved.

        Args:
            state: what :meth:`Hash.save` returned.

        Raises:
            InvalidState: it is not whole, or of another implementation or key, or the driver has
                been loaded anew since.
            NotSupported: the device is no hash, or its state cannot be saved.
            Others: see :class:`~pycryptodev.Hash`.
        """
        self._check_class(AlgClass.HASH)
        return hash.restored(self._context, state)

    # Random number generators

    def random(self, size: int, *, additional: Buffer = b"", entropy: Buffer = b"") -> bytes:
        """Return random bytes.

        Args:
            size: how many bytes, 0 or more.
            additional: additional input, mixed in before the first byte where the generator takes
                any; at most max_key_bytes bytes.
            entropy: of a device with the caller's entropy, what the generator takes for this
                request, which is then not cut into pieces.

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
        self._generate(block, _structs.address(out), size, additional, entropy)
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
        self._generate(block, _structs.address(target), len(target), additional, b"")
        self._context.give(block)
        return len(target)

    def reseed(self, seed: Buffer = b"", *, entropy: Buffer = b"") -> None:
        """Seed the generator anew.

        Args:
            seed: info.seed_bytes bytes, any number if that is 0; empty = the kernel's entropy.
            entropy: of a device with the caller's entropy, what the generator takes instead of the
                kernel's.

        Raises:
            InvalidRequest: the generator does not take such a seed.
            NotSupported: the device is no generator.
            DeviceClosed: the device was closed.
        """
        held = _structs.readable(seed, "seed")
        held_entropy = _structs.readable(entropy, "entropy")
        block = self._context.take()
        self._context.execute(
            block,
            {
                "op": Op.RESEED,
                "src": _structs.address(held),
                "src_bytes": len(held),
                "dst": 0,
                "dst_bytes": 0,
                "entropy": _structs.start(held_entropy),
                "entropy_bytes": len(held_entropy),
            },
        )
        self._context.give(block)

    # Compression

    def compress(self, data: Buffer) -> bytes:
        """Compress a block, see docs/python.md for data of any length.

        Args:
            data: 1 to max_comp_bytes bytes.

        Returns:
            The block in the codec's own format: for "deflate" a raw stream (RFC 1951), for "zstd" a
            frame (RFC 8878), for "lz4" an LZ4 block, for "lzo" an LZO1X block.

        Raises:
            BufferTooSmall: the result would be longer than max_comp_bytes, as it may be of data
                that do not compress.
            InvalidRequest: data are empty.
            LimitReached: data are longer than one request takes.
            NotSupported: the device does not compress.
            DeviceClosed: the device was closed.
        """
        room = operations.compressed_bytes(len(_structs.readable(data)), self._context.comp_cap)
        return operations.produce(self._context, Op.COMPRESS, data, room)

    def compress_into(self, data: Buffer, out: Buffer) -> int:
        """Compress a block into a buffer.

        Args:
            data: see :meth:`compress`.
            out: writable buffer, of which no more than max_comp_bytes are used; it may be data's or
                overlap it. An error leaves it as it is.

        Returns:
            Bytes written.

        Raises:
            TypeError: out is read-only.
            BufferTooSmall: out is shorter; how much would do is not known (needed = 0).
            Others: see :meth:`compress`.
        """
        return operations.produce_into(self._context, Op.COMPRESS, data, out)

    def decompress(self, data: Buffer, *, most: int | None = None) -> bytes:
        """Decompress a block.

        Args:
            data: what :meth:`compress` gives, 1 to max_comp_bytes bytes.
            most: most bytes that it may expand to; None = max_comp_bytes, which is also the most
                that a request can give.

        Returns:
            The bytes that were compressed.

        Raises:
            ValueError: most is negative.
            CorruptInput: data are damaged or, as most codecs cannot tell, expand to more.
            BufferTooSmall: they expand to more.
            InvalidRequest: data are empty.
            LimitReached: data are longer than one request takes.
            NotSupported: the device does not compress.
            DeviceClosed: the device was closed.
        """
        return operations.produce(self._context, Op.DECOMPRESS, data, self._expanded(most))

    def decompress_into(self, data: Buffer, out: Buffer) -> int:
        """Decompress a block into a buffer.

        Args:
            data: see :meth:`decompress`.
            out: writable buffer, of which no more than max_comp_bytes are used; it may be data's or
                overlap it. An error leaves it as it is.

        Returns:
            Bytes written.

        Raises:
            TypeError: out is read-only.
            Others: see :meth:`decompress`.
        """
        return operations.produce_into(self._context, Op.DECOMPRESS, data, out)

    # Signatures

    def sign(self, digest: Buffer) -> bytes:
        """Sign the digest of a message; :mod:`pycryptodev.keys` takes the message itself.

        Args:
            digest: info.digest_bytes bytes; any length if that is 0.

        Returns:
            The signature.

        Raises:
            InvalidRequest: the digest has another length, or the device has a public key.
            NotSupported: the device does not sign.
            DeviceClosed: the device was closed.
        """
        return operations.produce(self._context, Op.SIGN, digest, self.info.output_bytes)

    def verify(self, signature: Buffer, digest: Buffer) -> None:
        """Hold a signature against the digest of a message.

        Args:
            signature: in the encoding of the algorithm, at most max_key_bytes bytes.
            digest: see :meth:`sign`.

        Raises:
            InvalidSignature: it is not one of this digest by this key.
            LimitReached: it is longer than max_key_bytes, or the digest is.
            InvalidRequest: the digest has another length.
            NotSupported: the device does not verify.
            DeviceClosed: the device was closed.
        """
        operations.verify(self._context, signature, digest)

    # Key agreement

    def public_key(self) -> bytes:
        """Return the public key of the device's private value, for the other side.

        Returns:
            At most info.output_bytes bytes: for DH a number, the most significant byte first; for
            ECDH the coordinates X, Y; for "curve25519" as RFC 7748 has it.

        Raises:
            NotSupported: the device agrees on no keys.
            DeviceClosed: the device was closed.
        """
        return operations.produce(self._context, Op.PUBLIC_KEY, None, self.info.output_bytes)

    def shared_secret(self, peer: Buffer) -> bytes:
        """Return the secret that the device shares with the owner of a public key.

        Args:
            peer: the public key, in the encoding of :meth:`public_key`.

        Returns:
            The secret, at most info.output_bytes bytes. It is not evenly distributed: derive keys
            from it (RFC 5869) and do not use it as one.

        Raises:
            InvalidRequest: peer has a wrong length, is out of range, not on the curve, or of small
                order.
            NotSupported: the device agrees on no keys.
            DeviceClosed: the device was closed.
        """
        return operations.produce(self._context, Op.SHARED_SECRET, peer, self.info.output_bytes)

    # Batches

    def run(self, batch: Iterable[Request], *, chain: bool = False) -> list[Result]:
        """Run many requests, in their order, in as few system calls as the driver allows.

        Args:
            batch: the requests. Each is executed whatever becomes of the others. Their data are not
                cut into pieces: what one request does not take fails with LimitReached.
            chain: when one fails, those behind it are not executed and get Cancelled.

        Returns:
            A result for each request.

        Raises:
            ValueError, TypeError: a request is wrong in itself; none has been run.
            CryptoDevError: the driver executed none of them.
            DeviceClosed: the device was closed.
        """
        return requests.run(self._context, batch, chain)

    def queue(self) -> Queue:
        """Return a queue for requests of this algorithm and key that nobody waits for.

        It is a context of its own, as that of :meth:`share`, and either may be closed first.

        Raises:
            Others: see :meth:`share`.
        """
        return Queue(self._context.share())

    def stream(self, batch: Iterable[Request], *, depth: int = 64) -> Iterator[Result]:
        """Run any number of requests, many of them at the same time.

        Args:
            batch: the requests, taken as they are needed. What a request reads and writes has to
                stay as it is until its result has come.
            depth: requests that are under way at the same time, at least 1.

        Yields:
            Their results, in their order.

        Raises:
            ValueError, TypeError: a request is wrong in itself, or depth is.
            Others: see :meth:`queue`.
        """
        with self.queue() as queue:
            yield from queue.stream(batch, depth=depth)

    # The object itself

    def __enter__(self) -> CryptoDevice:
        self._context.fileno()
        return self

    # How it is done

    def _crypt(self, op: Op, data: Buffer, iv: Buffer, assoc: Buffer) -> bytes:
        if self.info.alg_class == AlgClass.AKCIPHER:
            self._check_plain(iv, assoc)
            return operations.produce(self._context, op, data, self.info.output_bytes)
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
        if self.info.alg_class == AlgClass.AKCIPHER:
            self._check_plain(iv, assoc)
            return operations.produce_into(self._context, op, data, out)
        src = _structs.readable(data)
        text, size = self._sizes(op, len(src))
        dst = self._room(out, size)
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
        else:
            self._check_assoc(assoc)
        try:
            self._context.execute(block, fields)
        except LimitReached as refused:
            if not self._splits:
                raise self._too_long(text, refused) from None
            self._transform_in_pieces(block, op, src, text, dst)

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

    def _generate(
        self, block: _structs.Block, dst: int, size: int, additional: Buffer, entropy: Buffer
    ) -> None:
        held = _structs.readable(additional, "additional")
        held_entropy = _structs.readable(entropy, "entropy")

        def piece(at: int, piece_bytes: int) -> None:
            self._context.execute(
                block,
                {
                    "op": Op.GENERATE,
                    "src": 0 if at else _structs.address(held),
                    "src_bytes": 0 if at else len(held),
                    "dst": dst + at,
                    "dst_bytes": piece_bytes,
                    "entropy": _structs.start(held_entropy),
                    "entropy_bytes": len(held_entropy),
                },
            )

        if len(held_entropy):
            piece(0, size)
        else:
            self._context.in_pieces(size, 1, piece)
