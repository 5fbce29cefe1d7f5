# SPDX-License-Identifier: MIT
"""Run one command in one guest."""

from __future__ import annotations

import os
import secrets
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from guest import console, tpm
from guest.errors import DeadAtBootError, GuestError, KernelReportError, LostVMError, VMTimeoutError
from guest.initrd import make_initrd
from guest.kbuild import ModuleTree
from guest.kernels import KernelTree
from guest.paths import BUILD, PROJECT

LOGS_KEPT = 50


@dataclass
class _Stream:
    """Bytes of one port on their way to a descriptor of ours, up to the end mark."""

    descriptor: int
    end: bytes
    held: bytes = b""
    ended: bool = False

    def feed(self, data: bytes) -> None:
        """Pass on all that cannot be the beginning of the end mark."""
        if self.ended:
            return
        data = self.held + data
        text, mark, _ = data.partition(self.end)
        self.ended = bool(mark)
        keep = 0 if mark else _overlap(text, self.end)
        self.held = text[len(text) - keep :]
        self._write(text[: len(text) - keep])

    def flush(self) -> None:
        """Pass on what was held back: the mark did not come."""
        if not self.ended:
            self._write(self.held)
        self.held = b""

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.descriptor, data) :]


def _overlap(text: bytes, mark: bytes) -> int:
    """Length of the longest end of `text` that `mark` begins with."""
    for length in range(min(len(mark) - 1, len(text)), 0, -1):
        if text.endswith(mark[:length]):
            return length
    return 0


@dataclass
class Options:
    """How a guest is run.

    Args:
        accel: `kvm`, `tcg`, or empty to take what serves.
        timeout: seconds until the guest is killed.
        run_as: user of the guest to run the command as; empty for root.
        then: another command, run as root once the first has ended, however it did; the status is
            that of the first that failed.
        module_arguments: parameters for the driver, as modprobe takes them.
        interactive: connect this process's terminal to the command, without a time limit.
        count_instructions: emulate one CPU whose clock goes on by a nanosecond with each
            instruction, so that what a program measures is the same in every run.
        memory: the guest's memory in MiB; 0 = what the kernel needs.
        kernel_options: more words for the kernel's command line.
        qemu_options: more arguments for QEMU.
    """

    accel: str = ""
    timeout: float = 600.0
    run_as: str = ""
    then: str = ""
    module_arguments: str = ""
    interactive: bool = False
    count_instructions: bool = False
    memory: int = 0
    kernel_options: Sequence[str] = ()
    qemu_options: Sequence[str] = ()


@dataclass
class _Ports:
    """The three socket pairs between guest and runner."""

    names: tuple[str, ...] = ("stdout", "stderr", "status")
    ours: dict[str, socket.socket] = field(default_factory=dict)
    theirs: dict[str, socket.socket] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.names:
            self.ours[name], self.theirs[name] = socket.socketpair()

    def arguments(self) -> list[str]:
        arguments = []
        for name, end in self.theirs.items():
            arguments += ["-chardev", f"socket,id={name},fd={end.fileno()}"]
            arguments += ["-device", f"virtserialport,chardev={name},name=guest.{name}"]
        return arguments

    def close(self) -> None:
        for end in (*self.ours.values(), *self.theirs.values()):
            end.close()


def pick_accel() -> str:
    """`kvm` where it serves a stock kernel, else `tcg`.

    The kvm_pvm module offers the same device but runs stock kernels slower than emulation does.
    """
    usable = os.access("/dev/kvm", os.R_OK | os.W_OK) and not Path("/sys/module/kvm_pvm").exists()
    return "kvm" if usable else "tcg"


def run_in_vm(
    command: str, tree: KernelTree, modules: ModuleTree, log: Path, options: Options | None = None
) -> int:
    """Boot a guest, run `command` in the project's root and return its exit status.

    The command's standard output and error go to this process's own, its input is empty.

    Args:
        command: for `bash -c`.
        tree: the kernel to boot.
        modules: its modules and the project's.
        log: file for the kernel log, and for what QEMU has to say behind it.
        options: see Options.

    Raises:
        DeadAtBootError: the kernel did not come up.
        LostVMError: the guest ended without a status.
        VMTimeoutError: it was killed at the time limit.
        KernelReportError: the kernel reported a fault although the guest came to its end.
    """
    options = options or Options()
    end = secrets.token_hex(16)
    settings = {
        "PROJECT": str(PROJECT),
        "KERNEL": tree.kernel.name,
        "KERNEL_TREE": str(tree.root),
        "RUN_AS": options.run_as,
        "MODULE_ARGUMENTS": options.module_arguments,
        "COMMAND": command,
        "THEN": options.then,
        "TERMINAL": "/dev/hvc0" if options.interactive else "",
        # A kernel that was built to report goes on, so that what it says next is known, too.
        "PANIC_ON_WARN": "0" if tree.kernel.finds_faults else "1",
        "END": end,
    }
    with (
        tempfile.NamedTemporaryFile(prefix="guest-", suffix=".initrd") as initrd,
        tpm.emulated(tree.kernel.has_trusted_keys) as its_tpm,
    ):
        initrd.write(make_initrd(modules, settings))
        initrd.flush()
        ports = _Ports()
        qemu = _command(tree, options, Path(initrd.name), log) + ports.arguments()
        qemu += its_tpm.arguments
        started = time.monotonic()
        try:
            status = _follow(qemu, ports, its_tpm, log, end.encode(), options)
        finally:
            ports.close()
    if status is None:
        if not options.interactive and time.monotonic() - started >= options.timeout:
            raise VMTimeoutError(f"the guest was killed after {options.timeout:g} s")
        if not console.came_up(console.read(log)):
            raise DeadAtBootError("the guest's kernel died before it ran a program")
        raise LostVMError("the guest died without a status")
    found = console.attribute(console.read(log))
    reports = [f"{line} ({where})" if where else line for where, line in found]
    if reports:
        raise KernelReportError(reports, status)
    return status


