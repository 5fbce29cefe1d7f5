# SPDX-License-Identifier: MIT
"""Why a key cannot be used."""

from __future__ import annotations


class KeyFileError(ValueError):
    """The data are no key, or not one that the kernel's algorithms take."""


class EncryptedKey(KeyFileError):
    """The private key is encrypted, and the password is missing or wrong."""
