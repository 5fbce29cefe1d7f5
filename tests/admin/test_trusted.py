# SPDX-License-Identifier: MIT
"""Keys of type "trusted": a TPM seals them, nobody but the kernel sees them."""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import x25519
from pyasn1.codec.ber import decoder

from guest.kernels import find
from pycryptodev import CryptoDevice, InvalidRequest, KeyRevoked
from tests import offers

TEXT = os.urandom(1000)
STORAGE_KEY = "0x81000001"
"""Where TCG's "EK Credential Profile" has the key under which others are sealed."""


def run(*command: str, folder: Path | None = None, data: bytes = b"") -> bytes:
    """Run a command, which has to succeed."""
    environment = os.environ | {"TPM2TOOLS_TCTI": "device:/dev/tpmrm0"}
    done = subprocess.run(
        command, cwd=folder, input=data, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def storage_key(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Parameters of a new key that name the one under which it is sealed."""
    if subprocess.run(["modprobe", "-q", "trusted"], check=False).returncode:
        assert not find(offers.running()).has_trusted_keys
        pytest.skip("this kernel has no trusted")
    folder = tmp_path_factory.mktemp("tpm")
    run("tpm2_createprimary", "-C", "o", "-c", "primary", folder=folder)
    run("tpm2_evictcontrol", "-C", "o", "-c", "primary", STORAGE_KEY, folder=folder)
    return f"keyhandle={STORAGE_KEY}"


@pytest.fixture(autouse=True)
def keyring(storage_key: str) -> None:
    """The user's keyring belongs to the session, so that its keys may be searched for."""
    run("keyctl", "link", "@u", "@s")


def add_trusted(description: str) -> int:
    """Add a key, and return its serial number."""
    name = f"devcrypto:{os.urandom(8).hex()}"
    return int(run("keyctl", "add", "trusted", name, description, "@u"))


def payload_of(serial: int, folder: Path) -> bytes:
    """Have the TPM tell the payload, by what the keyring gives away: TSS2 PRIVATE KEY.

    Source: https://www.hansenpartnership.com/draft-bottomley-tpm2-keys.html
    """
    sealed = bytes.fromhex(run("keyctl", "pipe", str(serial)).decode())
    # Of BER: the kernel writes TRUE as 1.
    key, rest = decoder.decode(sealed)
    assert not rest
    public, private = (bytes(key[at]) for at in (-2, -1))
    (folder / "public").write_bytes(public)
    (folder / "private").write_bytes(private)
    files = ("-u", "public", "-r", "private", "-c", "key")
    run("tpm2_load", "-C", STORAGE_KEY, *files, folder=folder)
    return run("tpm2_unseal", "-c", "key", folder=folder)


def test_a_keyed_hash(storage_key: str, tmp_path: Path) -> None:
    serial = add_trusted(f"new 32 {storage_key}")
    expected = hmac.digest(payload_of(serial, tmp_path), TEXT, hashlib.sha256)
    with CryptoDevice("hmac(sha256)", key_serial=serial) as device:
        assert device.digest(TEXT) == expected


def test_a_key_that_is_loaded_again(storage_key: str) -> None:
    first = add_trusted(f"new 32 {storage_key}")
    sealed = run("keyctl", "pipe", str(first)).decode()
    again = add_trusted(f"load {sealed} {storage_key}")
    with (
        CryptoDevice("cbc(aes)", key_serial=first) as ours,
        CryptoDevice("cbc(aes)", key_serial=again) as judge,
    ):
        text = ours.encrypt(bytes(32), iv=bytes(16))
        assert judge.decrypt(text, iv=bytes(16)) == bytes(32)


def test_a_private_value(storage_key: str, tmp_path: Path) -> None:
    serial = add_trusted(f"new 32 {storage_key}")
    own = x25519.X25519PrivateKey.from_private_bytes(payload_of(serial, tmp_path))
    with CryptoDevice("curve25519", key_serial=serial) as device:
        assert device.public_key() == own.public_key().public_bytes_raw()


def test_a_master_key_of_encrypted_ones(storage_key: str) -> None:
    name = f"devcrypto:{os.urandom(8).hex()}"
    run("keyctl", "add", "trusted", name, f"new 32 {storage_key}", "@u")
    description = f"new default trusted:{name} 32"
    serial = int(run("keyctl", "add", "encrypted", f"{name}:data", description, "@u"))
    with CryptoDevice("cbc(aes)", key_serial=serial) as device:
        text = device.encrypt(bytes(32), iv=bytes(16))
        assert device.decrypt(text, iv=bytes(16)) == bytes(32)


def test_a_revoked_key(storage_key: str) -> None:
    serial = add_trusted(f"new 32 {storage_key}")
    run("keyctl", "revoke", str(serial))
    with pytest.raises(KeyRevoked):
        CryptoDevice("hmac(sha256)", key_serial=serial)


def test_a_key_of_another_length(storage_key: str) -> None:
    serial = add_trusted(f"new 33 {storage_key}")
    with pytest.raises(InvalidRequest):
        CryptoDevice("cbc(aes)", key_serial=serial)
