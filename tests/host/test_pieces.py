# SPDX-License-Identifier: MIT
"""Streams cut into units, however they arrive."""

from __future__ import annotations

import os
import random

import pytest

from pycryptodev.pieces import pieces


class Arriving:
    """Data that come a few at a time."""

    def __init__(self, data: bytes, most: int, seed: int) -> None:
        self._rest = data
        self._most = most
        self._random = random.Random(seed)

    def readinto(self, buffer: memoryview, /) -> int:
        """Give some of what is left."""
        count = min(len(self._rest), len(buffer), self._random.randint(1, self._most))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


@pytest.mark.parametrize("unit", [1, 7, 16])
@pytest.mark.parametrize("most_units", [1, 3])
@pytest.mark.parametrize("arriving", [1, 5, 1000])
def test_every_length(unit: int, most_units: int, arriving: int) -> None:
    for length in range(5 * unit * most_units):
        data = bytes(index % 251 for index in range(length))
        source = Arriving(data, arriving, length)
        got = [(bytes(piece.data), piece.last) for piece in pieces(source, unit, most_units)]
        assert b"".join(part for part, _ in got) == data
        assert [last for _, last in got] == [False] * (len(got) - 1) + [True]
        for part, _ in got[:-1]:
            assert len(part) % unit == 0
            assert 0 < len(part) <= unit * most_units
        assert min(length, 1) <= len(got[-1][0]) <= unit


def test_data_in_a_pipe_do_not_wait_for_more() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as source, os.fdopen(writing, "wb", 0) as sink:
        cut = pieces(source, 16, 4)
        sink.write(bytes(17))
        assert bytes(next(cut).data) == bytes(16)
        sink.write(bytes(15 + 16))
        assert bytes(next(cut).data) == bytes(16)
        sink.close()
        piece = next(cut)
        assert (bytes(piece.data), piece.last) == (bytes(16), True)
