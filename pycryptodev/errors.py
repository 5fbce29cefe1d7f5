# SPDX-License-Identifier: MIT
"""Exceptions of /dev/crypto and the one table that turns an errno into one of them.

``TypeError`` and ``ValueError`` are left to what Python itself finds wrong with an argument;
everything that the kernel refuses is a :class:`CryptoDevError`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

from .enums import AlgClass

__all__ = [
    "AlgorithmNotFound",
    "AmbiguousName",
    "BadAddress",
    "BufferTooSmall",
    "Busy",
    "Cancelled",
    "CorruptInput",
    "CryptoDevError",
    "CryptoUserMissing",
    "DeviceClosed",
    "DeviceForbidden",
    "DeviceMissing",
    "EngineError",
    "EngineGone",
    "Interrupted",
    "InvalidPadding",
    "InvalidRequest",
    "InvalidSignature",
    "InvalidState",
    "InvalidTag",
    "KeyExpired",
    "KeyForbidden",
    "KeyRejected",
    "KeyRevoked",
    "LimitReached",
    "NoKey",
    "NotConfigured",
    "NotPrivileged",
    "NotSupported",
    "OutOfMemory",
    "PolicyError",
    "Running",
    "StreamLost",
    "TimedOut",
    "WouldBlock",
    "from_errno",
]


class CryptoDevError(OSError):
    """An operation on the device failed; ``errno`` is the kernel's."""


class PolicyError(CryptoDevError):
    """The administrator's policy refuses the algorithm."""


class AlgorithmNotFound(CryptoDevError):
    """The kernel has no such algorithm, or it did not pass its self-test."""


class NotConfigured(CryptoDevError):
    """The context was given no algorithm yet."""


class Busy(CryptoDevError):
    """The context has its algorithm already, or its hash stream is in use by another thread."""


class NotSupported(CryptoDevError):
    """This algorithm, this driver or this kernel does not offer the operation."""


class InvalidRequest(CryptoDevError):
    """The driver understood and refuses: most often a length that the algorithm does not take."""


class BadAddress(CryptoDevError):
    """A buffer lies where it cannot be read or written, such as behind the end of a mapped file."""


class BufferTooSmall(CryptoDevError):
    """The output does not fit into the buffer.

    Attributes:
        needed: bytes that the output takes; 0 where that cannot be known.
    """

    def __init__(self, *args: object, needed: int = 0) -> None:
        super().__init__(*args)
        self.needed = needed


class InvalidTag(CryptoDevError):
    """The authentication tag is wrong. Nothing was written, and there is nothing more to know."""


class InvalidPadding(CryptoDevError):
    """The ciphertext does not have the padding of RSAES-PKCS1-v1_5: damaged, or another key's.

    Who may try many ciphertexts and learns which of them raise this can decrypt messages of others
    (RFC 8017 section 7.2): do not pass the difference on.
    """


class InvalidState(CryptoDevError):
    """What should be a saved hash state is none that can be restored; nothing was changed.

    It was changed, or it is of another implementation, another key, or an earlier load of the
    driver.
    """


class InvalidSignature(CryptoDevError):
    """The signature is not one of this digest by this key, and there is nothing more to know."""


class CorruptInput(CryptoDevError):
    """The compressed data are damaged or, as most codecs cannot tell, do not fit when expanded."""


class NoKey(CryptoDevError):
    """The algorithm needs a key and was given none, or the keyring has none of that serial."""


class KeyExpired(CryptoDevError):
    """The key of the keyring has expired."""


class KeyRevoked(CryptoDevError):
    """The key of the keyring was revoked."""


class KeyRejected(CryptoDevError):
    """The key of the keyring is a negative one: whoever was asked for it refused."""


class KeyForbidden(CryptoDevError):
    """The caller may not search for the key of the keyring."""


class LimitReached(CryptoDevError):
    """More than a limit of :class:`~pycryptodev.DriverInfo` allows."""


class StreamLost(CryptoDevError):
    """An earlier operation on the hash stream failed; the hash has to be started anew."""


class Interrupted(CryptoDevError):
    """A signal ended the operation."""


class OutOfMemory(CryptoDevError):
    """The kernel has no memory for this."""


class Cancelled(CryptoDevError):
    """The request was cancelled, or another process submitted it."""


class Running(CryptoDevError):
    """The algorithm has the request already: it can no longer be cancelled."""


class WouldBlock(CryptoDevError):
    """The call would have to wait, and the descriptor is non-blocking."""


class TimedOut(CryptoDevError, TimeoutError):
    """The time to wait ran out."""


class EngineGone(CryptoDevError):
    """The crypto engine was unplugged or unbound."""


class EngineError(CryptoDevError):
    """Any other error of the algorithm's driver."""


class DeviceClosed(CryptoDevError):
    """The object was closed."""

    def __init__(self, message: str = "the device is closed") -> None:
        super().__init__(errno.EBADF, message)

    # Exceptions cross to other processes and are copied: with the arguments of their own class.
    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.strerror,)


class _Unavailable(CryptoDevError):
    """Something has to be done about the machine or the user first.

    Attributes:
        hint: the command that helps.
    """

    def __init__(self, error_number: int, message: str, path: str, hint: str) -> None:
        super().__init__(error_number, message, path)
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.errno, self.strerror, self.filename, self.hint)


