# SPDX-License-Identifier: MIT
"""What the machine has, as the client and `cryptodev list` tell it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pycryptodev import (
    algorithms,
    driver_info,
    loadable,
    policy,
    query,
)
from pycryptodev.cli import main

ENGINE = "virtio_crypto_aes_cbc"

Capture = pytest.CaptureFixture[str]


def show(capsys: Capture, *arguments: str) -> list[dict[str, object]]:
    """What `cryptodev list --json` prints."""
    assert main(["list", "--json", *arguments]) == 0
    shown: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return shown


def test_every_entry_of_the_kernel_is_there() -> None:
    text = Path("/proc/crypto").read_text(encoding="ascii")
    listed = {(each.name, each.driver, each.kind) for each in algorithms()}
    for paragraph in text.strip().split("\n\n"):
        fields = {}
        for line in paragraph.splitlines():
            key, _, value = line.partition(":")
            fields[key.strip()] = value.strip()
        if fields["type"] != "larval":
            assert (fields["name"], fields["driver"], fields["type"]) in listed
    assert "cipher" in {kind for _, _, kind in listed}


def test_the_device_tells_more_of_what_policy_allows() -> None:
    query("hmac(sha256)")
    query(ENGINE)
    classes = driver_info().classes
    names = policy()
    assert names is not None
    entries = algorithms()
    for each in entries:
        assert each.offered is (each.alg_class in classes)
        usable = each.offered and each.allowed and each.selftest and not each.internal
        if each.info is None:
            # One that is allowed by its generic name only may stand behind another, and ECDSA
            # without an encoding is none of the device's where signatures have a type.
            bare = each.kind == "sig" and each.driver.startswith("ecdsa-")
            assert not usable or bare or each.driver not in names, each.driver
            continue
        assert usable, each.driver
        assert (each.info.driver, each.info.alg_class) == (each.driver, each.alg_class)
        assert (each.info.name, each.info.priority) == (each.name, each.priority)
    by_driver = {each.driver: each for each in entries}
    engine = by_driver[ENGINE]
    # An engine, but none that says so (CRYPTO_ALG_KERN_DRIVER_ONLY).
    assert engine.hardware is query(ENGINE).hardware
    assert engine.is_async
    (mac,) = {each.driver for each in entries if each.driver == query("hmac(sha256)").driver}
    found = by_driver[mac].info
    assert found is not None
    assert found.needs_key
    assert found.state_bytes


def test_without_the_device_the_list_is_what_the_kernel_tells(tmp_path: Path) -> None:
    for entries in (algorithms(ask_device=False), algorithms(path=tmp_path / "none")):
        assert entries
        assert {each.info for each in entries} == {None}
        assert {each.offered for each in entries} == {None}
        assert any(each.allowed for each in entries)


def test_filters(capsys: Capture) -> None:
    query(ENGINE)
    assert all(each["hardware"] for each in show(capsys, "--hardware"))
    assert ENGINE in {each["driver"] for each in show(capsys, "--async")}
    assert all(each["is_async"] for each in show(capsys, "--async"))
    assert {each["driver"] for each in show(capsys, "virtio_crypto_*")} == {ENGINE}
    (shown,) = show(capsys, "-a", ENGINE)
    assert isinstance(shown["info"], dict)
    assert shown["info"]["iv_bytes"] == 16
    assert shown["info"]["alg_class"] == shown["alg_class"] == "skcipher"
    assert {each["alg_class"] for each in show(capsys, "--class", "other")} >= {"cipher"}


def test_loadable_names_get_registered_when_they_are_asked_for(capsys: Capture) -> None:
    name = "rmd160"
    before = {each.name: each for each in loadable()}
    if name not in before:
        # Another test has asked for it.
        assert name in {each.name for each in algorithms()}
        return
    assert before[name].allowed
    assert before[name].modules == ("rmd160",)
    assert name in {each["name"] for each in show(capsys, "--loadable", "--allowed")}
    query(name)
    assert name not in {each.name for each in loadable()}
    assert name not in {each["name"] for each in show(capsys, "--loadable")}
    assert name in {each["name"] for each in show(capsys)}


def test_what_is_loadable_is_not_registered() -> None:
    registered = {name for each in algorithms() for name in (each.name, each.driver)}
    names = {each.name for each in loadable()}
    assert names
    assert not names & registered
    allowed = policy()
    assert allowed is not None
    assert {each.name for each in loadable() if each.allowed} >= names & allowed
