# SPDX-License-Identifier: MIT
"""The administrator's choice among the implementations of a name."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator

import pytest

from pycryptodev import (
    AlgClass,
    AlgorithmNotFound,
    CryptoDevice,
    CryptoUserMissing,
    NotPrivileged,
    algorithms,
    query,
    set_priority,
)
from pycryptodev.cli import main
from pycryptodev.cli.exit_codes import ExitCode
from pycryptodev.priority import MAX_PRIORITY, priority
from tests.admin.users import run_as

NAME = "cbc(aes)"
ENGINE = "virtio_crypto_aes_cbc"
IV, TEXT = bytes(16), bytes(range(64))

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def priorities() -> Iterator[None]:
    """The priorities of the name are as before after the test."""
    query(NAME)
    query(ENGINE)
    before = {each.driver: each.priority for each in algorithms(ask_device=False)}
    yield
    for each in algorithms(ask_device=False):
        if each.name == NAME and before.get(each.driver, each.priority) != each.priority:
            set_priority(each.driver, before[each.driver])


def registered(driver: str) -> int:
    """Priority of an implementation in /proc/crypto."""
    (found,) = {each.priority for each in algorithms(ask_device=False) if each.driver == driver}
    return found


def test_a_new_context_takes_it_and_an_open_one_keeps_its_own(capsys: Capture) -> None:
    usual = query(NAME).driver
    assert usual != ENGINE
    old = registered(ENGINE)
    with CryptoDevice(NAME, key=bytes(16)) as before:
        assert main(["prefer", ENGINE]) == 0
        said = capsys.readouterr().out.splitlines()
        assert said == [
            f"{ENGINE}: priority {old} -> {registered(ENGINE)}",
            f"{NAME}: takes {ENGINE}",
        ]
        assert registered(ENGINE) == registered(usual) + 1
        with CryptoDevice(NAME, key=bytes(16)) as after:
            assert after.info.driver == ENGINE
            assert before.info.driver == usual
            assert before.encrypt(TEXT, iv=IV) == after.encrypt(TEXT, iv=IV)
        # What a member gets by the generic name changes with it.
        assert run_as("member", lambda: query(NAME).driver) == ENGINE
    assert main(["prefer", ENGINE, str(old)]) == 0
    assert registered(ENGINE) == old
    assert query(NAME).driver == usual


def test_the_preferred_one_stays_as_it_is(capsys: Capture) -> None:
    usual = query(NAME).driver
    before = registered(usual)
    assert main(["prefer", usual, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "name": NAME,
        "driver": usual,
        "old_priority": before,
        "priority": before,
        "taken": usual,
    }
    assert registered(usual) == before


def test_a_priority_of_ones_own(capsys: Capture) -> None:
    assert main(["prefer", ENGINE, "7"]) == 0
    assert (registered(ENGINE), priority(ENGINE)) == (7, 7)
    assert f"takes {query(NAME).driver}" in capsys.readouterr().out
    assert query(NAME).driver != ENGINE


def test_set_priority_returns_the_old_one() -> None:
    old = set_priority(ENGINE, MAX_PRIORITY)
    assert set_priority(ENGINE, old) == MAX_PRIORITY


def test_member_is_refused_and_told_what_helps(capfd: pytest.CaptureFixture[str]) -> None:
    before = registered(ENGINE)

    def attempt() -> tuple[int, str]:
        try:
            set_priority(ENGINE, 999)
        except NotPrivileged as error:
            return error.errno or 0, error.hint
        return 0, ""

    number, hint = run_as("member", attempt)
    assert number == errno.EPERM
    assert "root" in hint
    assert run_as("member", lambda: main(["prefer", ENGINE])) == ExitCode.DEVICE
    assert "CAP_NET_ADMIN" in capfd.readouterr().err
    assert registered(ENGINE) == before


def test_member_may_read_a_priority() -> None:
    assert run_as("member", lambda: priority(ENGINE)) == registered(ENGINE)


def test_no_such_implementation(capsys: Capture) -> None:
    with pytest.raises(AlgorithmNotFound):
        set_priority("no-such-driver", 5)
    # A generic name is no implementation.
    with pytest.raises(AlgorithmNotFound):
        set_priority(NAME, 5)
    assert main(["prefer", NAME]) == ExitCode.ALGORITHM
    assert "no implementation of that name is registered" in capsys.readouterr().err


def test_a_kernel_without_the_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    # Another protocol of netlink, which no module has: what such a kernel answers.
    monkeypatch.setattr("pycryptodev.priority._NETLINK_CRYPTO", 29)
    with pytest.raises(CryptoUserMissing) as caught:
        priority(ENGINE)
    assert caught.value.errno == errno.EPROTONOSUPPORT
    assert "crypto_user" in caught.value.hint


def test_every_implementation_has_the_priority_that_the_list_has() -> None:
    for each in algorithms(ask_device=False):
        if each.alg_class is AlgClass.SKCIPHER and not each.internal and len(each.driver) < 64:
            assert priority(each.driver) == each.priority
