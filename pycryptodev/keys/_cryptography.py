# SPDX-License-Identifier: MIT
"""The libraries of the extra "keys", or a message that says what is missing."""

from __future__ import annotations

HINT = "pip install 'pycryptodev[keys]'"

try:
    import cryptography as cryptography
    import pyasn1 as pyasn1
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"keys need the library {error.name}, which is not installed; try: {HINT}",
        name=error.name,
    ) from None
