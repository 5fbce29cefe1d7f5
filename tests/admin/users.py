# SPDX-License-Identifier: MIT
"""Do something as another user, in a child process."""

from __future__ import annotations

import grp
import os
import pickle
import pwd
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

NODE = "/dev/crypto"

EXIT_RAISED = 70


def become(user: str, groups: Sequence[str] = ()) -> None:
    """Give up root for a user and the groups that the user is in.

    Args:
        user: login name.
        groups: groups besides the user's own.
    """
    entry = pwd.getpwnam(user)
    own = os.getgrouplist(user, entry.pw_gid)
    os.setgroups([*own, *(grp.getgrnam(name).gr_gid for name in groups)])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)


def run_as(user: str, action: Callable[[], T], groups: Sequence[str] = ()) -> T:
    """Call a function as a user and return what it returned.

    Args:
        user: login name; root keeps its capabilities.
        action: runs in a fork of this process, which keeps the descriptors that are open here.
        groups: groups besides the user's own.

    Raises:
        AssertionError: the function raised; its traceback is on standard error.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = os.fork()
        if not child:
            _end(lambda: theirs.sendall(pickle.dumps(_call(user, groups, action))))
        theirs.close()
        answer = b"".join(iter(lambda: ours.recv(65536), b""))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == 0, f"as {user}: the function ended with {status}"
    result: T = pickle.loads(answer)
    return result


def open_as(user: str) -> int:
    """Open the device as a user and return the descriptor, passed over a socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = os.fork()
        if not child:
            _end(lambda: socket.send_fds(theirs, [b"."], [_call(user, (), _open)]))
        theirs.close()
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == 0, f"as {user}: the open ended with {status}"
    return descriptors[0]


class Holder:
    """A process of a user that does something once and then stays as it is until it is killed.

    Attributes:
        pid: its number.
    """

    def __init__(self, user: str, action: Callable[[], object]) -> None:
        """Start the process and wait until the action is done."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.pid = os.fork()
            if not self.pid:
                _end(lambda: self._hold(user, action, theirs))
            theirs.close()
            done = ours.recv(1)
        if not done:
            self.kill()
            raise AssertionError(f"as {user}: the function raised")

    @staticmethod
    def _hold(user: str, action: Callable[[], object], ready: socket.socket) -> None:
        held = _call(user, (), action)
        ready.sendall(b".")
        signal.pause()
        del held

    def kill(self) -> None:
        """Kill the process with SIGKILL and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def error_of(action: Callable[[], object]) -> int:
    """Call a function and return the errno that it raised, 0 if it did not raise."""
    try:
        action()
    except OSError as error:
        return error.errno or -1
    return 0


def _open() -> int:
    return os.open(NODE, os.O_RDWR)


def _call(user: str, groups: Sequence[str], action: Callable[[], T]) -> T:
    if user != "root":
        become(user, groups)
    return action()


def _end(action: Callable[[], object]) -> None:
    """End a child process: whatever happens, it does not go on as a second test run."""
    status = EXIT_RAISED
    try:
        action()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)
