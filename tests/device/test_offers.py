# SPDX-License-Identifier: MIT
"""The kernel has what tests/offers.txt says it has to offer, and each operation does its work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from guest.kernels import ALL_KERNELS
from pycryptodev import AlgClass
from tests import offers, operations


@pytest.mark.time_limit(600)
@pytest.mark.parametrize("alg_class", AlgClass, ids=lambda alg_class: alg_class.name.lower())
def test_offers(alg_class: AlgClass, record_property: Callable[[str, object], None]) -> None:
    listed = [each for each in offers.of(offers.running()) if each.alg_class is alg_class]
    missing = [offer.asked for offer in listed if not offer.is_there()]
    assert missing == []
    performed = Counter(
        operation
        for name in sorted({offer.name for offer in listed})
        for operation in operations.perform(name, alg_class)
    )
    for operation, names in performed.items():
        record_property(f"algorithms {alg_class.name.lower()} {operation}", names)


def test_the_list_knows_the_kernel() -> None:
    if offers.running():
        assert offers.running() in {kernel.name for kernel in ALL_KERNELS}
        assert offers.of(offers.running())
