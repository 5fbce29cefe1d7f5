# SPDX-License-Identifier: MIT
"""IVs whose encoding in the crypto API is not the nonce alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["ccm_iv"]


def ccm_iv(nonce: Buffer) -> bytes:
    """Return the IV of "ccm(...)" for a nonce.

    Args:
        nonce: 7 to 13 bytes. A message may have less than 2 ** (8 * (15 - len(nonce))) bytes.

    Returns:
        16 bytes: the length of the length field minus 1, the nonce, zeros.

    Raises:
        ValueError: the nonce has another length.

    Source:
        RFC 3610 section 2.3, the flags byte of the counter blocks.
    """
    data = bytes(nonce)
    if not 7 <= len(data) <= 13:
        raise ValueError(f"a CCM nonce has 7 to 13 bytes, not {len(data)}")
    return (bytes([14 - len(data)]) + data).ljust(16, b"\0")
