# SPDX-License-Identifier: MIT
"""The verdict on a guest's kernel log: what the kernel's checkers say is found, all else is not."""

from __future__ import annotations

import pytest

from guest.console import BEGIN, attribute, came_up, find_reports

# One line of each checker, as it opens a report.
REPORTS = [
    "[    9.1] WARNING: CPU: 1 PID: 250 at crypto/testmgr.c:5907 alg_test.cold+0x7c/0xf5",
    "[    9.1] BUG: kernel NULL pointer dereference, address: 0000000000000000",
    "[    9.1] kernel BUG at mm/slub.c:435!",
    "[    9.1] Oops: 0002 [#1] PREEMPT SMP NOPTI",
    "[    9.1] general protection fault, probably for non-canonical address: 0000 [#1]",
    "[    9.1] Kernel panic - not syncing: Fatal exception",
    "[    9.1] BUG: KASAN: slab-out-of-bounds in fault_init+0x7a/0x1000 [devcrypto_fault]",
    "[    9.1] BUG: KCSAN: data-race in dc_ioctl / dc_ioctl",
    "[    9.1] BUG: KFENCE: use-after-free read in test+0x1/0x2",
    "[    9.1] UBSAN: shift-out-of-bounds in driver/memory.c:10:3",
    "[    9.1] WARNING: possible circular locking dependency detected",
    "[    9.1] WARNING: inconsistent lock state",
    "[    9.1] WARNING: suspicious RCU usage",
    "[    9.1] BUG: sleeping function called from invalid context at mm/slab.h:494",
    "[    9.1] BUG: scheduling while atomic: rmmod/123/0x00000002",
    "[    9.1] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
    "[    9.1] INFO: task cat:77 blocked for more than 120 seconds.",
    "[    9.1] rcu: INFO: rcu_preempt self-detected stall on CPU",
    "[    9.1] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [run:99]",
    "[    9.1] refcount_t: underflow; use-after-free.",
    "[    9.1] ODEBUG: free active (active state 0) object type: work_struct",
    "[    9.1] list_del corruption. prev->next should be 1, but was 2",
    "[    9.1] pagealloc: memory corruption",
    "[    9.1] kmemleak: Kernel memory leak detector disabled",
    "[    9.1] INFO: lockdep is turned off.",
    # As /dev/kmsg has it.
    "4,1234,9100000,-;WARNING: possible circular locking dependency detected",
    "[    9.1] Call Trace:",
]

HARMLESS = [
    "[    9.1] devcrypto: loading out-of-tree module taints kernel.",
    "[    9.1] alg: No test for fips(ansi_cprng) (fips_ansi_cprng)",
    "[    9.1] systemd-udevd[99]: Debug: nothing",
    "[    9.1] test begins: tests/admin/test_policy.py::test_warning",
]

# What QEMU's engine provokes when its module is loaded.
RSA = """\
[    5.1] alg: self-tests for rsa using virtio-crypto-rsa failed (rc=-22)
[    5.1] ------------[ cut here ]------------
[    5.1] WARNING: CPU: 1 PID: 250 at crypto/testmgr.c:5907 alg_test.cold+0x7c/0xf5
[    5.1] Call Trace:
[    5.1]  <TASK>
[    5.1] ---[ end trace 0000000000000000 ]---
"""
BEGUN = f"[    8.0] {BEGIN}\n"


@pytest.mark.parametrize("line", REPORTS)
def test_report_is_found(line: str) -> None:
    harmless = "\n".join(HARMLESS)
    assert find_reports(f"{BEGUN}{harmless}\n{line}\n{harmless}\n") == [line]


@pytest.mark.parametrize("line", REPORTS)
def test_report_before_the_command_counts(line: str) -> None:
    assert find_reports(f"{line}\n{BEGUN}") == [line]


def test_other_lines_are_no_reports() -> None:
    assert not find_reports(BEGUN + "\n".join(HARMLESS))


def test_warning_of_the_engine_is_expected_at_boot() -> None:
    assert not find_reports(RSA + BEGUN)


def test_warning_of_the_engine_is_expected_once() -> None:
    assert find_reports(RSA + RSA + BEGUN)


def test_warning_of_the_engine_is_not_expected_later() -> None:
    assert find_reports(BEGUN + RSA)


def test_another_report_beside_the_expected_one_counts() -> None:
    assert find_reports(RSA + REPORTS[1] + "\n" + BEGUN) == [REPORTS[1]]


def test_reports_are_attributed() -> None:
    """To the test that runs, or to the one behind which they fall."""
    log = "\n".join(
        [
            REPORTS[1],
            "[    9.2] test begins: tests/admin/test_x.py::test_y[1]",
            REPORTS[2],
            "[    9.3] test ends: tests/admin/test_x.py::test_y[1]",
            REPORTS[2],
            REPORTS[3],
        ]
    )
    test = "tests/admin/test_x.py::test_y[1]"
    assert list(attribute(BEGUN + log)) == [
        ("", REPORTS[1]),
        (f"in {test}", REPORTS[2]),
        (f"after {test}", REPORTS[2]),
        (f"after {test}", REPORTS[3]),
    ]


RACE = """\
[    9.1] ==================================================================
[    9.1] BUG: KCSAN: data-race in {function} / tick_sched_timer
[    9.1]
[    9.1] write to 0xffff888003a5b6f8 of 8 bytes by task 259 on cpu 1:
[    9.1]  {function}+0x8a/0x180
[    9.1]  do_syscall_64+0x38/0x90
[    9.1]
[    9.1] value changed: 0x0000000000000001 -> 0x0000000000000002
"""
RACE_ENDS = "[    9.1] ==================================================================\n"


def test_race_of_the_kernel_with_itself_is_none_of_ours() -> None:
    race = RACE.format(function="do_exit")
    assert not find_reports(BEGUN + race + RACE_ENDS)
    assert len(find_reports(BEGUN + race + RACE_ENDS + REPORTS[1])) == 1


def test_race_of_the_driver_is_found() -> None:
    """Also if the log ends in the middle of a report, or one of another's stands ahead of it."""
    ours = RACE.format(function="dc_ioctl [devcrypto]")
    race = RACE.format(function="do_exit")
    assert len(find_reports(BEGUN + ours + RACE_ENDS)) == 1
    assert len(find_reports(BEGUN + race + RACE_ENDS + ours + RACE_ENDS)) == 1
    assert len(find_reports(BEGUN + race)) == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[    2.1] Run /init as init process", True),
        ("[    1.9] Oops: int3: 0000 [#1] SMP NOPTI", False),
        ("", False),
    ],
)
def test_kernel_came_up(line: str, expected: bool) -> None:
    assert came_up(f"[    0.0] Linux version\n{line}\n") is expected