class DeviceMissing(_Unavailable):
    """There is no node: the driver's module is not loaded. ``hint`` has the command that helps."""


class DeviceForbidden(_Unavailable):
    """The user is not in the node's group. ``hint`` has the command that helps."""


class CryptoUserMissing(_Unavailable):
    """The kernel's netlink interface of the crypto API is not there; ``hint`` has what helps."""


class NotPrivileged(_Unavailable):
    """The caller lacks the capability; ``hint`` has what helps."""


class AmbiguousName(ValueError):
    """Algorithms of more than one class have the name; ``alg_class`` has to say which is meant.

    Attributes:
        name: the name.
        choices: the classes that have it.
    """

    def __init__(self, name: str, choices: Iterable[AlgClass]) -> None:
        self.name = name
        self.choices = tuple(choices)
        listed = ", ".join(f"AlgClass.{choice.name}" for choice in self.choices)
        super().__init__(f"{name!r} is the name of more than one algorithm; pass one of {listed}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.name, self.choices)


ERRORS: dict[int, tuple[type[CryptoDevError], str]] = {
    errno.EPERM: (
        PolicyError,
        "the administrator's policy refuses the algorithm, or this takes CAP_SYS_ADMIN",
    ),
    errno.ENOENT: (AlgorithmNotFound, "no such algorithm, or it did not pass its self-test"),
    errno.ENOTCONN: (NotConfigured, "the context has not been configured"),
    errno.EBUSY: (Busy, "configured already, or another operation on the hash stream is under way"),
    errno.EALREADY: (Running, "the request is running and cannot be cancelled"),
    errno.ECANCELED: (Cancelled, "the request was cancelled, or is not this process's"),
    errno.EAGAIN: (WouldBlock, "the call would have to wait"),
    errno.ETIME: (TimedOut, "the time to wait ran out"),
    errno.ENOTTY: (NotSupported, "the driver does not know this operation"),
    errno.EINVAL: (InvalidRequest, "the algorithm does not take such a length or value"),
    errno.E2BIG: (
        NotSupported,
        "the driver is older and does not know what was asked for",
    ),
    errno.EOPNOTSUPP: (NotSupported, "not offered by this algorithm or this kernel"),
    errno.EFAULT: (BadAddress, "a buffer cannot be read or written"),
    errno.EMSGSIZE: (BufferTooSmall, "the output does not fit into the buffer"),
    errno.EOVERFLOW: (InvalidRequest, "the lengths do not add up in 32 bits"),
    errno.EBADMSG: (InvalidTag, "the authentication tag is wrong"),
    errno.EKEYREJECTED: (KeyRejected, "the key of the keyring is a negative one"),
    errno.EILSEQ: (CorruptInput, "the compressed data are corrupt, or do not fit when expanded"),
    errno.ENOKEY: (NoKey, "the algorithm needs a key, or the keyring has none of that serial"),
    errno.EKEYEXPIRED: (KeyExpired, "the key of the keyring has expired"),
    errno.EKEYREVOKED: (KeyRevoked, "the key of the keyring was revoked"),
    errno.EACCES: (KeyForbidden, "the key of the keyring may not be searched for"),
    errno.EDQUOT: (LimitReached, "a limit of the driver has been reached"),
    errno.ESTALE: (StreamLost, "an earlier operation on the hash stream failed"),
    errno.EINTR: (Interrupted, "a signal ended the operation"),
    errno.ENOMEM: (OutOfMemory, "the kernel is out of memory"),
    errno.ENODEV: (EngineGone, "the engine is gone"),
    errno.EIO: (EngineError, "the algorithm's driver failed"),
}
"""The one table: class and meaning of every errno of the device."""

_OF_REQUESTS: dict[tuple[int, AlgClass], tuple[type[CryptoDevError], str]] = {
    (errno.EBADMSG, AlgClass.AKCIPHER): (InvalidPadding, "the padding is wrong"),
    (errno.EBADMSG, AlgClass.HASH): (
        InvalidState,
        "no state that this load of the driver saved of this implementation and key",
    ),
    (errno.EKEYREJECTED, AlgClass.SIG): (InvalidSignature, "the signature does not verify"),
}
"""Where a request of a class means something else by an errno."""


def from_errno(
    number: int, detail: str = "", *, needed: int = 0, alg_class: AlgClass | None = None
) -> CryptoDevError:
    """Return the exception for an error of the device.

    Args:
        number: positive errno.
        detail: what failed, put in front of the errno's meaning.
        needed: for EMSGSIZE, bytes that the output takes; 0 where that cannot be known.
        alg_class: the class whose request failed; None = no request did.

    Returns:
        An instance of the class that the table has for the errno, or of CryptoDevError for one
        that a newer driver may have added.
    """
    kind, meaning = ERRORS.get(number, (CryptoDevError, os.strerror(number)))
    if alg_class is not None:
        kind, meaning = _OF_REQUESTS.get((number, alg_class), (kind, meaning))
    message = f"{detail}: {meaning}" if detail else meaning
    if kind is BufferTooSmall:
        return BufferTooSmall(number, message, needed=needed)
    return kind(number, message)
