# SPDX-License-Identifier: MIT
"""The parser of modules.alias, and how the command shows what is registered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pycryptodev import LoadableAlgorithm
from pycryptodev.cli import list_, main
from pycryptodev.cli.exit_codes import ExitCode
from pycryptodev.inventory import parse_modules_alias
from tests.host.test_proc_crypto import SAMPLE

ALIASES = """\
# Aliases extracted from modules themselves.
alias net-pf-16-proto-21 crypto_user
alias aes aesni_intel
alias crypto-aes aesni_intel
alias crypto-aes aes_generic
alias crypto-aes-generic aes_generic
alias crypto-cbc cbc
alias crypto-lz4 lz4
alias crypto-sha1-ni sha1_ssse3
alias cpu:type:x86,ven*fam*mod*:feature:*0099* aesni_intel
"""

Capture = pytest.CaptureFixture[str]


def names(found: list[LoadableAlgorithm]) -> list[str]:
    return [each.name for each in found]


def test_aliases_of_the_crypto_api_by_name() -> None:
    assert parse_modules_alias(ALIASES) == [
        LoadableAlgorithm("aes", ("aes_generic", "aesni_intel"), None),
        LoadableAlgorithm("aes-generic", ("aes_generic",), None),
        LoadableAlgorithm("cbc", ("cbc",), None),
        LoadableAlgorithm("lz4", ("lz4",), None),
        LoadableAlgorithm("sha1-ni", ("sha1_ssse3",), None),
    ]


def test_what_is_registered_need_not_be_loaded() -> None:
    found = parse_modules_alias(ALIASES, registered={"aes", "lz4"})
    assert names(found) == ["aes-generic", "cbc", "sha1-ni"]


def test_what_a_loaded_module_did_not_register_it_does_not_have() -> None:
    found = parse_modules_alias(ALIASES, loaded={"sha1_ssse3", "aesni_intel"})
    assert names(found) == ["aes", "aes-generic", "cbc", "lz4"]
    assert found[0].modules == ("aes_generic",)


def test_allowed_by_name_or_as_a_part_of_one() -> None:
    found = parse_modules_alias(ALIASES, allowed=frozenset({"cbc(aes)", "lz4"}))
    assert [each.name for each in found if each.allowed] == ["aes", "cbc", "lz4"]
    assert all(each.allowed is False for each in found if each.name == "sha1-ni")


def test_nothing_in_no_text() -> None:
    assert parse_modules_alias("") == []


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command sees the sample, and no device."""
    from pycryptodev import inventory

    (tmp_path / "crypto").write_text(SAMPLE)
    monkeypatch.setattr(inventory, "PROC_CRYPTO", tmp_path / "crypto")
    monkeypatch.setattr(inventory, "policy", lambda: None)


def listed(capsys: Capture, *arguments: str) -> list[str]:
    """Drivers that the command lists."""
    assert main(["list", "--json", "--device", "/nonexistent/crypto", *arguments]) == 0
    return [each["driver"] for each in json.loads(capsys.readouterr().out)]


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    ("arguments", "drivers"),
    [
        (["--class", "skcipher"], ["virtio_crypto_aes_cbc", "ecb(aes-fixed-time)"]),
        (["--class", "other"], ["aes-aesni"]),
        (["--class", "akcipher"], ["virtio-crypto-rsa"]),
        (["--internal"], ["cryptd(__generic-gcm-aesni)"]),
        (["--untested"], ["virtio-crypto-rsa"]),
        (["--async", "--class", "skcipher"], ["virtio_crypto_aes_cbc"]),
        (["--hardware"], []),
        (["--allowed"], []),
        (["*-aesni"], ["generic-gcm-aesni", "aes-aesni"]),
        (["gcm"], ["cryptd(__generic-gcm-aesni)", "generic-gcm-aesni"]),
        (["gcm(*"], ["generic-gcm-aesni"]),
        (["?cb(aes)"], ["ecb(aes-fixed-time)"]),
        (["-a", "gcm(aes)"], ["generic-gcm-aesni"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_filters(arguments: list[str], drivers: list[str], capsys: Capture) -> None:
    assert sorted(listed(capsys, *arguments)) == sorted(drivers)


@pytest.mark.usefixtures("sample")
def test_what_the_device_does_not_offer_is_marked(capsys: Capture) -> None:
    assert main(["list", "--device", "/nonexistent/crypto"]) == 0
    rows = {line.split()[2]: line.split() for line in capsys.readouterr().out.splitlines()[1:]}
    assert rows["aes-aesni"][1::4] == ["cipher", "-"]
    assert rows["generic-gcm-aesni"][1::4] == ["aead", "?"]
    assert rows["virtio-crypto-rsa"][4] == "untested"


@pytest.mark.parametrize("option", [*(f"--{name}" for name in list_._FILTERS), "--class=hash"])
def test_an_alias_tells_nothing_but_names(option: str, capsys: Capture) -> None:
    assert main(["list", "--loadable", option]) == ExitCode.USAGE
    assert option.partition("=")[0] in capsys.readouterr().err
