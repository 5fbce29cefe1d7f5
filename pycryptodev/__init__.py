# SPDX-License-Identifier: MIT
"""Client of /dev/crypto, the Linux kernel's crypto API for user space.

:class:`CryptoDevice` is an algorithm with its key, :class:`AsyncCryptoDevice` the same for asyncio;
:func:`new` makes hash objects in the manner of
hashlib; :func:`algorithms`, :func:`loadable`, :func:`query` and :func:`driver_info` tell what the
machine has; :func:`set_priority` chooses the kernel's default implementation;
:mod:`pycryptodev.discovery` finds the node and watches it come and go.
"""

from ._context import NODE, ZERO_COPY_BYTES
from .algorithms import RegisteredAlgorithm, policy
from .asynchronous import AsyncCryptoDevice
from .device import CryptoDevice
from .enums import AlgClass, Feature, Op
from .errors import (
    AlgorithmNotFound,
    AmbiguousName,
    BadAddress,
    BufferTooSmall,
    Busy,
    Cancelled,
    CorruptInput,
    CryptoDevError,
    CryptoUserMissing,
    DeviceClosed,
    DeviceForbidden,
    DeviceMissing,
    EngineError,
    EngineGone,
    Interrupted,
    InvalidPadding,
    InvalidRequest,
    InvalidSignature,
    InvalidState,
    InvalidTag,
    KeyExpired,
    KeyForbidden,
    KeyRejected,
    KeyRevoked,
    LimitReached,
    NoKey,
    NotConfigured,
    NotPrivileged,
    NotSupported,
    OutOfMemory,
    PolicyError,
    Running,
    StreamLost,
    TimedOut,
    WouldBlock,
)
from .hash import Hash, new
from .info import Algorithm, DriverInfo
from .inventory import LoadableAlgorithm, algorithms, loadable
from .lookup import default_generator, driver_info, query
from .nonces import ccm_iv
from .priority import set_priority
from .queue import Pending, Queue
from .requests import Request, Result

__all__ = [
    "NODE",
    "ZERO_COPY_BYTES",
    "AlgClass",
    "Algorithm",
    "AlgorithmNotFound",
    "AmbiguousName",
    "AsyncCryptoDevice",
    "BadAddress",
    "BufferTooSmall",
    "Busy",
    "Cancelled",
    "CorruptInput",
    "CryptoDevError",
    "CryptoDevice",
    "CryptoUserMissing",
    "DeviceClosed",
    "DeviceForbidden",
    "DeviceMissing",
    "DriverInfo",
    "EngineError",
    "EngineGone",
    "Feature",
    "Hash",
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
    "LoadableAlgorithm",
    "NoKey",
    "NotConfigured",
    "NotPrivileged",
    "NotSupported",
    "Op",
    "OutOfMemory",
    "Pending",
    "PolicyError",
    "Queue",
    "RegisteredAlgorithm",
    "Request",
    "Result",
    "Running",
    "StreamLost",
    "TimedOut",
    "WouldBlock",
    "algorithms",
    "ccm_iv",
    "default_generator",
    "driver_info",
    "loadable",
    "new",
    "policy",
    "query",
    "set_priority",
]
