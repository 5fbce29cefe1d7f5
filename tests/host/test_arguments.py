# SPDX-License-Identifier: MIT
"""What is wrong with an argument, and what objects show of themselves."""

from __future__ import annotations

from typing import Any

import pytest

from pycryptodev import Op, Request, _ioctl
from pycryptodev.container import FileKeys
from pycryptodev.requests import Result


@pytest.mark.parametrize(
    "field", [{"tag_bytes": -1}, {"tag_bytes": 1 << 32}, {"key_serial": 1 << 31}]
)
def test_numbers_that_the_header_cannot_express(field: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        _ioctl.config(-1, "gcm(aes)", 2, **field)


def test_a_request_does_not_show_what_it_reads_and_writes() -> None:
    request = Request(Op.GENERATE, b"secret", bytearray(b"secret"), entropy=b"secret", iv=b"nonce")
    assert "secret" not in repr(request)
    assert "nonce" in repr(request)


def test_a_result_does_not_show_its_output() -> None:
    result = Result(error=None, written=6, data=b"secret", iv=None)
    assert repr(result) == "Result(error=None, written=6, iv=None, zero_copy=False)"


def test_keys_of_a_container_do_not_show_the_key() -> None:
    assert "secret" not in repr(FileKeys(b"commitment", b"secret", b"prefix"))
