# SPDX-License-Identifier: MIT
"""The table of errors against the one in the header."""

from __future__ import annotations

import copy
import errno
import pickle
import re
from pathlib import Path

import pytest

from pycryptodev import AlgClass, errors

HEADER = Path(__file__).resolve().parents[2] / "include/uapi/linux/devcrypto.h"


def errno_table() -> list[str]:
    table = HEADER.read_text().partition("DOC: Errors")[2].partition("*/")[0]
    return re.findall(r"^ \* (E[A-Z0-9]+)(?:[ ,]|$)", table, re.MULTILINE)


@pytest.mark.parametrize("name", errno_table())
def test_each_error_of_the_header_has_a_class(name: str) -> None:
    number = getattr(errno, name)
    error = errors.from_errno(number)
    assert (type(error), error.strerror) == errors.ERRORS[number]
    assert type(error) is not errors.CryptoDevError
    assert error.errno == number


def test_the_table_has_nothing_else() -> None:
    assert set(errors.ERRORS) == {getattr(errno, name) for name in errno_table()}


def test_each_error_has_a_meaning_of_its_own() -> None:
    meanings = [meaning for _, meaning in errors.ERRORS.values()]
    assert len(set(meanings)) == len(meanings)


def test_an_unknown_error_keeps_its_number() -> None:
    error = errors.from_errno(errno.EL2HLT)
    assert type(error) is errors.CryptoDevError
    assert error.errno == errno.EL2HLT


def test_detail_stands_in_front() -> None:
    assert str(errors.from_errno(errno.ENOTCONN, "cbc(aes)")) == (
        f"[Errno {errno.ENOTCONN}] cbc(aes): the context has not been configured"
    )


@pytest.mark.parametrize(
    ("number", "alg_class", "kind"),
    [
        (errno.EBADMSG, AlgClass.AEAD, errors.InvalidTag),
        (errno.EBADMSG, AlgClass.AKCIPHER, errors.InvalidPadding),
        (errno.EBADMSG, AlgClass.HASH, errors.InvalidState),
        (errno.EKEYREJECTED, AlgClass.SIG, errors.InvalidSignature),
        (errno.EKEYREJECTED, None, errors.KeyRejected),
        (errno.EINVAL, AlgClass.SIG, errors.InvalidRequest),
    ],
)
def test_what_failed_decides(
    number: int, alg_class: AlgClass | None, kind: type[errors.CryptoDevError]
) -> None:
    error = errors.from_errno(number, alg_class=alg_class)
    assert (type(error), error.errno) == (kind, number)


def test_a_small_buffer_tells_what_is_needed() -> None:
    error = errors.from_errno(errno.EMSGSIZE, needed=48)
    assert isinstance(error, errors.BufferTooSmall)
    assert error.needed == 48


def test_an_ambiguous_name_lists_the_choices() -> None:
    error = errors.AmbiguousName("twice", [AlgClass.AEAD, AlgClass.HASH])
    assert isinstance(error, ValueError)
    assert error.choices == (AlgClass.AEAD, AlgClass.HASH)
    assert "AlgClass.AEAD, AlgClass.HASH" in str(error)


def test_every_exception_of_the_module_is_public() -> None:
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception) and not name.startswith("_")
    }
    assert defined | {"from_errno"} == set(errors.__all__)


@pytest.mark.parametrize(
    "error",
    [
        errors.from_errno(errno.ENOKEY, "cbc(aes)"),
        errors.from_errno(errno.EMSGSIZE, needed=48),
        errors.DeviceClosed(),
        errors.DeviceClosed("the watch is closed"),
        errors.DeviceMissing(errno.ENOENT, "module not loaded", "/dev/crypto", "modprobe it"),
        errors.DeviceForbidden(errno.EACCES, "not in group", "/dev/crypto", "usermod"),
        errors.AmbiguousName("twice", [AlgClass.AEAD, AlgClass.HASH]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_exception_survives_the_way_to_another_process(error: Exception) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is type(error)
        assert str(other) == str(error)
        assert vars(other) == vars(error)
