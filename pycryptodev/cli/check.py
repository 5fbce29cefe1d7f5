# SPDX-License-Identifier: MIT
"""Checking lists of checksums, and reporting as coreutils' sha256sum does."""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import CryptoDevError
from .checksums import Entry, ListReader, escaped
from .files import STDIO, open_input
from .messages import complain, describe


class Report(enum.Enum):
    """How much a check says; of the options that choose it, the last one counts."""

    ALL = "all"
    """Every verdict."""
    QUIET = "quiet"
    """No OK."""
    STATUS = "status"
    """No verdicts and no totals."""
    WARN = "warn"
    """Every verdict, and each line that is no checksum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a check is to do."""

    report: Report = Report.ALL
    """How much to say."""
    strict: bool = False
    """Fail if lines are no checksum."""
    ignore_missing: bool = False
    """Pass over files that do not exist."""


@dataclass(slots=True)
class _Totals:
    understood: int = 0
    misformatted: int = 0
    unreadable: int = 0
    mismatched: int = 0
    matched: int = 0


class Check:
    """Checks the files of one list after the other.

    Args:
        digest_of: computes the digest of a file, `-` being standard input.
        tag: of the algorithm.
        digest_bytes: length of its digest.
        options: how to report.
    """

    def __init__(
        self,
        digest_of: Callable[[str], bytes],
        tag: bytes,
        digest_bytes: int,
        options: Options,
    ) -> None:
        self._digest_of = digest_of
        self._tag = tag.decode()
        self._reader = ListReader(tag, digest_bytes)
        self._options = options

    def run(self, list_name: str) -> bool:
        """Check the files of a list, `-` being standard input; returns whether all is well."""
        from_stdin = list_name == STDIO
        label = "standard input" if from_stdin else list_name
        totals = _Totals()
        try:
            with open_input(list_name) as source:
                lines = source.read().split(b"\n")
        except OSError as error:
            complain(describe(error))
            return False
        for number, text in enumerate(lines, 1):
            text = text.removesuffix(b"\r")
            if not text or text.startswith(b"#"):
                continue
            entry = self._reader.read(text)
            if entry is None or (from_stdin and entry.name == STDIO.encode()):
                totals.misformatted += 1
                if self._options.report is Report.WARN:
                    complain(f"{label}: {number}: improperly formatted {self._tag} checksum line")
                continue
            totals.understood += 1
            self._check(entry, totals)
        self._report(label, totals)
        return (
            totals.matched > 0
            and not totals.mismatched
            and not totals.unreadable
            and not (self._options.strict and totals.misformatted)
        )

    def _check(self, entry: Entry, totals: _Totals) -> None:
        try:
            digest = self._digest_of(os.fsdecode(entry.name))
        except CryptoDevError:
            raise
        except OSError as error:
            if self._options.ignore_missing and isinstance(error, FileNotFoundError):
                return
            complain(describe(error))
            totals.unreadable += 1
            verdict = "FAILED open or read"
        else:
            if digest == entry.digest:
                totals.matched += 1
                if self._options.report is Report.QUIET:
                    return
                verdict = "OK"
            else:
                totals.mismatched += 1
                verdict = "FAILED"
        if self._options.report is not Report.STATUS:
            # Only a newline would be taken for something else.
            name = b"\\" + escaped(entry.name) if b"\n" in entry.name else entry.name
            sys.stdout.buffer.write(b"%s: %s\n" % (name, verdict.encode()))

    def _report(self, label: str, totals: _Totals) -> None:
        if not totals.understood:
            complain(f"{label}: no properly formatted checksum lines found")
            return
        if self._options.report is Report.STATUS:
            return
        for count, singular, plural, what in (
            (totals.misformatted, "line is", "lines are", "improperly formatted"),
            (totals.unreadable, "listed file", "listed files", "could not be read"),
            (totals.mismatched, "computed checksum", "computed checksums", "did NOT match"),
        ):
            if count:
                complain(f"WARNING: {count} {singular if count == 1 else plural} {what}")
        if self._options.ignore_missing and not totals.matched:
            complain(f"{label}: no file was verified")
