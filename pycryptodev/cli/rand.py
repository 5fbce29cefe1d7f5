# SPDX-License-Identifier: MIT
"""`cryptodev rand`: random bytes of one of the kernel's generators."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Iterator

from .. import AlgClass, CryptoDevice, default_generator
from .exit_codes import ExitCode
from .files import add_output_arguments, open_output
from .progress import progress
from .verbs import Verbs, algorithm_name

_LINE_BYTES = 48
"""Random bytes in a line of 64 characters of base64, as `openssl rand` has them."""
_PIECE_BYTES = 64 * _LINE_BYTES


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "rand",
        run,
        help="random bytes",
        description="Writes random bytes of one of the kernel's generators.",
    )
    parser.add_argument("count", metavar="BYTES", type=_count, help="how many")
    parser.add_argument(
        "-a",
        "--algorithm",
        metavar="NAME",
        type=algorithm_name,
        help="the generator (default: stdrng; jitterentropy_rng where the kernel has no stdrng)",
    )
    add_output_arguments(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--hex", action="store_true", help="hexadecimal digits in one line")
    form.add_argument("--base64", action="store_true", help="base64 in lines of 64 characters")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Write the bytes."""
    binary = not (arguments.hex or arguments.base64)
    name = arguments.algorithm or default_generator(path=arguments.device)
    with (
        open_output(arguments.output, force=arguments.force, binary=binary) as write,
        CryptoDevice(name, alg_class=AlgClass.RNG, path=arguments.device) as device,
        progress(arguments.count, "random bytes") as advance,
    ):
        for data in _random(device, arguments.count):
            if arguments.hex:
                write(data.hex().encode())
            elif arguments.base64:
                for start in range(0, len(data), _LINE_BYTES):
                    write(base64.b64encode(data[start : start + _LINE_BYTES]) + b"\n")
            else:
                write(data)
            advance(len(data))
        if arguments.hex:
            write(b"\n")
    return ExitCode.OK


def _random(device: CryptoDevice, count: int) -> Iterator[bytes]:
    while count:
        data = device.random(min(count, _PIECE_BYTES))
        count -= len(data)
        yield data


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bytes")
    return int(text)
