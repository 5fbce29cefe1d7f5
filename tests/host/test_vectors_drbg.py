# SPDX-License-Identifier: MIT
"""The published vectors of random bit generators, computed anew by what NIST SP 800-90A says."""

from __future__ import annotations

import pytest

from tests.host.drbg import instantiate
from tests.vectors import drbg
from tests.vectors.model import Vector

VECTORS = list(drbg.vectors())


def halves(data: bytes) -> tuple[bytes, bytes]:
    """What belongs to the first and to the second request."""
    return data[: len(data) // 2], data[len(data) // 2 :]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.ident)
def test_record_is_what_the_standard_says(vector: Vector) -> None:
    (record,) = vector.records
    generator = instantiate(record.name, record.key + record.iv)
    output = b""
    for entropy, extra in zip(halves(record.cipher), halves(record.assoc), strict=True):
        # With prediction resistance the additional input goes into the reseeding.
        if entropy:
            generator.reseed(entropy + extra)
        output = generator.generate(len(record.tag), b"" if entropy else extra)
    assert output == record.tag


def test_all_are_read() -> None:
    assert len(VECTORS) == drbg.PATH.read_text(encoding="utf-8").count("COUNT = ") == 26
