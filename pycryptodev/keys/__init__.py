# SPDX-License-Identifier: MIT
"""Keys of the asymmetric algorithms, made of numbers, loaded from PEM and DER, or in the keyring.

The extra "keys" of the package has the libraries that this takes: ``pip install
'pycryptodev[keys]'``. What differs between kernels, such as the names "pkcs1pad(rsa,sha256)" and
"pkcs1(rsa,sha256)", differs no more here.
"""

from . import _cryptography as _cryptography
from .agreement import (
    AgreementPrivateKey,
    AgreementPublicKey,
    Group,
    KeyringAgreementKey,
    agree,
    generate,
    shown,
)
from .ecdsa import EcdsaPublicKey, EcrdsaPublicKey
from .errors import EncryptedKey, KeyFileError
from .loading import agreement_private_key, agreement_public_key, signing_key, verifying_key
from .rsa import KeyringRsaKey, RsaPrivateKey, RsaPublicKey

__all__ = [
    "AgreementPrivateKey",
    "AgreementPublicKey",
    "EcdsaPublicKey",
    "EcrdsaPublicKey",
    "EncryptedKey",
    "Group",
    "KeyFileError",
    "KeyringAgreementKey",
    "KeyringRsaKey",
    "RsaPrivateKey",
    "RsaPublicKey",
    "agree",
    "agreement_private_key",
    "agreement_public_key",
    "generate",
    "shown",
    "signing_key",
    "verifying_key",
]
