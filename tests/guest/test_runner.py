# SPDX-License-Identifier: MIT
"""The guest runner, seen from the machine that runs it. Every test boots at least one guest."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    "DEVCRYPTO_GUEST" in os.environ, reason="boots guests: runs on the host only"
)


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """What make prints is not to be mistaken for a guest's complaint."""
    subprocess.run(["/usr/bin/python3", "-m", "guest", "build"], cwd=PROJECT, check=True)


def start(command: str, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/usr/bin/python3", "-m", "guest", "run", *options, "--", command],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(command: str, *options: str) -> tuple[int, bytes, bytes]:
    process = start(command, *options)
    stdout, stderr = process.communicate(timeout=120)
    return process.returncode, stdout, stderr


def test_surroundings_status_and_output() -> None:
    """What a command is given, and that all it writes comes back, also through a slow reader."""
    size = 3 << 20
    process = start(
        f"""
        echo complaint >&2
        {{
            test "$PWD" = "{PROJECT}" || pwd
            test "$DEVCRYPTO_GUEST$DEVCRYPTO_KERNEL" = 16.1 || env
            test "$(id -u)" = 0 || id
            test "$(nproc)" = 2 || nproc
            test "$(stat -L -c '%U:%G %a' /dev/devcrypto)" = "root:crypto 660" || ls -l /dev/crypto
            test "$(wc -c </dev/stdin)" = 0 || echo input
            echo 1 >/tmp/file && echo 1 >/etc/file && echo 1 >"$PWD/file" || echo read-only
            grep -q virtio_crypto /proc/crypto || echo no engine
            test "$(cat /proc/sys/kernel/panic_on_warn)" = 1 || echo warnings
            /usr/bin/python3 -c 'import socket as s
s.socket(s.AF_ALG, s.SOCK_SEQPACKET).bind(("skcipher", "ecb(camellia)"))'
            grep -q ^camellia /proc/modules || echo the kernel cannot load modules
            ip addr show lo | grep -q UP || echo no loopback
        }} >&2
        printf '\\000\\377' >/dev/stdout
        head -c {size} /dev/zero
        printf 'no newline at the end'
        exit 37
        """
    )
    assert process.stdout is not None
    assert process.stderr is not None
    time.sleep(10)
    stdout = process.stdout.read()
    complaints = process.stderr.read().split(b"guest: kernel log")[0]
    assert process.wait(timeout=60) == 37
    assert complaints.decode() == "complaint\n"
    assert stdout == b"\0\377" + bytes(size) + b"no newline at the end"
    assert not (PROJECT / "file").exists()


def test_plain_user() -> None:
    status, stdout, stderr = run(
        "id -un; id -Gn; : <>/dev/crypto; head -c1 Makefile; grep CapEff /proc/self/status",
        "--as",
        "member",
    )
    assert status == 0, stderr.decode()
    assert stdout.decode() == "member\nmember crypto\n#CapEff:\t0000000000000000\n"


def test_no_standard_streams_and_something_left_running() -> None:
    """Neither matters, and a report below build/ outlives the guest."""
    report = PROJECT / "build" / f"report-{os.getpid()}"
    command = f"setsid sleep 100 & echo done >{report}"
    shell = f"/usr/bin/python3 -m guest run '{command}' <&- >&- 2>&-"
    try:
        assert subprocess.run(["sh", "-c", shell], cwd=PROJECT, check=False).returncode == 0
        assert report.read_text(encoding="ascii") == "done\n"
    finally:
        report.unlink(missing_ok=True)


def test_killed_qemu_is_a_lost_guest() -> None:
    process = start("echo up; sleep 100")
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    os.kill(int(children.split()[0]), signal.SIGKILL)
    assert process.wait(timeout=30) == 128


def test_qemu_ends_with_the_runner() -> None:
    process = start("echo up; sleep 100")
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    qemu = Path("/proc") / children.split()[0]
    process.kill()
    process.wait(timeout=30)
    deadline = time.monotonic() + 10
    while qemu.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not qemu.exists()


def test_time_limit() -> None:
    status, _, stderr = run("sleep 100", "--timeout", "3")
    assert status == 124
    assert b"killed after 3 s" in stderr


def test_counted_instructions_are_the_guests_time() -> None:
    """On one CPU: while that has nothing to do, no time passes outside."""
    status, stdout, stderr = run("nproc; sleep 300", "--count-instructions")
    assert (status, stdout) == (0, b"1\n"), stderr.decode()


def test_warning_is_a_panic_and_a_panic_is_a_lost_guest() -> None:
    command = "echo before; sleep 0.1; modprobe devcrypto_fault kind=warn; exit 0"
    status, stdout, stderr = run(command)
    assert (status, stdout) == (128, b"before\n")
    assert b"deliberate fault" in stderr


def test_kernel_that_does_not_come_up_is_started_once_more() -> None:
    status, _, stderr = run("true", "--append", "rdinit=/none", "--append", "root=/dev/none")
    assert status == 128
    assert stderr.count(b"died before it ran a program") == 2
    assert stderr.count(b"once more") == 1


def test_report_fails_a_command_that_succeeded() -> None:
    """Also one that does not stop the kernel."""
    status, stdout, stderr = run("modprobe devcrypto_fault kind=trace; echo fine")
    assert (status, stdout) == (125, b"fine\n")
    assert b"the kernel reported" in stderr
    assert b"Call Trace" in stderr
