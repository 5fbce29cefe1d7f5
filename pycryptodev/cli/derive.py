# SPDX-License-Identifier: MIT
"""`cryptodev derive`: agree on a secret with the owner of a public key."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator

from .. import AlgClass, CryptoDevice, InvalidRequest
from . import key_files
from .exit_codes import ExitCode, UsageError
from .files import add_output_arguments, open_output
from .keys import read_source
from .verbs import Verbs, algorithm_name


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "derive",
        run,
        help="the secret shared with the owner of a public key",
        description="Agrees on a secret by ECDH, X25519 or DH: the bytes of `openssl pkeyutl "
        "-derive`. They are not evenly distributed: derive keys from them.",
    )
    parser.add_argument("--peer", metavar="FILE", required=True, help="the other's public key")
    own = key_files.add_arguments(parser, help="one's own private key")
    own.add_argument(
        "--generate",
        action="store_true",
        help="have the kernel make the private key, which never leaves it",
    )
    parser.add_argument(
        "--public-key", metavar="FILE", help="write one's own public key there (for --generate)"
    )
    parser.add_argument(
        "-a",
        "--algorithm",
        metavar="NAME",
        type=algorithm_name,
        help="keys are no PEM or DER, but the bytes that the crypto API has for this algorithm",
    )
    add_output_arguments(parser, "the outputs")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    if arguments.generate and arguments.public_key is None:
        raise UsageError(
            "nobody could agree with a key that is made and not shown", hint="--public-key FILE"
        )
    agree = _raw if arguments.algorithm else _pem
    with contextlib.ExitStack() as outputs:
        write = outputs.enter_context(
            open_output(arguments.output, force=arguments.force, binary=True)
        )
        public, secret = agree(arguments)
        if arguments.public_key is not None:
            show = outputs.enter_context(
                open_output(
                    arguments.public_key, force=arguments.force, binary=bool(arguments.algorithm)
                )
            )
            show(public)
        write(secret)
    return ExitCode.OK


def _raw(arguments: argparse.Namespace) -> tuple[bytes, bytes]:
    peer = read_source(arguments.peer, arguments.peer)
    key, where = (None, "--generate") if arguments.generate else key_files.read(arguments)
    with key_files.accepted(where, f"private key of {arguments.algorithm}"):
        device = CryptoDevice(
            arguments.algorithm,
            alg_class=AlgClass.KPP,
            key=key,
            generate=arguments.generate,
            path=arguments.device,
        )
    with device, _peer_is_good(arguments):
        return device.public_key(), device.shared_secret(peer)


def _pem(arguments: argparse.Namespace) -> tuple[bytes, bytes]:
    keys = key_files.library()
    peer = key_files.load_file(arguments.peer, keys.agreement_public_key)
    group = peer.group
    if arguments.generate:
        try:
            device = keys.generate(group, path=arguments.device)
        except keys.KeyFileError as error:
            raise UsageError(f"{arguments.peer}: {error}") from None
    else:
        own, where = key_files.load(arguments, keys.agreement_private_key)
        if own.group != group:
            raise UsageError(f"{arguments.peer}: not of the group of the private key")
        with key_files.accepted(where, "private key of this group"):
            device = own.device(path=arguments.device)
    with device, _peer_is_good(arguments):
        return keys.shown(device, group).pem(), keys.agree(device, group, peer)


@contextlib.contextmanager
def _peer_is_good(arguments: argparse.Namespace) -> Iterator[None]:
    try:
        yield
    except InvalidRequest:
        raise UsageError(
            f"{arguments.peer}: no public key of this group, or one that gives the secret away"
        ) from None
