# SPDX-License-Identifier: MIT
"""What `enc` and `dec` have in common: their options, and the choice between their formats."""

from __future__ import annotations

import argparse
import binascii

from .. import Op, container
from . import keys, raw
from .exit_codes import ExitCode, UsageError
from .files import add_file_arguments, open_input, open_output
from .verbs import algorithm_name


def add_arguments(parser: argparse.ArgumentParser, *, algorithm_help: str) -> None:
    """Add the options of both verbs."""
    add_file_arguments(parser)
    parser.add_argument(
        "-a", "--algorithm", metavar="NAME", type=algorithm_name, help=algorithm_help
    )
    plain = parser.add_argument_group("cipher alone, as openssl enc -K -iv has it")
    plain.add_argument(
        "--raw",
        action="store_true",
        help="no container and no authentication: the bytes of the cipher -a NAME, where cbc and "
        "ecb are padded (PKCS#7)",
    )
    plain.add_argument("--iv", metavar="HEX", help="IV, all bytes of it (--raw)")
    plain.add_argument("--nopad", action="store_true", help="no padding (--raw)")
    keys.add_arguments(parser, required=True)


def crypt(op: Op, arguments: argparse.Namespace) -> ExitCode:
    """Encrypt or decrypt as the options say."""
    iv = _checked_iv(arguments)
    key = keys.read_key(arguments)
    name, path = arguments.algorithm, arguments.device
    with (
        open_input(arguments.file) as source,
        open_output(arguments.output, force=arguments.force, binary=op is Op.ENCRYPT) as write,
    ):
        if arguments.raw:
            padding = not arguments.nopad
            raw.crypt(op, source, write, name=name, key=key, iv=iv, padding=padding, path=path)
        elif op is Op.ENCRYPT:
            name = name or container.DEFAULT_ALGORITHM
            container.encrypt(source, write, key, algorithm=name, path=path)
        else:
            container.decrypt(source, write, key, algorithm=name, path=path)
    return ExitCode.OK


def _checked_iv(arguments: argparse.Namespace) -> bytes:
    if not arguments.raw:
        if arguments.iv is not None or arguments.nopad:
            raise UsageError("--iv and --nopad go with --raw")
        return b""
    if arguments.algorithm is None:
        raise UsageError("--raw needs -a NAME, for example -a 'cbc(aes)'")
    try:
        return binascii.unhexlify(arguments.iv or "")
    except (binascii.Error, ValueError):
        raise UsageError("--iv: not hexadecimal, or an odd number of digits") from None
