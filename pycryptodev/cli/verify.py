# SPDX-License-Identifier: MIT
"""`cryptodev verify`: verify the signature of a file or a pipe."""

from __future__ import annotations

import argparse
import errno

from .. import AlgClass, driver_info
from ..errors import from_errno
from . import digests, key_files
from .exit_codes import ExitCode, UsageError
from .files import STDIO
from .keys import read_some
from .verbs import Verbs


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "verify",
        run,
        help="verify the signature of a file",
        description="Verifies a signature of RSA, ECDSA or EC-RDSA, and says nothing if it is "
        "good.",
    )
    parser.add_argument("file", nargs="?", default=STDIO, help="input (default: standard input)")
    parser.add_argument("--signature", metavar="FILE", required=True, help="the signature")
    digests.add_argument(parser)
    key_files.add_arguments(
        parser, help="public key or certificate, PEM or DER; of a private key the public half"
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    keys = key_files.library()
    key, where = key_files.load(arguments, keys.verifying_key)
    signature = read_some(arguments.signature, arguments.signature)
    digest_name = arguments.hash or key.default_hash
    if isinstance(key, keys.EcrdsaPublicKey) and digest_name != key.default_hash:
        raise UsageError(f"the key is used with {key.default_hash}, not {digest_name}")
    with key_files.accepted(where, "public key"):
        verifier = key.verifier(digest_name, path=arguments.device)
    with verifier as device:
        if len(signature) > driver_info(path=arguments.device).max_key_bytes:
            # Longer than any signature, which the driver takes for a limit that has been reached.
            raise from_errno(errno.EKEYREJECTED, alg_class=AlgClass.SIG)
        device.verify(signature, digests.digest(arguments.file, digest_name, arguments.device))
    return ExitCode.OK
