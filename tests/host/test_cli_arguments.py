# SPDX-License-Identifier: MIT
"""The command line where no device is needed: help, wrong use, exit status, standard streams."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from pycryptodev.cli import main
from pycryptodev.cli.exit_codes import ExitCode

PROJECT = Path(__file__).resolve().parents[2]
VERBS = (
    "list",
    "info",
    "prefer",
    "enc",
    "dec",
    "hash",
    "compress",
    "decompress",
    "sign",
    "verify",
    "derive",
    "rand",
    "selftest",
)
COMMAND = (sys.executable, "-m", "pycryptodev.cli")
NO_NODE = "/nonexistent/crypto"
SECRET = "00112233445566778899aabbccddeeff"

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file with a key of 32 bytes."""
    path = tmp_path / "key"
    path.write_bytes(bytes(range(32)))
    return path


def test_help_names_every_verb_and_every_status(capsys: Capture) -> None:
    assert main(["--help"]) == ExitCode.OK
    text = capsys.readouterr().out
    for verb in VERBS:
        assert re.search(rf"^ +{verb} ", text, re.MULTILINE)
    for code in ExitCode:
        assert re.search(rf"^ +{int(code)}  {re.escape(code.meaning)}$", text, re.MULTILINE)


def test_version(capsys: Capture) -> None:
    assert main(["--version"]) == ExitCode.OK
    assert capsys.readouterr().out == f"cryptodev {version('pycryptodev')}\n"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_help(verb: str, capsys: Capture) -> None:
    assert main([verb, "--help"]) == ExitCode.OK
    assert f"cryptodev {verb}" in capsys.readouterr().out


