# SPDX-License-Identifier: MIT
"""The kernel has what tests/offers.txt says it has to offer to root."""

from __future__ import annotations

from tests import offers


def test_offers() -> None:
    listed = offers.of(offers.running(), root=True)
    assert listed or not offers.running()
    assert [offer.asked for offer in listed if not offer.is_there()] == []
