# SPDX-License-Identifier: MIT
"""Command line of the guest runner and of the kernel code's checks.

Exit codes of `run`: the command's own, or
  2    nothing was booted: no such kernel, or the driver does not build,
  124  the time limit ran out,
  125  the kernel reported a fault,
  128  the guest died,
  130  interrupted.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from guest import checks, console, kbuild, kernels, vm
from guest.errors import (
    EXIT_KERNEL_REPORT,
    EXIT_LOST,
    EXIT_SETUP,
    EXIT_TIMEOUT,
    DeadAtBootError,
    GuestError,
    KernelReportError,
    LostVMError,
    VMTimeoutError,
)


def _say(text: str) -> None:
    print(f"guest: {text}", file=sys.stderr, flush=True)


def _show_log(log: Path) -> None:
    _say(f"kernel log ({log}):")
    text = console.since_begin(console.read(log))
    print(text.strip(), file=sys.stderr, flush=True)


def _run(arguments: argparse.Namespace, tree: kernels.KernelTree) -> int:
    modules = kbuild.build(tree)
    options = vm.Options(
        accel=arguments.accel,
        timeout=arguments.timeout,
        run_as=arguments.run_as,
        then=arguments.then,
        module_arguments=arguments.module_arguments,
        interactive=arguments.interactive,
        count_instructions=arguments.count_instructions,
        memory=arguments.memory,
        kernel_options=arguments.append,
        qemu_options=arguments.qemu,
    )
    command = arguments.command or os.environ.get("GUEST_COMMAND", "")
    if options.interactive:
        command = command or "exec bash -i"
    if not command:
        raise GuestError("no command given")
    log = vm.new_log(tree)
    try:
        try:
            status = vm.run_in_vm(command, tree, modules, log, options)
        except DeadAtBootError as error:
            # Emulated kernels die now and then while they patch their own code, long before
            # there is anything of the project's in them.
            _say(f"{error} ({log}); once more")
            log = vm.new_log(tree)
            status = vm.run_in_vm(command, tree, modules, log, options)
    except VMTimeoutError as error:
        status = EXIT_TIMEOUT
        _show_log(log)
        _say(str(error))
    except LostVMError as error:
        status = EXIT_LOST
        _show_log(log)
        _say(str(error))
    except KernelReportError as error:
        status = EXIT_KERNEL_REPORT
        if arguments.provokes:
            return status
        _show_log(log)
        _say(f"the command ended with {error.status}, but the kernel reported:")
        for line in error.reports:
            _say(f"  {line}")
    else:
        if status and not options.interactive:
            _show_log(log)
            _say(f"the command failed with status {status}")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="guest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    prepare = verbs.add_parser("prepare", help="fetch a kernel into the cache, or build it there")
    build = verbs.add_parser("build", help="build the driver for it")
    run = verbs.add_parser("run", help="boot it and run a command")
    sparse = verbs.add_parser("sparse", help="check the kernel code for it with sparse")
    without_keys = verbs.add_parser("without-keys", help="build it as without CONFIG_KEYS")
    verbs.add_parser("checkpatch", help="check the kernel code's style")
    verbs.add_parser("version", help="print the version that the driver is built with")
    for verb in (prepare, build, run, sparse, without_keys):
        verb.add_argument(
            "--kernel",
            choices=[kernel.name for kernel in kernels.ALL_KERNELS],
            default=kernels.KERNELS[0].name,
        )
    run.add_argument("command", nargs="?", default="", help="for bash -c (else $GUEST_COMMAND)")
    run.add_argument("--as", dest="run_as", choices=("", "root", "member", "outsider"), default="")
    run.add_argument("--then", default="", metavar="COMMAND", help="to run as root after it")
    run.add_argument("--provokes", action="store_true", help="do not show what the kernel reports")
    run.add_argument("--interactive", action="store_true", help="on this terminal; a shell")
    run.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS")
    how = run.add_mutually_exclusive_group()
    how.add_argument("--accel", choices=("", "kvm", "tcg"), default="")
    how.add_argument(
        "--count-instructions",
        action="store_true",
        help="emulate one CPU, of which a nanosecond is an instruction",
    )
    run.add_argument("--module-arguments", default="", metavar="'NAME=VALUE ...'")
    run.add_argument("--memory", type=int, default=0, metavar="MIB", help="else what it needs")
    run.add_argument("--append", action="append", default=[], help="one word for the kernel")
    run.add_argument("--qemu", action="append", default=[], help="one argument for QEMU")
    return parser


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # A socket that got the number of a closed standard stream would be written to.
            os.open(os.devnull, os.O_RDWR)
    signal.signal(signal.SIGTERM, _terminate)
    arguments = _parser().parse_args()
    try:
        if arguments.verb == "checkpatch":
            return checks.checkpatch()
        if arguments.verb == "version":
            print(kbuild.version())
            return 0
        tree = kernels.prepare(kernels.find(arguments.kernel))
        if arguments.verb == "build":
            kbuild.build(tree)
        if arguments.verb == "sparse":
            return checks.sparse(tree)
        if arguments.verb == "without-keys":
            return checks.without_keys(tree)
        if arguments.verb == "run":
            return _run(arguments, tree)
    except GuestError as error:
        _say(str(error))
        return EXIT_SETUP
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    return 0


sys.exit(main())
