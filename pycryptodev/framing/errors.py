# SPDX-License-Identifier: MIT
"""Why a compressed file cannot be made or read."""

from __future__ import annotations


class FramingError(ValueError):
    """A compressed file cannot be made or read."""


class UnknownFormat(FramingError):
    """The file has none of the formats that are known here."""


class Damaged(FramingError):
    """The file was changed, or is truncated."""


class Unsupported(FramingError):
    """The file has a known format, but a part that the device cannot take.

    Attributes:
        hint: the program that reads it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