def new_log(tree: KernelTree) -> Path:
    """An empty file for the kernel log of one run; only the newest logs are kept."""
    directory = BUILD / tree.kernel.name / "logs"
    directory.mkdir(parents=True, exist_ok=True)
    for old in sorted(directory.glob("*.log"))[:-LOGS_KEPT]:
        old.unlink(missing_ok=True)
    log = directory / f"{time.strftime('%Y%m%dT%H%M%S')}-{secrets.token_hex(3)}.log"
    log.touch()
    return log


def _processors(options: Options) -> list[str]:
    """QEMU's arguments for the CPUs and what executes them."""
    # Emulated, a copy by string instruction is slower than the kernel's other ways.
    cpu = "max,erms=off,fsrm=off"
    if options.count_instructions:
        # Page tables of the four levels that nearly every machine has.
        cpu += ",la57=off"
        clock = ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm"]
        return ["-accel", "tcg", *clock, "-cpu", cpu, "-smp", "1"]
    accel = options.accel or pick_accel()
    if accel == "kvm":
        return ["-accel", "kvm", "-cpu", "host", "-smp", "2"]
    return ["-accel", "tcg,thread=multi", "-cpu", cpu, "-smp", "2"]


def _command(tree: KernelTree, options: Options, initrd: Path, log: Path) -> list[str]:
    terminal = [
        *("-chardev", "stdio,id=terminal,signal=off"),
        *("-device", "virtconsole,chardev=terminal"),
    ]
    append = [
        "console=ttyS0",
        "loglevel=8",
        "printk.devkmsg=on",
        # A panic ends the guest, and every oops is a panic.
        "oops=panic",
        "panic=-1",
        # Nobody attacks the guest, and under emulation the mitigations cost a third of the time.
        "mitigations=off",
        # On a busy host the guest stands still longer than these watchdogs allow.
        "watchdog_thresh=60",
        "rcupdate.rcu_cpu_stall_timeout=120",
        # Where things lie decides how many instructions some of the kernel's searches take.
        *(("nokaslr", "norandmaps") if options.count_instructions else ()),
        *tree.kernel.options,
        *options.kernel_options,
    ]
    return [
        # QEMU must not outlive a runner that is killed.
        *("setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64"),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-machine", "q35", *_processors(options)),
        *("-m", f"{options.memory or tree.kernel.memory}M"),
        *("-kernel", str(tree.image), "-initrd", str(initrd), "-append", " ".join(append)),
        *("-chardev", f"file,id=console,path={log},append=on"),
        *("-serial", "chardev:console"),
        *("-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"),
        *("-device", "virtio-9p-pci,fsdev=root,mount_tag=root"),
        *("-fsdev", f"local,id=build,path={BUILD},security_model=none,multidevs=remap"),
        *("-device", "virtio-9p-pci,fsdev=build,mount_tag=build"),
        *("-object", "cryptodev-backend-builtin,id=engine"),
        *("-device", "virtio-crypto-pci,cryptodev=engine"),
        *("-device", "virtio-serial-pci"),
        *(terminal if options.interactive else ()),
        *options.qemu_options,
    ]


def _follow(
    qemu: list[str], ports: _Ports, its_tpm: tpm.Tpm, log: Path, end: bytes, options: Options
) -> int | None:
    """Start QEMU, pass the guest's output on until it ends, and return its status."""
    try:
        process = subprocess.Popen(
            qemu,
            stdin=None if options.interactive else subprocess.DEVNULL,
            stdout=None if options.interactive else subprocess.DEVNULL,
            stderr=log.open("ab"),
            pass_fds=[
                *(theirs.fileno() for theirs in ports.theirs.values()),
                *its_tpm.descriptors,
            ],
            # An interrupt from the terminal is for the runner, which then ends QEMU itself.
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise GuestError(f"{error.filename} is missing: run make deps") from error
    killer = threading.Timer(options.timeout, process.kill)
    if not options.interactive:
        killer.start()
    try:
        for theirs in ports.theirs.values():
            theirs.close()
        status = _relay(ports, end)
        process.wait()
    finally:
        killer.cancel()
        process.kill()
        process.wait()
    return status


def _relay(ports: _Ports, end: bytes) -> int | None:
    """Pass on the guest's output until every port is closed."""
    for own in (sys.stdout, sys.stderr):
        if own:  # a process may be started without
            own.flush()
    streams = {"stdout": _Stream(1, end), "stderr": _Stream(2, end)}
    status = b""
    with selectors.DefaultSelector() as selector:
        for name, ours in ports.ours.items():
            selector.register(ours, selectors.EVENT_READ, name)
        while selector.get_map():
            for key, _ in selector.select():
                try:
                    data = ports.ours[key.data].recv(65536)
                except ConnectionResetError:
                    data = b""
                if not data:
                    selector.unregister(key.fileobj)
                elif key.data == "status":
                    status += data
                else:
                    streams[key.data].feed(data)
    for stream in streams.values():
        stream.flush()
    text = status.split(b"\n")[0].decode("ascii", "replace")
    return int(text) if b"\n" in status and text.isdigit() else None
