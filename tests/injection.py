# SPDX-License-Identifier: MIT
"""Let the kernel fail on request: allocations of memory, and access to that of the program.

Each failure is asked for in a child process, which nothing else depends on.
"""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DEBUGFS = Path("/sys/kernel/debug")
KINDS = ("failslab", "fail_page_alloc", "fail_usercopy")

# What a child says instead of an errno.
_NOT_REACHED = 253
_BROKEN = 254


@contextmanager
def ready() -> Iterator[None]:
    """Let waiting allocations, and those of single pages, fail too, and silently."""
    settings = {DEBUGFS / kind / "verbose": "0" for kind in KINDS}
    for kind in KINDS[:2]:
        settings[DEBUGFS / kind / "ignore-gfp-wait"] = "N"
    settings[DEBUGFS / "fail_page_alloc/min-order"] = "0"
    before = {path: path.read_text(encoding="ascii") for path in settings}
    for path, value in settings.items():
        path.write_text(value, encoding="ascii")
    yield
    for path, value in before.items():
        path.write_text(value, encoding="ascii")


def _in_child(act: Callable[[], int]) -> int:
    """What `act` returns in a child process, which nothing outlives.

    Raises:
        AssertionError: the child died, or `act` raised something else than an OSError.
    """
    child = os.fork()
    if not child:
        # Whatever comes, the child does not go on with the parent's work.
        status = _BROKEN
        try:
            status = act()
        except OSError as error:
            status = error.errno or errno.EIO
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert 0 <= code != _BROKEN, f"the child ended with {code}"
    return code


def nth(number: int, use: Callable[[], None]) -> int | None:
    """Let the `number`th thing fail that can, of whatever kind, while `use` runs.

    Args:
        number: 1 or more.
        use: makes system calls of the device and little else.

    Returns:
        the errno that `use` raised, 0 if it did well all the same; None if it came to its end
        ahead of that.
    """

    def act() -> int:
        # What is only done the first time, such as an import, is none's test.
        use()
        descriptor = os.open("/proc/thread-self/fail-nth", os.O_RDWR)
        os.write(descriptor, str(number).encode())
        try:
            use()
            code = 0
        except OSError as error:
            code = error.errno or errno.EIO
        except MemoryError:
            code = errno.ENOMEM
        try:
            left = int(os.pread(descriptor, 16, 0))
        except OSError:
            # It was left for this very copy.
            left = 1
        with suppress(OSError):
            os.pwrite(descriptor, b"0", 0)
        return _NOT_REACHED if left else code

    with ready():
        code = _in_child(act)
    return None if code == _NOT_REACHED else code


def once(kind: str, use: Callable[[], None]) -> int:
    """Let the first thing of one kind fail while `use` runs.

    Args:
        kind: one of KINDS.
        use: as for nth().

    Returns:
        the errno that `use` raised, 0 if it did well all the same.

    Raises:
        AssertionError: nothing failed.
    """
    control = DEBUGFS / kind

    def act() -> int:
        # What is only done the first time, such as an import, is none's test.
        use()
        Path("/proc/self/make-it-fail").write_text("1", encoding="ascii")
        use()
        return 0

    with ready():
        (control / "task-filter").write_text("Y", encoding="ascii")
        (control / "times").write_text("1", encoding="ascii")
        (control / "probability").write_text("100", encoding="ascii")
        try:
            code = _in_child(act)
            left = int((control / "times").read_text(encoding="ascii"))
        finally:
            (control / "probability").write_text("0", encoding="ascii")
            (control / "task-filter").write_text("N", encoding="ascii")
    assert left == 0, f"nothing failed by {kind}"
    return code
