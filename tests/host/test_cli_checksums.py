# SPDX-License-Identifier: MIT
"""Lists of checksums: written, read and reported like the sha256sum of this machine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pycryptodev.cli.check import Check, Options, Report
from pycryptodev.cli.checksums import Entry, ListReader, escaped, line, tag_of, unescaped

NAMES = [
    b"plain",
    b"with space",
    b" leading",
    b"*star",
    b"back\\slash",
    b"new\nline",
    b"carriage\rreturn",
    b"all\\\n\r\\n",
    b"\xff\xfe not UTF-8",
    b"paren) = (x",
]
TAG = tag_of("sha256")
EMPTY = hashlib.sha256().hexdigest().encode()
OTHER = hashlib.sha256(b"other").hexdigest().encode()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with one file for each name."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        Path(os.fsdecode(name)).write_bytes(name)
    return tmp_path


def sha256sum(*arguments: str | bytes, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run coreutils' command."""
    return subprocess.run(
        ["sha256sum", *arguments], input=stdin, capture_output=True, env={"LC_ALL": "C.UTF-8"}
    )


@pytest.mark.parametrize(
    ("options", "tag", "zero"),
    [
        ([], None, False),
        (["--tag"], TAG, False),
        (["-z"], None, True),
        (["--tag", "-z"], TAG, True),
    ],
)
def test_lines_are_those_of_sha256sum(
    here: Path, options: list[str], tag: bytes | None, zero: bool
) -> None:
    expected = sha256sum(*options, *NAMES).stdout
    ours = [line(hashlib.sha256(name).digest(), name, tag=tag, zero=zero) for name in NAMES]
    assert b"".join(ours) == expected


def test_names_come_back_from_lines() -> None:
    for name in NAMES:
        digest = hashlib.sha256(name).digest()
        for tag in (TAG, None):
            text = line(digest, name, tag=tag).removesuffix(b"\n")
            assert ListReader(TAG, 32).read(text) == Entry(digest, name)


def test_escapes() -> None:
    for name in NAMES:
        assert unescaped(escaped(name)) == name
    for wrong in (b"\\q", b"\\", b"a\\\\\\"):
        assert unescaped(wrong) is None


def test_no_name_has_a_nul() -> None:
    assert ListReader(TAG, 32).read(EMPTY + b"  a\0b") is None


def digest_of(name: str) -> bytes:
    """The digest that hashlib has for a file."""
    return hashlib.sha256(Path(name).read_bytes()).digest()


def plain(messages: bytes) -> list[str]:
    """Messages without the program's name, and without the quotes that coreutils adds."""
    lines = messages.decode().splitlines()
    return [re.sub(r"^\w+: ", "", each).replace("'", "") for each in lines]


RunCheck = Callable[[str, Options], tuple[int, bytes, list[str]]]


