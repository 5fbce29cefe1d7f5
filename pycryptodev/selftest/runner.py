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
from .layouts import (
    CIPHER_LAYOUTS,
    HASH_LAYOUTS,
    OPERAND_LAYOUTS,
    CipherLayout,
    HashLayout,
    OperandLayout,
)
from .model import Case, Expect, Failure, Outcome

COMPARED = (AlgClass.SKCIPHER, AlgClass.AEAD, AlgClass.HASH, AlgClass.COMP)
"""Classes of which one implementation can be held against another."""

Layout = CipherLayout | HashLayout | OperandLayout

_LAYOUTS: dict[AlgClass, Sequence[CipherLayout | HashLayout]] = {
    AlgClass.SKCIPHER: CIPHER_LAYOUTS,
    AlgClass.AEAD: CIPHER_LAYOUTS,
    AlgClass.HASH: HASH_LAYOUTS,
}
"""The layouts of a class; OPERAND_LAYOUTS of any other."""

TOO_LONG = "longer than the device takes"
MAX_FAILURES = 100
"""Failures of an implementation that are described; the others are counted."""

_ARENA_BYTES = 1 << 21
_ARENA_MAX_BYTES = 1 << 28
_BATCH_CASES = 64
_CONFIGURATION = "configuration"
_FLAGS = {
    AlgClass.AKCIPHER: lib.DEVCRYPTO_CONFIG_PRIVATE,
    AlgClass.RNG: lib.DEVCRYPTO_CONFIG_ENTROPY,
}
"""How a class is configured for its cases."""


def _sessions(alg_class: AlgClass) -> list[tuple[bool, Sequence[Layout]]]:
    """The contexts that cases take: whether it keeps layouts, and which are run in it."""
    layouts = _LAYOUTS.get(alg_class)
    if layouts is not None:
        return [(keep, [each for each in layouts if each.keep is keep]) for keep in (False, True)]
    if alg_class is AlgClass.RNG:
        # What a generator was given stays with it.
        return [(False, [each]) for each in OPERAND_LAYOUTS]
    return [(False, OPERAND_LAYOUTS)]


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
        groups: dict[tuple[object, ...], list[Case]] = {}
        for case in cases:
            if case.judge is not None:
                run.outcome.judge = case.judge.name
            if reason := self._misfit(algorithm, case):
                run.outcome.skip(reason)
                self._advance(1)
            elif case.expect is Expect.NOT_CONFIGURED:
                run.refuse(case)
                self._advance(1)
            else:
                groups.setdefault(case.setup, []).append(case)
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

    @property
    def max_comp_bytes(self) -> int:
        """Most bytes that a compressed block gives."""
        return self._limits.max_comp_bytes

    def fits_layout(self, case: Case) -> bool:
        """Whether a case can be run with its layout kept."""
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
        for keep, layouts in _sessions(self._algorithm.alg_class):
            fitting = [case for case in cases if not keep or self._runner.fits_layout(case)]
            if not fitting:
                continue
            with closing(Context(self._runner.path)) as context:
                if error := self._configure(context, fitting[0], keep=keep):
                    for case in fitting:
                        wrong = (case, _CONFIGURATION, error_name(0), error_name(error))
                        failed.setdefault(id(case), wrong)
                    continue
                for each in self._run(context.fileno(), fitting, layouts):
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
        flags |= _FLAGS.get(case.alg_class, 0)
        try:
            told = _ioctl.config(
                context.fileno(),
                self._asked,
                case.alg_class,
                key=held,
                auth_key=case.auth_key,
                dh_p=case.dh_p,
                dh_g=case.dh_g,
                tag_bytes=case.tag_bytes,
                flags=flags,
            )
        except PolicyError:
            raise
        except CryptoDevError as error:
            return error.errno or errno.EIO
        self._output_bytes = told["output_bytes"]
        return 0

    def _run(self, fd: int, cases: Sequence[Case], layouts: Sequence[Layout]) -> list[Wrong]:
        arena = self._runner.arena(max(Batch.room(case, len(layouts)) for case in cases))
        batch = Batch(arena, self._algorithm, self._runner.max_batch)
        wrong: list[Wrong] = []
        for case in cases:
            if arena.used + Batch.room(case, len(layouts)) > arena.size:
                wrong += self._execute(fd, batch)
                batch = Batch(arena, self._algorithm, self._runner.max_batch)
            for layout in layouts:
                self._add(batch, case, layout)
        return wrong + self._execute(fd, batch)

    def _add(self, batch: Batch, case: Case, layout: Layout) -> None:
        if isinstance(layout, CipherLayout):
            batch.add_cipher(case, layout)
        elif isinstance(layout, HashLayout):
            batch.add_hash(case, layout)
        elif case.alg_class is AlgClass.COMP:
            batch.add_block(case, layout, self._runner.max_comp_bytes)
        elif case.alg_class is AlgClass.RNG:
            batch.add_random(case, layout)
        else:
            batch.add_operands(case, layout, self._output_bytes)

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
