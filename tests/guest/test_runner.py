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


def test_status_output_and_surroundings() -> None:
    """One guest shows what a command is given and what of it comes back."""
    status, stdout, stderr = run(
        """
        printf '\\000\\377 no newline at the end' >/dev/stdout
        echo complaint >&2
        {
            test "$PWD" = "$PROJECT_EXPECTED" || pwd
            test "$DEVCRYPTO_GUEST$DEVCRYPTO_KERNEL" = 16.1 || env
            test "$(id -u)" = 0 || id
            test "$(nproc)" = 2 || nproc
            test "$(stat -L -c '%U:%G %a' /dev/devcrypto)" = "root:crypto 660" || ls -l /dev/crypto
            test "$(wc -c </dev/stdin)" = 0 || echo input
            echo 1 >/tmp/file && echo 1 >/etc/file && echo 1 >"$PWD/file" || echo read-only
            grep -q virtio_crypto /proc/crypto || echo no engine
            test "$(cat /proc/sys/kernel/panic_on_warn)" = 1 || echo warnings
            /usr/bin/python3 -c 'import socket as s; s.socket(s.AF_ALG, s.SOCK_SEQPACKET).bind((
                "skcipher", "ecb(camellia)"))'
            grep -q ^camellia /proc/modules || echo kernel cannot load modules
            ping -c1 -W1 127.0.0.1 >/dev/null 2>&1 || ip addr show lo | grep -q UP || echo lo
        } >&2
        exit 37
        """.replace("$PROJECT_EXPECTED", str(PROJECT))
    )
    assert stdout == b"\0\377 no newline at the end"
    complaints = stderr.split(b"guest: kernel log")[0].decode()
    assert complaints.splitlines() == ["complaint"]
    assert status == 37
    assert not (PROJECT / "file").exists()


def test_reports_below_build_outlive_the_guest(tmp_path: Path) -> None:
    report = PROJECT / "build" / f"report-{os.getpid()}"
    try:
        status, _, _ = run(f"echo done >{report}")
        assert status == 0
        assert report.read_text(encoding="ascii") == "done\n"
    finally:
        report.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("user", "groups", "opens"), [("member", "member crypto", "0"), ("outsider", "outsider", "1")]
)
def test_users(user: str, groups: str, opens: str) -> None:
    status, stdout, stderr = run(
        "id -un; id -Gn; exec 2>/dev/null; (: <>/dev/crypto); echo $?; cat Makefile | head -c1; "
        "grep CapEff /proc/self/status",
        "--as",
        user,
    )
    assert status == 0, stderr.decode()
    assert stdout.decode().split("\n") == [
        user,
        groups,
        opens,
        "#CapEff:\t0000000000000000",
        "",
    ]


def test_no_standard_streams_at_all() -> None:
    command = "/usr/bin/python3 -m guest run true <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], cwd=PROJECT, check=False).returncode == 0


def test_much_output_through_a_slow_reader() -> None:
    """Nothing is lost when the guest ends long before its output has been read."""
    size = 3 << 20
    process = start(f"head -c {size} /dev/zero; printf end")
    assert process.stdout is not None
    time.sleep(8)
    received = process.stdout.read()
    assert process.wait(timeout=60) == 0
    assert len(received) == size + 3
    assert received.endswith(b"\0end")


def test_panic_is_a_lost_guest() -> None:
    status, _, stderr = run("echo before; echo c >/proc/sysrq-trigger; sleep 60")
    assert status == 128
    assert b"sysrq triggered crash" in stderr


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
    status, stdout, stderr = run("echo before; sleep 100", "--timeout", "12")
    assert (status, stdout) == (124, b"before\n")
    assert b"killed after 12 s" in stderr


def test_what_is_left_running_does_not_hold_the_guest() -> None:
    assert run("setsid sleep 100 & echo started")[:2] == (0, b"started\n")


def test_warning_ends_the_guest() -> None:
    status, _, stderr = run("modprobe devcrypto_fault kind=warn; exit 0")
    assert status == 128
    assert b"deliberate fault" in stderr


def test_report_fails_a_command_that_succeeded() -> None:
    """Also one that does not stop the kernel."""
    status, stdout, stderr = run("modprobe devcrypto_fault kind=trace; echo fine")
    assert (status, stdout) == (125, b"fine\n")
    assert b"the kernel reported" in stderr
    assert b"Call Trace" in stderr
