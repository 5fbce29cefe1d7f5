# SPDX-License-Identifier: MIT
"""An open node: one context of the driver, and the requests that go through it."""

from __future__ import annotations

import errno
import grp
import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import _ioctl
from ._abi import lib
from ._structs import Block
from .algorithms import PROC_CRYPTO, registered_classes
from .enums import AlgClass
from .errors import (
    AlgorithmNotFound,
    AmbiguousName,
    DeviceClosed,
    DeviceForbidden,
    DeviceMissing,
    LimitReached,
    from_errno,
)
from .info import Algorithm, DriverInfo

if TYPE_CHECKING:
    from typing_extensions import Buffer

NODE = "/dev/crypto"
"""The node."""

_SMALLEST_PIECE_BYTES = 4096


def _open(path: str) -> io.FileIO:
    try:
        return io.FileIO(path, "r+")
    except OSError as error:
        number = error.errno or 0
        if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
            raise DeviceMissing(number, "module not loaded", path, "modprobe devcrypto") from None
        if number in (errno.EACCES, errno.EPERM):
            group = _group(path)
            raise DeviceForbidden(
                number,
                f"not in group {group}",
                path,
                f"usermod -a -G {group} $USER",
            ) from None
        raise from_errno(number, path) from None


def _group(path: str) -> str:
    """Return the name of the group that may use a node: its own, or the one of the udev rule."""
    try:
        gid = Path(path).stat().st_gid
        return grp.getgrgid(gid).gr_name if gid else "crypto"
    except (OSError, KeyError):
        return "crypto"


def _check_name(name: str) -> None:
    if not name.isascii() or "\0" in name:
        raise ValueError(f"{name!r} is no name of the crypto API")
    if len(name) >= lib.DEVCRYPTO_NAME_BYTES:
        raise ValueError(f"a name has less than {lib.DEVCRYPTO_NAME_BYTES} characters")


def _registered(name: str) -> list[AlgClass]:
    return registered_classes(PROC_CRYPTO.read_text(encoding="ascii"), name)


def only_class(name: str, classes: Sequence[AlgClass]) -> AlgClass:
    """Return the one class that has a name.

    Raises:
        AlgorithmNotFound: there is none.
        AmbiguousName: there are more.
    """
    if not classes:
        raise from_errno(errno.ENOENT, name)
    if len(classes) > 1:
        raise AmbiguousName(name, classes)
    return classes[0]


class Context:
    """An open node.

    Attributes:
        fd: its descriptor, -1 once closed.
        cap: most bytes of a request, when the context was configured.
        max_batch: most requests in a call.

    Synchronization: threads may share a context; close() is for when they are done.
    """

    __slots__ = ("_blocks", "_file", "_iv_bytes", "_tag_bytes", "cap", "fd", "max_batch")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = _open(os.fspath(path))
        self.fd = self._file.fileno()
        self._blocks: list[Block] = []
        self._iv_bytes = 0
        self._tag_bytes = 0
        self.cap = 0
        self.max_batch = 0

    def close(self) -> None:
        """Close the node; a second time does nothing."""
        self.fd = -1
        self._blocks.clear()
        self._file.close()

    def fileno(self) -> int:
        """Return the descriptor.

        Raises:
            DeviceClosed: there is none any more.
        """
        if self.fd < 0:
            raise DeviceClosed
        return self.fd

    def driver_info(self) -> DriverInfo:
        """Ask the driver for its limits."""
        return DriverInfo.read(self.fileno())

    def query(self, name: str, alg_class: AlgClass | None) -> Algorithm:
        """Look a name up, in one class or in the one that has it."""
        _check_name(name)
        return self._query(name, self._find_class(name) if alg_class is None else alg_class)

    def _find_class(self, name: str) -> AlgClass:
        # To ask for a class that a name does not have makes the kernel try to load modules for it,
        # which may well register the name in its own class: look there before each question.
        found = []
        for candidate in self.driver_info().classes:
            if classes := _registered(name):
                return only_class(name, classes)
            try:
                self._query(name, candidate)
            except AlgorithmNotFound:
                continue
            found.append(candidate)
        return only_class(name, _registered(name) or found)

    def _query(self, name: str, alg_class: AlgClass) -> Algorithm:
        raw = _ioctl.config(self.fileno(), name, alg_class, flags=lib.DEVCRYPTO_CONFIG_QUERY)
        return Algorithm.from_config(alg_class, raw)

    def configure(
        self,
        name: str,
        alg_class: AlgClass | None,
        key: Buffer,
        auth_key: Buffer = b"",
        tag_bytes: int = 0,
        layout: bool = False,
    ) -> Algorithm:
        """Give the context its algorithm."""
        _check_name(name)
        info = self.driver_info()
        self.cap = info.max_request_bytes
        self.max_batch = info.max_batch
        chosen = self._find_class(name) if alg_class is None else alg_class
        algorithm = Algorithm.from_config(
            chosen,
            _ioctl.config(
                self.fileno(),
                name,
                chosen,
                key=key,
                auth_key=auth_key,
                tag_bytes=tag_bytes,
                flags=lib.DEVCRYPTO_CONFIG_LAYOUT if layout else 0,
            ),
        )
        self._iv_bytes = algorithm.iv_bytes
        self._tag_bytes = algorithm.tag_bytes
        return algorithm

    def take(self) -> Block:
        """Take a request block out of the context's store; give() puts it back."""
        try:
            return self._blocks.pop()
        except IndexError:
            return Block(self._iv_bytes, self._tag_bytes)

    def give(self, block: Block) -> None:
        """Put a block back whose result has been read."""
        self._blocks.append(block)

    def execute(self, block: Block, fields: Mapping[str, int]) -> int:
        """Run a block's request with these fields.

        Returns:
            The bytes written to its destination.

        Raises:
            CryptoDevError: the request failed.
        """
        fd = self.fd
        if fd < 0:
            raise DeviceClosed
        block.put(fields)
        _ioctl.run(fd, block)
        error, written = block.result()
        if error:
            raise from_errno(-error, needed=written)
        return written

    def in_pieces(self, total: int, multiple: int, piece: Callable[[int, int], None]) -> None:
        """Do something with total bytes, in pieces that one request takes.

        A piece that is refused for its length is tried again in halves: the administrator may
        lower the cap at any time, and the user's other requests share its memory.

        Args:
            total: bytes in all; piece() is called once if it is 0.
            multiple: every piece but the last has a multiple of this many bytes.
            piece: called with offset and size of a piece, one after the other.

        Raises:
            LimitReached: the smallest piece was refused.
        """
        at, most = 0, self.cap
        while True:
            size = min(total - at, most - most % multiple)
            try:
                piece(at, size)
            except LimitReached:
                if size <= _SMALLEST_PIECE_BYTES:
                    raise
                most = max(size // 2, _SMALLEST_PIECE_BYTES)
                continue
            at += size
            if at == total:
                return
