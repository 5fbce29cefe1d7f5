# SPDX-License-Identifier: MIT
"""Outputs that appear whole or not at all, inputs, progress."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import stat
import struct
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycryptodev.cli import main
from pycryptodev.cli.exit_codes import ExitCode, FileError
from pycryptodev.cli.files import STDIO, open_input, open_output
from pycryptodev.cli.progress import DELAY_SECONDS, LONG_BYTES, progress


def names(directory: Path) -> list[str]:
    """What is in a directory."""
    return sorted(path.name for path in directory.iterdir())


def test_output_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with open_output(str(target), force=False, binary=True) as write:
        write(b"one")
        write(memoryview(b"two"))
        assert not target.exists()
    assert target.read_bytes() == b"onetwo"
    assert names(tmp_path) == ["out"]


def test_empty_output_appears_too(tmp_path: Path) -> None:
    with open_output(str(tmp_path / "out"), force=False, binary=True):
        pass
    assert (tmp_path / "out").read_bytes() == b""


def test_failed_output_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        open_output(str(tmp_path / "out"), force=False, binary=True) as write,
    ):
        write(b"some")
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_failed_output_keeps_what_it_would_have_replaced(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"old")
    with (
        pytest.raises(ZeroDivisionError),
        open_output(str(target), force=True, binary=True) as write,
    ):
        write(b"new")
        raise ZeroDivisionError
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_mode_is_what_the_umask_leaves(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with open_output(str(tmp_path / "out"), force=False, binary=True):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_replaced_file_stays_as_private_as_it_was(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"old")
    target.chmod(mode)
    with open_output(str(target), force=True, binary=True) as write:
        write(b"new")
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"new", mode)


def test_replacement_is_never_less_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even before it has got its permissions."""
    target = tmp_path / "out"
    target.write_bytes(b"old")
    target.chmod(0o600)
    before: list[int] = []
    fchmod = os.fchmod

    def looking(descriptor: int, mode: int) -> None:
        before.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        fchmod(descriptor, mode)

    monkeypatch.setattr(os, "fchmod", looking)
    with open_output(str(target), force=True, binary=True):
        pass
    assert before == [0o600]


def test_existing_file_needs_force(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"old")
    with pytest.raises(FileError), open_output(str(target), force=False, binary=True):
        pytest.fail("opened")
    with open_output(str(target), force=True, binary=True) as write:
        write(b"new")
    assert target.read_bytes() == b"new"


def test_file_that_came_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with pytest.raises(FileError), open_output(str(target), force=False, binary=True) as write:
        write(b"new")
        target.write_bytes(b"other")
    assert target.read_bytes() == b"other"
    assert names(tmp_path) == ["out"]


def test_symbolic_link_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "out", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to("out")
    with open_output(str(link), force=True, binary=True) as write:
        write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_named_pipe_is_written_as_data_come(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    taken: list[bytes] = []
    reader = threading.Thread(target=lambda: taken.append(fifo.read_bytes()))
    reader.start()
    with open_output(str(fifo), force=False, binary=True) as write:
        write(b"some")
    reader.join()
    assert taken == [b"some"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_pipe_of_a_process_substitution_is_written(tmp_path: Path) -> None:
    """What bash makes of `>(command)`: a link that leads to no path."""
    reading, writing = os.pipe()
    with open_output(f"/dev/fd/{writing}", force=False, binary=True) as write:
        write(b"some")
    assert os.read(reading, 10) == b"some"
    os.close(reading)
    os.close(writing)


def test_device_is_written(tmp_path: Path) -> None:
    with open_output("/dev/null", force=False, binary=True) as write:
        write(b"some")
    assert Path("/dev/null").is_char_device()


def test_full_device(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="No space left") as failure,
        open_output("/dev/full", force=False, binary=True) as write,
    ):
        write(b"some")
    assert failure.value.filename == "/dev/full"


@pytest.mark.parametrize("target", ["missing/out", "file/out"])
def test_directory_that_is_none(tmp_path: Path, target: str) -> None:
    (tmp_path / "file").touch()
    name = str(tmp_path / target)
    with pytest.raises(OSError) as failure, open_output(name, force=False, binary=True):
        pytest.fail("opened")
    assert failure.value.filename == name


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A pseudo terminal: the descriptor of its user, and of what it shows."""
    shown, used = pty.openpty()
    fcntl.ioctl(used, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    yield used, shown
    os.close(used)
    os.close(shown)


def on_screen(descriptor: int) -> bytes:
    """What a terminal shows; the kernel brings it there with a delay."""
    shown = b""
    while select.select([descriptor], [], [], 0.3)[0]:
        shown += os.read(descriptor, 10000)
    return shown


def test_binary_data_are_kept_from_a_terminal(terminal: tuple[int, int]) -> None:
    before = os.dup(1)
    os.dup2(terminal[0], 1)
    try:
        with pytest.raises(FileError), open_output(STDIO, force=False, binary=True):
            pytest.fail("opened")
        with open_output(STDIO, force=False, binary=False) as write:
            write(b"text\n")
        with open_output(STDIO, force=True, binary=True) as write:
            write(b"forced\n")
    finally:
        os.dup2(before, 1)
        os.close(before)
    assert on_screen(terminal[1]) == b"text\r\nforced\r\n"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGTERM, ExitCode.TERMINATED),
        (signal.SIGINT, ExitCode.INTERRUPTED),
        (signal.SIGHUP, ExitCode.HANGUP),
    ],
)
def test_signal_ends_the_command(tmp_path: Path, number: signal.Signals, code: ExitCode) -> None:
    """The command waits for an input that does not come."""
    fifo, key, output = tmp_path / "fifo", tmp_path / "key", tmp_path / "out"
    os.mkfifo(fifo)
    key.write_bytes(bytes(32))
    # What runs the tests may have them ignored, as nohup(1) has SIGHUP.
    inherited = signal.signal(number, signal.SIG_DFL)
    before = signal.getsignal(number)

    def interrupt() -> None:
        while signal.getsignal(number) is before:
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, number)

    sender = threading.Thread(target=interrupt)
    sender.start()
    assert main(["enc", "--key-file", str(key), str(fifo), "-o", str(output)]) == code
    sender.join()
    assert signal.signal(number, inherited) is before
    assert names(tmp_path) == ["fifo", "key"]


def test_input_is_read_as_it_is(tmp_path: Path) -> None:
    data = os.urandom(100_000)
    (tmp_path / "in").write_bytes(data)
    with open_input(str(tmp_path / "in")) as source:
        assert source.read() == data


def test_directory_is_no_input(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as failure, open_input(str(tmp_path)):
        pytest.fail("opened")
    assert failure.value.filename == str(tmp_path)


def worked_on(total: int | None) -> None:
    """Work that takes longer than the bar waits."""
    with progress(total, "the name") as advance:
        advance(1 << 20)
        time.sleep(DELAY_SECONDS * 1.2)
        advance(1 << 20)


@pytest.mark.parametrize(
    ("total", "shows"), [(LONG_BYTES, True), (None, True), (LONG_BYTES - 1, False)]
)
def test_progress_on_a_terminal(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch, total: int | None, shows: bool
) -> None:
    with os.fdopen(os.dup(terminal[0]), "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        worked_on(total)
    shown = on_screen(terminal[1])
    assert (b"the name" in shown) is shows
    assert shows or not shown


def test_no_progress_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    worked_on(LONG_BYTES)
    assert capsys.readouterr().err == ""
