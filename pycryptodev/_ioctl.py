# SPDX-License-Identifier: MIT
"""The ioctls of the device: one function each, no policy.

The structures of the calls are at most 1024 bytes, so fcntl.ioctl() works on its own copy of them
and releases the GIL; what they point to is never copied here.
"""

from __future__ import annotations

import errno
import fcntl
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import ioctl_opt

from . import _structs
from ._abi import ffi, lib
from .errors import Running, from_errno

if TYPE_CHECKING:
    from _cffi_backend import FFI
    from typing_extensions import Buffer


class HasFileno(Protocol):
    """An open file, in the manner of io.FileIO."""

    def fileno(self) -> int:
        """Return the descriptor."""


FDLike: TypeAlias = "int | HasFileno"


class CallStructure(Protocol):
    """Requests in C memory with the structure of a call that names them."""

    call: FFI.buffer


def _number(nr: int, structure: str) -> int:
    direction = ioctl_opt.IOC_READ | ioctl_opt.IOC_WRITE
    number: int = ioctl_opt.IOC(direction, lib.DEVCRYPTO_IOC_TYPE, nr, ffi.sizeof(structure))
    return number


IOC_INFO = _number(0x00, "struct devcrypto_info")
IOC_CONFIG = _number(0x01, "struct devcrypto_config")
IOC_RUN = _number(0x02, "struct devcrypto_run")
IOC_SUBMIT = _number(0x03, "struct devcrypto_submit")
IOC_CANCEL = _number(0x04, "struct devcrypto_cancel")
IOC_EVENTFD = _number(0x05, "struct devcrypto_eventfd")

# No ioctl, but a command of io_uring.
URING_REQUEST = _number(0x10, "struct devcrypto_uring")

# What ends DEVCRYPTO_IOC_SUBMIT before anything has happened, and is no failure.
_NOTHING_YET = (errno.EAGAIN, errno.ETIME, errno.EINTR)


def _call(fd: FDLike, number: int, structure: FFI.buffer, detail: str = "") -> int:
    """Call the ioctl, again after a signal that ended it before it had an effect (PEP 475)."""
    while True:
        try:
            result: int = fcntl.ioctl(fd, number, structure)
        except InterruptedError:
            continue
        except OSError as error:
            raise from_errno(error.errno or 0, detail) from None
        return result


def info(fd: FDLike) -> dict[str, Any]:
    """DEVCRYPTO_IOC_INFO: return the fields of struct devcrypto_info."""
    structure = ffi.new("struct devcrypto_info *")
    _call(fd, IOC_INFO, ffi.buffer(structure))
    return _structs.plain(structure)


def config(
    fd: FDLike,
    name: str,
    alg_class: int,
    *,
    key: Buffer = b"",
    auth_key: Buffer = b"",
    key_params: Buffer = b"",
    dh_p: Buffer = b"",
    dh_g: Buffer = b"",
    tag_bytes: int = 0,
    source: int = 0,
    key_serial: int = 0,
    flags: int = 0,
) -> dict[str, Any]:
    """DEVCRYPTO_IOC_CONFIG: return the out_ fields of struct devcrypto_config, less the prefix.

    Raises:
        ValueError: a number does not fit into its field.
        LimitReached: the length of a buffer does not.
    """
    fields: dict[str, Any] = {
        "alg_class": alg_class,
        "flags": flags,
        "name": name.encode("ascii"),
        "tag_bytes": tag_bytes,
        "source": source,
        "key_serial": key_serial,
    }
    operands = {
        "key": key,
        "auth_key": auth_key,
        "key_params": key_params,
        "dh_p": dh_p,
        "dh_g": dh_g,
    }
    held = {field: _structs.readable(buffer, field) for field, buffer in operands.items()}
    for field, memory in held.items():
        if len(memory) > _structs.MOST_BYTES:
            raise _structs.too_long()
        fields[field] = _structs.start(memory)
        fields[f"{field}_bytes"] = len(memory)
    try:
        structure = ffi.new("struct devcrypto_config *", fields)
    except OverflowError as error:
        raise ValueError(f"out of range: {error}") from None
    _call(fd, IOC_CONFIG, ffi.buffer(structure), name)
    prefix = "out_"
    return {
        field[len(prefix) :]: value
        for field, value in _structs.plain(structure).items()
        if field.startswith(prefix)
    }


def run(fd: FDLike, requests: CallStructure) -> int:
    """DEVCRYPTO_IOC_RUN: return the number of requests that were executed."""
    return _call(fd, IOC_RUN, requests.call)


def submit(fd: FDLike, requests: CallStructure) -> None:
    """DEVCRYPTO_IOC_SUBMIT; the structure says what happened, which may be nothing.

    A signal ends it, so that its handler runs and the caller looks at the time anew.
    """
    try:
        fcntl.ioctl(fd, IOC_SUBMIT, requests.call)
    except OSError as error:
        if error.errno not in _NOTHING_YET:
            raise from_errno(error.errno or 0) from None


def cancel(fd: FDLike, user_data: int | None) -> tuple[int, int]:
    """DEVCRYPTO_IOC_CANCEL: return how many requests were cancelled and how many are running.

    Args:
        fd: the node.
        user_data: of the requests; None = all of the context.
    """
    fields = {
        "user_data": user_data or 0,
        "flags": lib.DEVCRYPTO_CANCEL_ALL if user_data is None else 0,
    }
    structure: Any = ffi.new("struct devcrypto_cancel *", fields)
    with suppress(Running):
        _call(fd, IOC_CANCEL, ffi.buffer(structure))
    return structure.out_cancelled, structure.out_running


def eventfd(fd: FDLike, signalled: FDLike | None) -> None:
    """DEVCRYPTO_IOC_EVENTFD: signal completions.

    Args:
        fd: the node.
        signalled: an eventfd; None = none any more.
    """
    descriptor = -1 if signalled is None else _descriptor(signalled)
    _call(fd, IOC_EVENTFD, ffi.buffer(ffi.new("struct devcrypto_eventfd *", {"fd": descriptor})))


def _descriptor(file: FDLike) -> int:
    return file if isinstance(file, int) else file.fileno()
