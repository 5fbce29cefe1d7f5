# SPDX-License-Identifier: MIT
"""The kernel has what tests/offers.txt says it has to offer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guest.kernels import ALL_KERNELS
from pycryptodev import AlgClass
from tests import offers


@pytest.mark.time_limit(600)
@pytest.mark.parametrize("alg_class", AlgClass, ids=lambda alg_class: alg_class.name.lower())
def test_offers(alg_class: AlgClass, record_property: Callable[[str, object], None]) -> None:
    listed = [each for each in offers.of(offers.running()) if each.alg_class is alg_class]
    missing = [offer.asked for offer in listed if not offer.is_there()]
    assert missing == []
    names = {offer.name for offer in listed}
    record_property(f"algorithms {alg_class.name.lower()}", len(names))


def test_the_list_knows_the_kernel() -> None:
    if offers.running():
        assert offers.running() in {kernel.name for kernel in ALL_KERNELS}
        assert offers.of(offers.running())
