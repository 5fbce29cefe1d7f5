# SPDX-License-Identifier: MIT
"""Which implementation a generic name takes: priorities, by the crypto API's netlink interface.

Source: include/uapi/linux/cryptouser.h and include/uapi/linux/netlink.h of the kernel.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator

from .errors import (
    AlgorithmNotFound,
    CryptoDevError,
    CryptoUserMissing,
    NotPrivileged,
    from_errno,
)

__all__ = ["MAX_PRIORITY", "priority", "set_priority"]

MAX_PRIORITY = 2**31 - 1
"""The kernel compares priorities as signed numbers of 32 bits."""

_NETLINK_CRYPTO = 21
_NLM_F_REQUEST = 0x1
_NLM_F_ACK = 0x4
_NLMSG_ERROR = 0x2
_MSG_UPDATEALG = 0x12
_MSG_GETALG = 0x13
_ATTRIBUTE_PRIORITY = 1

_HEADER = struct.Struct("=IHHII")
"""struct nlmsghdr: length, type, flags, sequence number, port."""
_ATTRIBUTE = struct.Struct("=HH")
"""struct nlattr: length, type."""
_ALGORITHM = struct.Struct("=64s64s64sIIII")
"""struct crypto_user_alg: generic name, driver name, module, type, mask, references, flags."""
_NAME_BYTES = 64
_REPLY_BYTES = 1 << 16

_HINT_LOAD = "modprobe crypto_user (a kernel without CONFIG_CRYPTO_USER has no such module)"


def priority(driver: str) -> int:
    """Return the priority of a registered implementation.

    Args:
        driver: its driver name.

    Raises:
        AlgorithmNotFound: none of that name is registered.
        CryptoUserMissing: the kernel does not have the netlink interface, or has not loaded it.
    """
    with _connect() as connection:
        return _priority(connection, driver)


def set_priority(driver: str, value: int) -> int:
    """Give a registered implementation another priority, until it is unregistered.

    A generic name takes the implementation with the highest priority. Contexts that are open keep
    theirs, and so do all other users in the kernel; instances of templates that are made from the
    implementation, such as "cbc(aes-generic)" from "aes-generic", are made anew when they are asked
    for.

    Args:
        driver: its driver name.
        value: 0 to MAX_PRIORITY.

    Returns:
        The priority that it had.

    Raises:
        ValueError: the value or the name is out of range.
        AlgorithmNotFound: none of that name is registered.
        NotPrivileged: the caller does not have CAP_NET_ADMIN.
        CryptoUserMissing: the kernel does not have the netlink interface, or has not loaded it.
    """
    if not 0 <= value <= MAX_PRIORITY:
        raise ValueError(f"a priority is 0 to {MAX_PRIORITY}, not {value}")
    attribute = _ATTRIBUTE.pack(_ATTRIBUTE.size + 4, _ATTRIBUTE_PRIORITY) + struct.pack("=I", value)
    with _connect() as connection:
        before = _priority(connection, driver)
        _ask(connection, _MSG_UPDATEALG, _NLM_F_ACK, driver, attribute)
        return before


def _connect() -> socket.socket:
    try:
        return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_CRYPTO)
    except OSError as error:
        number = error.errno or 0
        if number in (errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT):
            raise CryptoUserMissing(
                number, "the kernel's netlink interface is not there", "NETLINK_CRYPTO", _HINT_LOAD
            ) from None
        raise from_errno(number, "NETLINK_CRYPTO") from None


def _priority(connection: socket.socket, driver: str) -> int:
    answer = _ask(connection, _MSG_GETALG, 0, driver)
    for kind, value in _attributes(answer[_ALGORITHM.size :]):
        if kind == _ATTRIBUTE_PRIORITY:
            (number,) = struct.unpack("=i", value)
            return int(number)
    raise from_errno(errno.EIO, driver)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            return
        yield kind, data[_ATTRIBUTE.size : length]
        # The next one begins at a multiple of 4.
        data = data[length + -length % 4 :]


def _ask(
    connection: socket.socket, kind: int, flags: int, driver: str, attributes: bytes = b""
) -> bytes:
    """Send one message about an implementation and return what stands behind the answer's header.

    Raises:
        CryptoDevError: the kernel refuses.
    """
    name = driver.encode("ascii")
    if not 0 < len(name) < _NAME_BYTES or b"\0" in name:
        raise ValueError(f"the kernel's interface takes no driver name such as {driver!r}")
    body = _ALGORITHM.pack(b"", name, b"", 0, 0, 0, 0) + attributes
    header = _HEADER.pack(_HEADER.size + len(body), kind, flags | _NLM_F_REQUEST, 1, 0)
    connection.send(header + body)
    answer = connection.recv(_REPLY_BYTES)
    length, answered, *_ = _HEADER.unpack_from(answer)
    content = answer[_HEADER.size : length]
    if answered == _NLMSG_ERROR:
        (code,) = struct.unpack_from("=i", content)
        if code:
            raise _error(-code, driver)
    return content


def _error(number: int, driver: str) -> CryptoDevError:
    if number in (errno.EPERM, errno.EACCES):
        return NotPrivileged(
            number, "a priority is changed by CAP_NET_ADMIN", driver, "the same as root"
        )
    if number == errno.ENOENT:
        return AlgorithmNotFound(number, f"{driver}: no implementation of that name is registered")
    return CryptoDevError(number, os.strerror(number), driver)