@pytest.fixture
def run_check(here: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> RunCheck:
    """Runs our check; returns status, output and messages."""

    def run(list_name: str, options: Options) -> tuple[int, bytes, list[str]]:
        good = Check(digest_of, TAG, 32, options).run(list_name)
        sys.stdout.flush()
        captured = capfdbinary.readouterr()
        return int(not good), captured.out, plain(captured.err)

    return run


LISTS = {
    "one": b"%s  empty\n" % EMPTY,
    "binary": b"%s *empty\n" % EMPTY,
    "no newline at the end": b"%s  empty" % EMPTY,
    "CR LF": b"%s  empty\r\n" % EMPTY,
    "capitals": b"%s  empty\n" % EMPTY.upper(),
    "leading white space": b" \t%s  empty\n" % EMPTY,
    "tab": b"%s\tempty\n" % EMPTY,
    "comment and blank line": b"# comment\n\n%s  empty\n" % EMPTY,
    "reversed": b"%s empty\n" % EMPTY,
    "reversed first": b"%s empty\n%s  empty\n" % (EMPTY, EMPTY),
    "reversed second": b"%s  empty\n%s empty\n" % (EMPTY, EMPTY),
    "one letter": b"%s e\n" % EMPTY,
    "no name": b"%s\n%s \n%s  \n" % (EMPTY, EMPTY, EMPTY),
    "tagged": b"SHA256 (empty) = %s\n" % EMPTY,
    "tagged tightly": b"SHA256(empty)=%s\n" % EMPTY,
    "tagged otherwise": b"SHA1 (empty) = %s\n" % EMPTY,
    "tagged too long": b"SHA256 (empty) = %s0\n" % EMPTY,
    "tagged with an end": b"SHA256 (empty) = %s \n" % EMPTY,
    "escaped": b"\\%s  new\\nline\n" % hashlib.sha256(b"new\nline").hexdigest().encode(),
    "escaped in vain": b"\\%s  empty\n" % EMPTY,
    "escaped badly": b"\\%s  em\\pty\n" % EMPTY,
    "escaped tag": b"\\SHA256 (new\\nline) = %s\n" % EMPTY,
    "mismatch": b"%s  empty\n%s  empty\n" % (EMPTY, OTHER),
    "missing": b"%s  nowhere\n%s  empty\n" % (EMPTY, EMPTY),
    "only missing": b"%s  nowhere\n%s  nowhere else\n" % (EMPTY, EMPTY),
    "directory": b"%s  .\n" % EMPTY,
    "nonsense": b"nonsense\nmore of it\n",
    "some nonsense": b"nonsense\n%s  empty\n%s0  empty\n" % (EMPTY, EMPTY),
    "everything": b"x\n%s  empty\n%s  empty\n%s  nowhere\n" % (EMPTY, OTHER, OTHER),
    "nothing": b"",
}
OPTIONS = {
    "": Options(),
    "--quiet": Options(report=Report.QUIET),
    "--status": Options(report=Report.STATUS),
    "--warn": Options(report=Report.WARN),
    "--strict": Options(strict=True),
    "--ignore-missing": Options(ignore_missing=True),
    "--ignore-missing --strict --status": Options(
        ignore_missing=True, strict=True, report=Report.STATUS
    ),
}


@pytest.mark.parametrize("flags", OPTIONS)
def test_checks_like_sha256sum(flags: str, here: Path, run_check: RunCheck) -> None:
    (here / "empty").touch()
    for title, text in LISTS.items():
        (here / "list").write_bytes(text)
        theirs = sha256sum("-c", *flags.split(), "list")
        expected = theirs.returncode, theirs.stdout, plain(theirs.stderr)
        assert run_check("list", OPTIONS[flags]) == expected, title


def test_random_lists_like_sha256sum(here: Path, run_check: RunCheck) -> None:
    dice = random.Random(2015)
    (here / "empty").touch()
    for number in range(60):
        text = b"".join(random_line(dice) for _ in range(dice.randint(1, 6)))
        (here / "list").write_bytes(text)
        theirs = sha256sum("-c", "--warn", "list")
        code, out, messages = run_check("list", Options(report=Report.WARN))
        assert (code, out) == (theirs.returncode, theirs.stdout), (number, text)
        assert len(messages) == len(plain(theirs.stderr)), (number, text)


def random_line(dice: random.Random) -> bytes:
    """A line that may be right or wrong in any of its parts."""
    name = dice.choice([b"empty", b"nowhere", *NAMES])
    shown = dice.choice([name, escaped(name)])
    digest = dice.choice([EMPTY, OTHER, hashlib.sha256(name).hexdigest().encode(), EMPTY[1:]])
    mark = dice.choice([b"", b"", b"\\", b" "])
    if dice.random() < 0.3:
        body = b"SHA256%s(%s)%s%s" % (
            dice.choice([b" ", b""]),
            shown,
            dice.choice([b" = ", b"=", b" =\t", b" "]),
            digest,
        )
    else:
        body = digest + dice.choice([b"  ", b" *", b"  ", b"  ", b" ", b"\t", b""]) + shown
    return mark + body + dice.choice([b"\n", b"\n", b"\r\n"])


def test_list_that_cannot_be_read(here: Path, run_check: RunCheck) -> None:
    assert run_check("nowhere", Options()) == (1, b"", ["nowhere: No such file or directory"])
    code, out, messages = run_check(".", Options())
    assert (code, out) == (1, b"")
    assert len(messages) == 1


def test_list_of_standard_input_cannot_name_it(here: Path, run_check: RunCheck) -> None:
    text = b"%s  -\n%s  plain\n" % (EMPTY, hashlib.sha256(b"plain").hexdigest().encode())
    theirs = sha256sum("-c", stdin=text)
    (here / "list").write_bytes(text)
    with contextlib.ExitStack() as stack:
        before = os.dup(0)
        stack.callback(os.close, before)
        stack.callback(os.dup2, before, 0)
        with (here / "list").open("rb") as file:
            os.dup2(file.fileno(), 0)
        ours = run_check("-", Options())
    assert ours == (theirs.returncode, theirs.stdout, plain(theirs.stderr))