def test_manual_has_every_status() -> None:
    manual = (PROJECT / "docs" / "command.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| (\d+) \| (.*) \|$", manual, re.MULTILINE)
    assert documented == [(str(int(code)), code.meaning) for code in ExitCode]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["encode"],
        ["compress", "--key-env", "KEY"],
        ["compress", "-a", ""],
        ["decompress", "--raw"],
        ["sign"],
        ["sign", "--key-env", "KEY"],
        ["sign", "--key-file", "/dev/null"],
        ["sign", "--key-file", "/dev/zero"],
        ["sign", "--key-fd", "x"],
        *(["sign", "--key-serial", serial] for serial in ("", "x", "0", "-3", "2147483648")),
        ["sign", "--key-serial", "1", "--key-fd", "0"],
        ["sign", "--key-file", "/dev/null", "--key-fd", "0"],
        ["verify", "--key-file", "/dev/null"],
        ["verify", "--signature", "/dev/null"],
        ["verify", "--key-file", "/dev/null", "--signature", "/dev/null"],
        ["derive", "--generate", "--public-key", "/dev/null"],
        ["derive", "--peer", "/dev/null"],
        ["derive", "--peer", "/dev/null", "--generate"],
        ["derive", "--peer", "/dev/null", "--generate", "--key-fd", "0"],
        ["derive", "--peer", "/dev/null", "--key-file", "/dev/null"],
        ["enc"],
        ["enc", "--nonsense", "--key-env", "KEY"],
        ["enc", "--iv", "00" * 16, "--key-env", "KEY"],
        ["enc", "--nopad", "--key-env", "KEY"],
        ["enc", "--raw", "--key-env", "KEY"],
        ["enc", "--raw", "-a", "cbc(aes)", "--iv", "0", "--key-env", "KEY"],
        ["enc", "--raw", "-a", "cbc(aes)", "--iv", "é0", "--key-env", "KEY"],
        ["enc", "-a", "", "--key-env", "KEY"],
        ["enc", "-a", "a" * 128, "--key-env", "KEY"],
        ["enc", "-a", "cbc aes", "--key-env", "KEY"],
        ["enc", "--key-env", "KEY", "--key-fd", "0"],
        ["enc", "--key-env", "NO_SUCH_VARIABLE"],
        ["enc", "--key-env", "EMPTY"],
        ["enc", "--key-env", "NOT_HEX"],
        ["enc", "--key-env", "ODD"],
        ["enc", "--key-file", "/dev/null"],
        ["enc", "--key-file", "/dev/zero"],
        ["enc", "--key-file", "/dev/zero", "--key-format", "hex"],
        ["enc", "--key-fd", "-1"],
        ["enc", "--key-fd", "x"],
        ["hash", "--quiet"],
        ["hash", "--status"],
        ["hash", "--strict"],
        ["hash", "--warn"],
        ["hash", "--ignore-missing"],
        ["hash", "-c", "--tag"],
        ["hash", "-c", "-z"],
        ["rand"],
        ["rand", "-1"],
        ["rand", "1.5"],
        ["rand", "8", "--hex", "--base64"],
        ["list", "--class", "compression"],
        ["list", "--loadable", "--hardware"],
        ["info", ""],
        ["prefer"],
        ["prefer", "cbc(aes) generic"],
        ["prefer", "aes-generic", "-1"],
        ["prefer", "aes-generic", "2147483648"],
        ["info", "sha256", "-a", "sha1"],
    ],
    ids=" ".join,
)
def test_wrong_use(arguments: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", SECRET)
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("NOT_HEX", SECRET[:-1] + "g")
    monkeypatch.setenv("ODD", SECRET[:-1])
    assert main(arguments) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err
    assert SECRET[:-1] not in captured.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["info"],
        ["info", "cbc(aes)"],
        ["enc", "--key-env", "KEY", "{file}"],
        ["enc", "--raw", "-a", "cbc(aes)", "--iv", "00" * 16, "--key-env", "KEY", "{file}"],
        ["hash", "{file}"],
        ["hash", "-c", "{file}"],
        ["rand", "8"],
    ],
    ids=" ".join,
)
def test_no_device(
    arguments: list[str],
    key_file: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KEY", SECRET)
    filled = [each.replace("{file}", str(key_file)) for each in arguments]
    assert main([*filled, "--device", NO_NODE]) == ExitCode.DEVICE
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "module not loaded" in captured.err
    assert "modprobe devcrypto" in captured.err


def test_device_forbidden(tmp_path: Path) -> None:
    node = tmp_path / "crypto"
    node.touch(mode=0)
    tmp_path.chmod(0o755)

    def use() -> int:
        return main(["info", "--device", str(node)])

    code, err = run_unprivileged(use, tmp_path)
    assert code == ExitCode.DEVICE
    assert "not in group crypto" in err
    assert "usermod -a -G crypto $USER, and log in again" in err


def run_unprivileged(action: Callable[[], int], scratch: Path) -> tuple[int, str]:
    """Run something in a child that is not root; returns its status and standard error."""
    report = scratch / "stderr"
    report.touch()
    child = os.fork()
    if not child:
        status = 99
        try:
            descriptor = os.open(report, os.O_WRONLY)
            os.dup2(descriptor, 2)
            sys.stderr = os.fdopen(2, "w", closefd=False)
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            status = action()
            sys.stderr.flush()
        finally:
            os._exit(status)
    _, wait_status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(wait_status), report.read_text()


def test_missing_input(key_file: Path, capsys: Capture) -> None:
    missing = key_file.with_name("missing")
    assert main(["enc", "--key-file", str(key_file), str(missing)]) == ExitCode.IO
    assert f"{missing}: No such file or directory" in capsys.readouterr().err


def test_missing_key_file(key_file: Path, capsys: Capture) -> None:
    missing = key_file.with_name("missing")
    assert main(["enc", "--key-file", str(missing), str(key_file)]) == ExitCode.IO
    assert f"{missing}: No such file or directory" in capsys.readouterr().err


def test_key_descriptor_that_is_not_open(key_file: Path, capsys: Capture) -> None:
    assert main(["enc", "--key-fd", "1234", str(key_file)]) == ExitCode.IO
    assert "descriptor 1234: Bad file descriptor" in capsys.readouterr().err


def test_existing_output_is_kept(key_file: Path, capsys: Capture) -> None:
    output = key_file.with_name("output")
    output.write_bytes(b"precious")
    arguments = ["enc", "--key-file", str(key_file), str(key_file), "-o", str(output)]
    assert main(arguments) == ExitCode.IO
    assert f"{output} exists" in capsys.readouterr().err
    assert output.read_bytes() == b"precious"


def test_no_output_without_a_device(key_file: Path) -> None:
    output = key_file.with_name("output")
    arguments = ["enc", "--key-file", str(key_file), str(key_file), "-o", str(output)]
    assert main([*arguments, "--device", NO_NODE]) == ExitCode.DEVICE
    assert sorted(path.name for path in key_file.parent.iterdir()) == ["key"]


def test_input_that_is_no_container(key_file: Path, capsys: Capture) -> None:
    assert main(["dec", "--key-file", str(key_file), str(key_file)]) == ExitCode.MISMATCH
    assert "container" in capsys.readouterr().err


def test_list_as_json(capsys: Capture) -> None:
    assert main(["list", "--json"]) == ExitCode.OK
    listed = json.loads(capsys.readouterr().out)
    assert {"name", "driver", "alg_class", "priority", "allowed"} <= set(listed[0])


def test_list_filters(capsys: Capture) -> None:
    assert main(["list", "--class", "hash", "sha"]) == ExitCode.OK
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["NAME", "CLASS", "DRIVER", "PRIORITY", "FLAGS", "ALLOWED"]
    assert rows
    for row in rows:
        name, alg_class, driver, *_ = row.split()
        assert alg_class == "hash"
        assert "sha" in name or "sha" in driver


def test_list_of_one_name(capsys: Capture) -> None:
    assert main(["list", "--json"]) == ExitCode.OK
    every = json.loads(capsys.readouterr().out)
    for field in ("name", "driver"):
        wanted = every[0][field]
        assert main(["list", "--json", "-a", wanted]) == ExitCode.OK
        listed = json.loads(capsys.readouterr().out)
        assert listed == [each for each in every if wanted in (each["name"], each["driver"])]


def run(shell: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which $0 is the command."""
    words = " ".join(COMMAND)
    return subprocess.run(
        ["bash", "-c", shell.replace("cryptodev", words)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=PROJECT,
    )


def test_full_output() -> None:
    done = run("cryptodev --help > /dev/full")
    assert done.returncode == ExitCode.IO
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_reader_that_went_away() -> None:
    done = run("{ sleep 1; cryptodev list; echo $? >&2; } | true")
    assert done.stderr == f"{int(ExitCode.BROKEN_PIPE)}\n"


def test_messages_that_nobody_takes() -> None:
    assert run(f"cryptodev info --device {NO_NODE} 2>/dev/full").returncode == ExitCode.DEVICE


def test_closed_standard_streams() -> None:
    assert run("cryptodev list >&-").returncode == ExitCode.IO
    assert run(f"cryptodev hash --device {NO_NODE} <&- >&- 2>&-").returncode == ExitCode.DEVICE


def test_wrong_use_without_standard_error() -> None:
    done = run("cryptodev enc 2>&-")
    assert (done.returncode, done.stdout) == (ExitCode.USAGE, "")


def test_long_work_without_standard_error(key_file: Path) -> None:
    """A pipe has no length, so a bar would be shown if anyone watched."""
    done = run(f"true | cryptodev dec --key-file {key_file} 2>&-")
    assert (done.returncode, done.stdout) == (ExitCode.MISMATCH, "")
    output = key_file.with_name("output")
    line = f"cryptodev enc --device {NO_NODE} --key-file {key_file} -o {output} 2>&-"
    assert run(f"true | {line}").returncode == ExitCode.DEVICE
