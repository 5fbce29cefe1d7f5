# SPDX-License-Identifier: MIT
"""`cryptodev decompress`: decompress a file or a pipe."""

from __future__ import annotations

import argparse

from .. import framing
from .exit_codes import ExitCode
from .files import add_file_arguments, open_input, open_output
from .verbs import Verbs, algorithm_name


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "decompress",
        run,
        help="decompress a file or a pipe",
        description="Decompresses what compress made, and files of gzip, zstd, lz4 and lzop as "
        "far as each of their blocks fits into one request. The format is recognised. A pipe may "
        "have got the beginning before the rest turns out to be damaged, which the exit status "
        "tells.",
    )
    add_file_arguments(parser)
    parser.add_argument(
        "-a",
        "--algorithm",
        metavar="NAME",
        type=algorithm_name,
        help="the driver to use (default: the best one for the format)",
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    with (
        open_input(arguments.file) as source,
        open_output(arguments.output, force=arguments.force, binary=False) as write,
    ):
        framing.decompress(source, write, algorithm=arguments.algorithm, path=arguments.device)
    return ExitCode.OK
