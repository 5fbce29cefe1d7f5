# SPDX-License-Identifier: MIT
"""The list of what each kernel has to offer, and what becomes of a test that is skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from guest.kernels import ALL_KERNELS, DEBUG_KERNELS, KERNELS
from pycryptodev import AlgClass
from tests import offers
from tests.offers import Offer

POLICY = Path(__file__).parents[2] / "driver/policy.list"


def test_reader() -> None:
    text = "# about\n\n[aead]\ngcm(aes)  6.1 7\n  gcm-aes-lib cpu # remark\nccm(aes)\n"
    text += "[rng]\nstdrng rt\n"
    found = list(offers.parse(text))
    assert found == [
        Offer(AlgClass.AEAD, "gcm(aes)", "", frozenset({"6.1", "7"})),
        Offer(AlgClass.AEAD, "gcm(aes)", "gcm-aes-lib", frozenset({"cpu"})),
        Offer(AlgClass.AEAD, "ccm(aes)", "", frozenset()),
        Offer(AlgClass.RNG, "stdrng", "", frozenset({"rt"})),
    ]
    assert [offer.asked for offer in found] == ["gcm(aes)", "gcm-aes-lib", "ccm(aes)", "stdrng"]
    assert list(offers.parse(offers.render(found))) == found


@pytest.mark.parametrize("text", ["sha256 6.1", "[hash]\n  sha256-lib 7", "[hash]\nsha256 5.10"])
def test_reader_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="line"):
        list(offers.parse(text))


def test_the_list_is_in_its_form() -> None:
    text = offers.LIST.read_text(encoding="utf-8")
    assert text == offers.head() + offers.render(list(offers.OFFERS))


def test_nothing_is_listed_twice() -> None:
    asked = [(offer.alg_class, offer.asked, bool(offer.driver)) for offer in offers.OFFERS]
    assert len(asked) == len(set(asked))


def test_the_list_has_what_the_policy_allows() -> None:
    """A name that no kernel has does not get into the policy, or a mark says why it is there."""
    lines = POLICY.read_text(encoding="ascii").splitlines()
    allowed = [line for line in lines if line and not line.startswith("#")]
    marked = {offer.asked for offer in offers.OFFERS if offer.marks and "root" not in offer.marks}
    assert len(allowed) == len(set(allowed))
    assert set(allowed) == marked


@pytest.mark.parametrize("kernel", [kernel.name for kernel in ALL_KERNELS])
def test_every_kernel_offers_every_class(kernel: str) -> None:
    assert {offer.alg_class for offer in offers.of(kernel)} == set(AlgClass)


@pytest.mark.parametrize("root", [False, True])
def test_what_finds_faults_offers_what_debian_does(root: bool) -> None:
    stock = {offer.asked for offer in offers.of(KERNELS[0].name, root=root)}
    for kernel in DEBUG_KERNELS:
        assert stock <= {offer.asked for offer in offers.of(kernel.name, root=root)}


def test_a_skip_for_what_is_offered_is_objected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVCRYPTO_KERNEL", "7")
    assert offers.objection("this kernel has no stdrng") == ""
    assert offers.objection("Skipped: this kernel has no gcm(aes)") != ""
    assert offers.objection("no device") == ""
    monkeypatch.delenv("DEVCRYPTO_KERNEL")
    assert offers.objection("this kernel has no gcm(aes)") == ""
