# SPDX-License-Identifier: MIT
"""Runs cases on one implementation, in every layout."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing

from .. import _ioctl
from .._abi import lib
from .._context import NODE, Context
from ..enums import AlgClass
from ..errors import CryptoDevError, PolicyError
from ..info import Algorithm
from .arena import Arena
from .batch import Batch, Wrong, error_name
from .layouts import CIPHER_LAYOUTS, HASH_LAYOUTS, OPERAND_LAYOUTS
from .model import Case, Expect, Failure, Outcome

OPERANDS = (AlgClass.AKCIPHER, AlgClass.SIG, AlgClass.KPP)
"""Classes that have operands instead of data: each request is in one run, whatever its layout."""
CLASSES = (AlgClass.SKCIPHER, AlgClass.AEAD, AlgClass.HASH, *OPERANDS)
"""Classes of which there are cases."""

TOO_LONG = "longer than the device takes"
MAX_FAILURES = 100
"""Failures of an implementation that are described; the others are counted."""

_ARENA_BYTES = 1 << 21
_ARENA_MAX_BYTES = 1 << 28
_BATCH_CASES = 64
_CONFIGURATION = "configuration"


class Runner:
    """Runs cases.

    Args:
        path: node of the device.
        advance: called with the number of cases done since the last call.
    """

    def __init__(
        self,
        *,
        path: str | os.PathLike[str] = NODE,
        advance: Callable[[int], object] = lambda count: None,
    ) -> None:
        self._path = path
        self._advance = advance
        self._arena = Arena(_ARENA_BYTES)
        with closing(Context(path)) as context:
            self._limits = context.driver_info()

    def run(self, algorithm: Algorithm, cases: Iterable[Case], asked: str = "") -> Outcome:
        """Run cases on an implementation.

        Args:
            algorithm: the implementation.
            cases: what it has to do.
            asked: name under which it is to be had, if not by its driver name.

        Raises:
            PolicyError: it may not be used.
        """
        run = _Run(algorithm, asked or algorithm.driver, self)
        groups: dict[tuple[bytes, bytes, int], list[Case]] = {}
        for case in cases:
            if reason := self._misfit(algorithm, case):
                run.outcome.skip(reason)
                self._advance(1)
            elif case.expect is Expect.NOT_CONFIGURED:
                run.refuse(case)
                self._advance(1)
            else:
                groups.setdefault((case.key, case.auth_key, case.tag_bytes), []).append(case)
        for group in groups.values():
            for start in range(0, len(group), _BATCH_CASES):
                part = group[start : start + _BATCH_CASES]
                run.group(part)
                self._advance(len(part))
        return run.outcome

    def _misfit(self, algorithm: Algorithm, case: Case) -> str:
        """Why an implementation cannot be given a case; empty if it can."""
        if case.expect is Expect.NOT_CONFIGURED:
            return ""
        size = len(case.key)
        if algorithm.key_max_bytes and not (
            algorithm.key_min_bytes <= size <= algorithm.key_max_bytes
        ):
            return f"takes no key of {size} bytes"
        if (
            len(case.assoc) > self._limits.max_assoc_bytes
            or max(len(case.plain), len(case.cipher)) > self._limits.max_request_bytes
            or size > self._limits.max_key_bytes
        ):
            return TOO_LONG
        return ""

    @property
    def path(self) -> str | os.PathLike[str]:
        """Node of the device."""
        return self._path

    @property
    def max_batch(self) -> int:
        """Most requests in a system call."""
        return self._limits.max_batch

    def fits_layout(self, case: Case) -> bool:
        """Whether a case can be run with its layout kept."""
        if case.alg_class in OPERANDS:
            return False
        size = max(len(case.plain), len(case.cipher)) + len(case.assoc) + len(case.tag)
        return size <= self._limits.max_layout_bytes

    def arena(self, room: int) -> Arena:
        """Memory for so many bytes."""
        if room > self._arena.size:
            if room > _ARENA_MAX_BYTES:
                raise MemoryError("a case is too long for this process")
            self._arena = Arena(-(-room // _ARENA_BYTES) * _ARENA_BYTES)
        return self._arena


class _Run:
    """The run of one implementation."""

    def __init__(self, algorithm: Algorithm, asked: str, runner: Runner) -> None:
        self._algorithm = algorithm
        self._asked = asked
        self._runner = runner
        self._output_bytes = 0
        self.outcome = Outcome(algorithm.name, algorithm.driver, algorithm.alg_class)

    def refuse(self, case: Case) -> None:
        """A key or tag length that must not be taken."""
        with closing(Context(self._runner.path)) as context:
            error = self._configure(context, case, keep=False)
        if error == case.error:
            self.outcome.passed += 1
        else:
            self._fail([(case, _CONFIGURATION, error_name(case.error), error_name(error))])

    def group(self, cases: Sequence[Case]) -> None:
        """Cases with one key and length of the tag."""
        failed: dict[int, tuple[Case, str, str, str]] = {}
        for keep in (False, True):
            fitting = [case for case in cases if not keep or self._runner.fits_layout(case)]
            if not fitting:
                continue
            with closing(Context(self._runner.path)) as context:
                if error := self._configure(context, fitting[0], keep=keep):
                    for case in fitting:
                        wrong = (case, _CONFIGURATION, error_name(0), error_name(error))
                        failed.setdefault(id(case), wrong)
                    continue
                for each in self._run(context.fileno(), fitting, keep=keep):
                    found = (each.case, each.layout, each.expected, each.got)
                    failed.setdefault(id(each.case), found)
        self.outcome.passed += len(cases) - len(failed)
        self._fail(list(failed.values()))

    def _configure(self, context: Context, case: Case, *, keep: bool) -> int:
        """Configure a context for a case; returns the errno."""
        # As unaligned as a key can be where the implementation gets to see that.
        held = memoryview(bytearray(64 + 1 + len(case.key)))[65:] if keep else bytearray(case.key)
        held[:] = case.key
        flags = lib.DEVCRYPTO_CONFIG_LAYOUT if keep else 0
        if case.alg_class is AlgClass.AKCIPHER:
            flags |= lib.DEVCRYPTO_CONFIG_PRIVATE
        try:
            told = _ioctl.config(
                context.fileno(),
                self._asked,
                case.alg_class,
                key=held,
                auth_key=case.auth_key,
                tag_bytes=case.tag_bytes,
                flags=flags,
            )
        except PolicyError:
            raise
        except CryptoDevError as error:
            return error.errno or errno.EIO
        self._output_bytes = told["output_bytes"]
        return 0

    def _run(self, fd: int, cases: Sequence[Case], *, keep: bool) -> list[Wrong]:
        count = max(map(len, (CIPHER_LAYOUTS, HASH_LAYOUTS, OPERAND_LAYOUTS)))
        arena = self._runner.arena(max(Batch.room(case, count) for case in cases))
        batch = Batch(arena, self._algorithm, self._runner.max_batch)
        wrong: list[Wrong] = []
        for case in cases:
            if arena.used + Batch.room(case, count) > arena.size:
                wrong += self._execute(fd, batch)
                batch = Batch(arena, self._algorithm, self._runner.max_batch)
            self._add(batch, case, keep=keep)
        return wrong + self._execute(fd, batch)

    def _add(self, batch: Batch, case: Case, *, keep: bool) -> None:
        if case.alg_class in OPERANDS:
            for operands in OPERAND_LAYOUTS:
                batch.add_operands(case, operands, self._output_bytes)
        elif case.alg_class is AlgClass.HASH:
            for hash_layout in HASH_LAYOUTS:
                if hash_layout.keep is keep:
                    batch.add_hash(case, hash_layout)
        else:
            for layout in CIPHER_LAYOUTS:
                if layout.keep is keep:
                    batch.add_cipher(case, layout)

    def _execute(self, fd: int, batch: Batch) -> list[Wrong]:
        self.outcome.requests += len(batch)
        return list(batch.run(fd))

    def _fail(self, found: Sequence[tuple[Case, str, str, str]]) -> None:
        for case, layout, expected, got in found:
            self.outcome.failed += 1
            if len(self.outcome.failures) < MAX_FAILURES:
                self.outcome.failures.append(
                    Failure(self._algorithm.driver, case.ident, layout, expected, got)
                )
