# SPDX-License-Identifier: MIT
"""The ioctls of the device: one function each, no policy.

The structures of the calls are at most 1024 bytes, so fcntl.ioctl() works on its own copy of them
and releases the GIL; what they point to is never copied here.
"""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import ioctl_opt

from . import _structs
from ._abi import ffi, lib
from .errors import from_errno

if TYPE_CHECKING:
    from _cffi_backend import FFI
    from typing_extensions import Buffer


class HasFileno(Protocol):
    """An open file, in the manner of io.FileIO."""

    def fileno(self) -> int:
        """Return the descriptor."""


FDLike: TypeAlias = "int | HasFileno"


class RunStructure(Protocol):
    """Requests in C memory with the struct devcrypto_run that names them."""

    call: FFI.buffer


def _number(nr: int, structure: str) -> int:
    direction = ioctl_opt.IOC_READ | ioctl_opt.IOC_WRITE
    number: int = ioctl_opt.IOC(direction, lib.DEVCRYPTO_IOC_TYPE, nr, ffi.sizeof(structure))
    return number


IOC_INFO = _number(0x00, "struct devcrypto_info")
IOC_CONFIG = _number(0x01, "struct devcrypto_config")
IOC_RUN = _number(0x02, "struct devcrypto_run")


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
    """DEVCRYPTO_IOC_CONFIG: return the out_ fields of struct devcrypto_config, less the prefix."""
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
        fields[field] = _structs.start(memory)
        fields[f"{field}_bytes"] = len(memory)
    structure = ffi.new("struct devcrypto_config *", fields)
    _call(fd, IOC_CONFIG, ffi.buffer(structure), name)
    prefix = "out_"
    return {
        field[len(prefix) :]: value
        for field, value in _structs.plain(structure).items()
        if field.startswith(prefix)
    }


def run(fd: FDLike, requests: RunStructure) -> int:
    """DEVCRYPTO_IOC_RUN: return the number of requests that were executed."""
    return _call(fd, IOC_RUN, requests.call)
