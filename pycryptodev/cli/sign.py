# SPDX-License-Identifier: MIT
"""`cryptodev sign`: sign a file or a pipe."""

from __future__ import annotations

import argparse

from . import digests, key_files
from .exit_codes import ExitCode
from .files import add_file_arguments, open_output
from .verbs import Verbs


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "sign",
        run,
        help="sign a file with RSA",
        description="Signs with RSASSA-PKCS1-v1_5, the bytes of `openssl dgst -sign`.",
    )
    add_file_arguments(parser)
    digests.add_argument(parser)
    source = key_files.add_arguments(parser, help="private key of RSA, PEM or DER")
    source.add_argument(
        "--key-serial",
        metavar="N",
        type=key_files.serial,
        help="serial number of a key of the kernel's keyring with the DER of RSAPrivateKey",
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    keys = key_files.library()
    serial = arguments.key_serial
    if serial is None:
        key, where = key_files.load(arguments, keys.signing_key)
    else:
        key, where = keys.KeyringRsaKey(serial), f"key {serial}"
    digest_name = arguments.hash or key.default_hash
    with key_files.accepted(where, "private key of RSA"):
        signer = key.signer(digest_name, path=arguments.device)
    with (
        signer as device,
        open_output(arguments.output, force=arguments.force, binary=True) as write,
    ):
        write(device.sign(digests.digest(arguments.file, digest_name, arguments.device)))
    return ExitCode.OK
