# SPDX-License-Identifier: MIT
"""An open node: one context of the driver, and the requests that go through it."""

from __future__ import annotations

import errno
import grp
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import _ioctl
from ._abi import lib
from ._structs import Block
from .algorithms import PROC_CRYPTO, registered_classes
from .enums import AlgClass, Feature
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

ZERO_COPY_BYTES = 64 << 10
"""The driver is asked for zero copy by requests of so many bytes, if the device does not say
otherwise: with less it is more work to pin the pages than to copy what is in them."""

_SMALLEST_PIECE_BYTES = 4096
_ZERO_COPY_CLASSES = (AlgClass.SKCIPHER, AlgClass.AEAD, AlgClass.HASH)
_NEVER = 1 << 64


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
                f"usermod -a -G {group} $USER, and log in again",
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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Setup:
    """What a context is configured with besides a name: the operands of DEVCRYPTO_IOC_CONFIG."""

    key: Buffer | None = None
    auth_key: Buffer | None = None
    key_serial: int | None = None
    key_params: Buffer | None = None
    dh_p: Buffer | None = None
    dh_g: Buffer | None = None
    tag_bytes: int = 0
    layout: bool = False
    private: bool = False
    generate: bool = False
    entropy: bool = False
    zero_copy: bool | None = None

    def flags(self) -> int:
        """Return the flags of the header."""
        wanted = {
            lib.DEVCRYPTO_CONFIG_LAYOUT: self.layout,
            lib.DEVCRYPTO_CONFIG_KEYRING: self.key_serial is not None,
            lib.DEVCRYPTO_CONFIG_PRIVATE: self.private,
            lib.DEVCRYPTO_CONFIG_GENERATE: self.generate,
            lib.DEVCRYPTO_CONFIG_ENTROPY: self.entropy,
        }
        return sum(flag for flag, is_wanted in wanted.items() if is_wanted)


class Context:
    """An open node.

    Attributes:
        path: the node.
        fd: its descriptor, -1 once closed.
        algorithm: of a configured context, what the kernel chose.
        cap: most bytes of a request, when the context was configured.
        comp_cap: compression: most bytes of a request's source, and of its output.
        max_batch: most requests in a call.
        zero_copy_from: bytes of source from which on a request asks for zero copy.

    Synchronization: threads may share a context; close() is for when they are done.
    """

    __slots__ = (
        "_blocks",
        "_file",
        "algorithm",
        "cap",
        "comp_cap",
        "fd",
        "max_batch",
        "path",
        "zero_copy_from",
    )

    algorithm: Algorithm

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._file = _open(self.path)
        self.fd = self._file.fileno()
        self._blocks: list[Block] = []
        self.cap = 0
        self.comp_cap = 0
        self.max_batch = 0
        self.zero_copy_from = _NEVER

    def close(self) -> None:
        """Close the node; a second time does nothing."""
        self.fd = -1
        self._blocks.clear()
        self._file.close()

    @property
    def closed(self) -> bool:
        """Whether the node is closed, be it because nobody has it any more."""
        return self._file.closed

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

    def configure(self, name: str, alg_class: AlgClass | None, setup: Setup) -> Algorithm:
        """Give the context its algorithm."""
        _check_name(name)
        features = self._read_limits()
        chosen = self._find_class(name) if alg_class is None else alg_class
        raw = _ioctl.config(
            self.fileno(),
            name,
            chosen,
            key=setup.key or b"",
            auth_key=setup.auth_key or b"",
            key_params=setup.key_params or b"",
            dh_p=setup.dh_p or b"",
            dh_g=setup.dh_g or b"",
            tag_bytes=setup.tag_bytes,
            key_serial=setup.key_serial or 0,
            flags=setup.flags(),
        )
        self.algorithm = Algorithm.from_config(chosen, raw)
        offered = Feature.ZEROCOPY in features and chosen in _ZERO_COPY_CLASSES
        if offered and setup.zero_copy is not False:
            self.zero_copy_from = 1 if setup.zero_copy else ZERO_COPY_BYTES
        return self.algorithm

    def share(self, *, stream: bool = False) -> Context:
        """Return a new context with this one's algorithm and key.

        Args:
            stream: its hash stream begins as a copy of this one's.
        """
        source = self.fileno()
        shared = Context(self.path)
        try:
            shared._read_limits()
            flags = lib.DEVCRYPTO_CONFIG_SOURCE
            if stream:
                flags |= lib.DEVCRYPTO_CONFIG_STREAM
            raw = _ioctl.config(shared.fd, "", 0, source=source, flags=flags)
            shared.algorithm = Algorithm.from_config(self.algorithm.alg_class, raw)
            shared.zero_copy_from = self.zero_copy_from
        except BaseException:
            shared.close()
            raise
        return shared

    def _read_limits(self) -> Feature:
        info = self.driver_info()
        self.cap = info.max_request_bytes
        self.comp_cap = info.max_comp_bytes
        self.max_batch = info.max_batch
        return info.features

    def permission(self, src_bytes: int) -> int:
        """Return the flag that permits a request of so many bytes to go without a copy, or 0."""
        return lib.DEVCRYPTO_REQUEST_ZEROCOPY if src_bytes >= self.zero_copy_from else 0

    def take(self) -> Block:
        """Take a request block out of the context's store; give() puts it back."""
        try:
            return self._blocks.pop()
        except IndexError:
            return Block(self.algorithm.iv_bytes, self.algorithm.tag_bytes)

    def give(self, block: Block) -> None:
        """Put a block back whose result has been read."""
        self._blocks.append(block)

    def execute(self, block: Block, fields: dict[str, int]) -> int:
        """Run a block's request with these fields, to which its flags are added.

        Returns:
            The bytes written to its destination.

        Raises:
            CryptoDevError: the request failed.
        """
        fd = self.fd
        if fd < 0:
            raise DeviceClosed
        fields["flags"] = fields.get("flags", 0) | self.permission(fields["src_bytes"])
        block.put(fields)
        _ioctl.run(fd, block)
        error, written = block.result()
        if error:
            raise from_errno(-error, needed=written, alg_class=self.algorithm.alg_class)
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
        cuts = Cuts(total, multiple, self.cap)
        while cuts.left:
            try:
                piece(cuts.at, cuts.size)
            except LimitReached as refused:
                cuts.halve(refused)
            else:
                cuts.advance()


class Cuts:
    """Where data are cut that one request does not take.

    Attributes:
        at: where the next piece begins.
        size: its length.
        left: whether there is one; there always is a first, if it is empty.
    """

    __slots__ = ("_most", "_multiple", "_total", "at", "left", "size")

    def __init__(self, total: int, multiple: int, cap: int) -> None:
        self._total = total
        self._multiple = multiple
        self._most = cap
        self.at = 0
        self.left = True
        self._cut()

    def _cut(self) -> None:
        self.size = min(self._total - self.at, self._most - self._most % self._multiple)

    def advance(self) -> None:
        """Go on behind the piece."""
        self.at += self.size
        self.left = self.at < self._total
        self._cut()

    def halve(self, refused: LimitReached) -> None:
        """Make the piece smaller, as it was refused.

        Raises:
            LimitReached: what it was refused with, if it was the smallest.
        """
        if self.size <= _SMALLEST_PIECE_BYTES:
            raise refused
        self._most = max(self.size // 2, _SMALLEST_PIECE_BYTES)
        self._cut()
