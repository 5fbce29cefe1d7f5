# SPDX-License-Identifier: MIT
"""What devices have in common, whether one waits for their requests or awaits them."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from . import _structs
from ._context import NODE, Context, Setup
from .enums import AlgClass, Op
from .errors import CryptoDevError, LimitReached, from_errno
from .info import Algorithm

if TYPE_CHECKING:
    from typing_extensions import Buffer, Self

    from ._structs import CData


class Device:
    """A configured context, as long as it is open.

    Attributes:
        info: the algorithm that the kernel chose.
    """

    def __init__(
        self,
        name: str,
        *,
        key: Buffer | None = None,
        alg_class: AlgClass | None = None,
        auth_key: Buffer | None = None,
        tag_bytes: int = 0,
        key_serial: int | None = None,
        private: bool = False,
        generate: bool = False,
        key_params: Buffer | None = None,
        dh_p: Buffer | None = None,
        dh_g: Buffer | None = None,
        entropy: bool = False,
        layout: bool = False,
        zero_copy: bool | None = None,
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
            key_serial: in the place of key, serial number of a key of the kernel's keyring, of type
                user, logon, encrypted or trusted; its payload is the key. The caller needs search
                permission for it. Not for algorithms whose output would give the key away, such as
                "dh"; for ECDH exactly as long as the curve's order, for "ffdhe...(dh)" 32 bytes at
                least.
            private: AKCIPHER and SIG: key, or the key of the keyring, is a private key.
            generate: KPP: in the place of key, the kernel makes a private value, which never leaves
                it.
            key_params: "ecrdsa": DER of the parameters of the key.
            dh_p: "dh": the prime, the most significant byte first.
            dh_g: "dh": the generator, likewise.
            entropy: RNG: the caller gives the generator its entropy in every request, for tests
                with published vectors; takes CAP_SYS_ADMIN.
            layout: let the driver keep the shape of the buffers, for the validation of
                implementations; see DEVCRYPTO_CONFIG_LAYOUT. Only :meth:`run` shows it IVs where
                the caller has them.
            zero_copy: whether ciphers, AEADs and hashes may work on the caller's buffers where they
                are, without a copy. It is a permission: the driver copies what it cannot pin (what
                goes beyond RLIMIT_MEMLOCK, for example) and every AEAD decryption;
                :attr:`Result.zero_copy` tells. None = for requests of ZERO_COPY_BYTES or more,
                False = never. Then a buffer must not change until its request has ended, output is
                written as it is made, and of a request that fails the output may be anything.
            path: the node.

        Raises:
            AlgorithmNotFound: the kernel has no such algorithm.
            AmbiguousName: more than one class has the name; lists them.
            PolicyError: the policy does not list the name.
            NoKey: the algorithm needs a key, or the keyring has none of that serial number.
            KeyExpired, KeyRevoked, KeyRejected, KeyForbidden: what the keyring says of its key.
            NotSupported: the algorithm takes no key from the keyring, or not such a one.
            InvalidRequest: it does not take such a key or tag.
            ValueError: the name is none, or tag_bytes or key_serial is out of range.
            LimitReached: the key is too long, or the user has too many contexts.
            DeviceMissing, DeviceForbidden: the node cannot be opened.
        """
        context = Context(path)
        try:
            context.configure(
                name,
                alg_class,
                Setup(
                    key=key,
                    auth_key=auth_key,
                    key_serial=key_serial,
                    key_params=key_params,
                    dh_p=dh_p,
                    dh_g=dh_g,
                    tag_bytes=tag_bytes,
                    layout=layout,
                    private=private,
                    generate=generate,
                    entropy=entropy,
                    zero_copy=zero_copy,
                ),
            )
        except BaseException:
            context.close()
            raise
        self._begin(context, layout)

    def _begin(self, context: Context, layout: bool) -> None:
        self._context = context
        self._layout = layout
        self.info: Algorithm = context.algorithm
        self._is_aead = self.info.alg_class == AlgClass.AEAD
        # With its layout kept a request is for looking at as it is.
        self._splits = not layout and (self.info.chains or self.info.alg_class == AlgClass.HASH)

    def share(self) -> Self:
        """Return another device with the same algorithm and key.

        The kernel has the key once, and nobody sees it again. The new device has its own requests
        and counts as a context of its own; either may be closed first.

        Raises:
            PolicyError: the policy does not list the name any more.
            NotSupported: the caller gives this generator its entropy.
            LimitReached: the user has too many contexts.
            DeviceClosed: the device was closed.
        """
        shared = type(self).__new__(type(self))
        shared._begin(self._context.share(), self._layout)
        return shared

    def close(self) -> None:
        """Close the device; a second time does nothing."""
        self._context.close()

    def fileno(self) -> int:
        """Return the descriptor of the open node.

        Raises:
            DeviceClosed: the device was closed.
        """
        return self._context.fileno()

    def __bool__(self) -> bool:
        """Return whether the device is open."""
        return self._context.fd >= 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.info.driver}{'' if self else ', closed'}>"

    # What both find wrong with arguments

    def _check_iv(self, iv: Buffer) -> None:
        wanted = self.info.iv_bytes
        if len(_structs.readable(iv, "iv")) != wanted:
            raise _structs.wrong_iv(iv, wanted)

    def _check_assoc(self, assoc: Buffer) -> None:
        if assoc != b"" and not self._is_aead:
            raise ValueError(f"{self.info.name} takes no associated data")

    def _check_plain(self, iv: Buffer, assoc: Buffer) -> None:
        if iv != b"" or assoc != b"":
            raise ValueError(f"{self.info.name} takes no IV and no associated data")

    def _sizes(self, op: Op, size: int) -> tuple[int, int]:
        """Return the bytes of text and of output for an input of this size."""
        tag = self.info.tag_bytes
        if op is Op.ENCRYPT:
            return size, size + tag
        if size < tag:
            raise from_errno(errno.EBADMSG)
        return size - tag, size - tag

    def _room(self, out: Buffer, size: int) -> CData:
        """Return the memory of a buffer that an output has to fit into."""
        target = _structs.writable(out)
        if len(target) < size:
            raise from_errno(errno.EMSGSIZE, "out", needed=size)
        return target

    def _too_long(self, text: int, refused: LimitReached) -> CryptoDevError:
        """Return the error of a text that was refused and cannot go in pieces."""
        cap = self._context.driver_info().max_request_bytes
        if text <= cap:
            return refused
        return from_errno(
            errno.EDQUOT,
            f"{text} bytes are more than the {cap} of one request, and "
            f"{self.info.name} cannot go on from one request to the next",
        )

    def _expanded(self, most: int | None) -> int:
        """Return the room for what a block expands to."""
        cap = self._context.comp_cap
        if most is None:
            return cap
        if most < 0:
            raise ValueError("most is negative")
        return min(most, cap)

    def _check_class(self, alg_class: AlgClass) -> None:
        self._context.fileno()
        if self.info.alg_class != alg_class:
            what = f"a {alg_class.name.lower()} with {self.info.name}"
            raise from_errno(errno.EOPNOTSUPP, what)
