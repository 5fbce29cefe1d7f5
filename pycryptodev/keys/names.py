# SPDX-License-Identifier: MIT
"""Names of the crypto API that differ between kernels."""

from __future__ import annotations

import os

from ..enums import AlgClass
from ..errors import AlgorithmNotFound
from ..lookup import query


def _first(names: tuple[str, ...], path: str | os.PathLike[str]) -> str:
    for name in names[:-1]:
        try:
            query(name, AlgClass.SIG, path=path)
        except AlgorithmNotFound:
            continue
        return name
    return names[-1]


def rsa_signature(digest: str, path: str | os.PathLike[str]) -> str:
    """Return the name of RSASSA-PKCS1-v1_5 with a hash."""
    return _first((f"pkcs1(rsa,{digest})", f"pkcs1pad(rsa,{digest})"), path)


def ecdsa(curve: str, path: str | os.PathLike[str]) -> str:
    """Return the name of ECDSA whose signatures are the DER of Ecdsa-Sig-Value (RFC 3279)."""
    return _first((f"x962(ecdsa-{curve})", f"ecdsa-{curve}"), path)
