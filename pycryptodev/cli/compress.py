# SPDX-License-Identifier: MIT
"""`cryptodev compress`: compress a file or a pipe."""

from __future__ import annotations

import argparse

from .. import framing
from .exit_codes import ExitCode
from .files import add_file_arguments, open_input, open_output
from .verbs import Verbs, algorithm_name


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "compress",
        run,
        help="compress a file or a pipe",
        description="Compresses into the format of the algorithm's own program: gzip for deflate, "
        "zstd, lz4 for lz4 and lz4hc, lzop for lzo; others into one that only decompress reads.",
    )
    add_file_arguments(parser)
    parser.add_argument(
        "-a",
        "--algorithm",
        metavar="NAME",
        type=algorithm_name,
        default=framing.DEFAULT_ALGORITHM,
        help="a compression or a driver of it (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    with (
        open_input(arguments.file) as source,
        open_output(arguments.output, force=arguments.force, binary=True) as write,
    ):
        framing.compress(source, write, algorithm=arguments.algorithm, path=arguments.device)
    return ExitCode.OK
