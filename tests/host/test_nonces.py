# SPDX-License-Identifier: MIT
"""IVs that the client encodes."""

from __future__ import annotations

import pytest

from pycryptodev import ccm_iv


def test_ccm_iv_of_a_short_nonce() -> None:
    assert ccm_iv(bytes.fromhex("10111213141516")).hex() == "07" + "10111213141516" + "00" * 8


def test_ccm_iv_of_a_long_nonce() -> None:
    assert ccm_iv(bytearray(range(13))).hex() == "01" + bytes(range(13)).hex() + "0000"


@pytest.mark.parametrize("length", [0, 6, 14, 16])
def test_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"not {length}"):
        ccm_iv(bytes(length))
