# SPDX-License-Identifier: MIT
"""The man pages have all that they are about: every verb and option, every name of the header."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from pycryptodev.cli import build_parser
from pycryptodev.cli.exit_codes import ExitCode

PROJECT = Path(__file__).resolve().parents[2]
CRYPTODEV = (PROJECT / "man/cryptodev.1").read_text(encoding="utf-8")
CRYPTO = (PROJECT / "man/crypto.4").read_text(encoding="utf-8")
HEADER = (PROJECT / "include/uapi/linux/devcrypto.h").read_text(encoding="utf-8")
PARSER = build_parser()
VERBS: dict[str, argparse.ArgumentParser] = next(
    action.choices for action in PARSER._actions if isinstance(action, argparse._SubParsersAction)
)


def section(page: str, macro: str, title: str) -> str:
    """The text of a section (Sh) or subsection (Ss)."""
    match = re.search(rf"^\.{macro} {title}\n(.*?)(?=^\.S[hs] |\Z)", page, re.DOTALL | re.MULTILINE)
    assert match, f"no section {title}"
    return match[1]


def described(text: str) -> set[str]:
    """The options that have an item of their own."""
    items = re.findall(r"^\.It (Fl .*)$", text, re.MULTILINE)
    return {f"-{name}" for item in items for name in re.findall(r"\bFl (\S+)", item)}


def options(parser: argparse.ArgumentParser) -> set[str]:
    """The options that the command line takes."""
    return {option for action in parser._actions for option in action.option_strings}


COMMON = described(section(CRYPTODEV, "Sh", "DESCRIPTION"))
KEYS = described(section(CRYPTODEV, "Sh", "KEYS"))


def test_verbs() -> None:
    verbs = CRYPTODEV[CRYPTODEV.index("\n.Sh VERBS") : CRYPTODEV.index("\n.Sh KEYS")]
    assert re.findall(r"^\.Ss (.*)$", verbs, re.MULTILINE) == list(VERBS)
    synopsis = " ".join(re.findall(r"^\.Cm (.*)$", section(CRYPTODEV, "Sh", "SYNOPSIS"), re.M))
    assert set(re.findall(r"\w+", synopsis)) == set(VERBS)


def test_options_without_a_verb() -> None:
    assert options(PARSER) == COMMON - {"--device"}


@pytest.mark.parametrize("verb", VERBS)
def test_options(verb: str) -> None:
    text = section(CRYPTODEV, "Ss", verb)
    takes_key = ".Sx KEYS" in text
    assert described(text) | (COMMON - {"--version"}) | (KEYS if takes_key else set()) == options(
        VERBS[verb]
    )


def test_exit_status() -> None:
    text = section(CRYPTODEV, "Sh", "EXIT STATUS")
    documented = re.findall(r"^\.It (\d+)\n(.*)$", text, re.MULTILINE)
    assert documented == [(str(int(code)), code.meaning) for code in ExitCode]


def test_every_name_of_the_header() -> None:
    defined = set(re.findall(r"^#define (DEVCRYPTO_\w+)", HEADER, re.MULTILINE))
    assert set(re.findall(r"\bDEVCRYPTO_\w+", CRYPTO)) == defined


def test_every_structure_and_field() -> None:
    fields = set(re.findall(r"^\.Fa (\w+)", CRYPTO, re.MULTILINE))
    for name, body in re.findall(r"^struct (\w+) \{(.*?)^\};", HEADER, re.DOTALL | re.MULTILINE):
        assert f"struct {name}" in CRYPTO
        missing = set(re.findall(r"(\w+)(?:\[\w+\])?;", body)) - fields
        missing -= {field for field in missing if "reserved" in field}
        # The lengths of a request's buffers are told of together.
        missing -= {field for field in missing if field.removesuffix("_bytes") in fields}
        assert not missing, name


def test_every_error_of_the_header() -> None:
    table = re.search(r"DOC: Errors\n(.*?)\*/", HEADER, re.DOTALL)
    assert table
    errors = re.findall(r"^ \* (E[A-Z0-9]+) ", table[1], re.MULTILINE)
    text = section(CRYPTO, "Sh", "ERRORS")
    assert re.findall(r"^\.It Bq Er (\w+)$", text, re.MULTILINE) == errors
    assert len(errors) > 10


def test_every_module_parameter() -> None:
    parameters = set()
    for source in (PROJECT / "driver").glob("*.c"):
        parameters |= set(
            re.findall(r"^MODULE_PARM_DESC\((\w+)", source.read_text(encoding="utf-8"), re.M)
        )
    text = section(CRYPTO, "Sh", "MODULE PARAMETERS")
    assert set(re.findall(r"^\.It Va (\w+)$", text, re.MULTILINE)) == parameters
