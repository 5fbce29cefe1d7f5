# SPDX-License-Identifier: MIT
"""What is made of kmemleak's words, and which test a leak is of."""

from __future__ import annotations

import pytest

from tests import kmemleak
from tests.kmemleak import Marks

LOG = """5,1,1000000,-;test begins: tests/admin/test_a.py::test_b
7,2,1000001,-;test tick: 4294900000
4,3,2000000,-;something else; with a semicolon
5,4,2500000,-;test begins: program its_own_test
5,5,3500000,-;test ends: tests/admin/test_a.py::test_b
7,6,3500001,-;test tick: 4294900500
5,7,4000000,-;test begins: tests/admin/test_a.py::test_c[x]
7,8,4000001,-;test tick: 4294900600
 SUBSYSTEM=misc
"""

FOUND = """unreferenced object 0xffff888007b4c000 (size 512):
  comm "modprobe", pid 300, jiffies 4294900499
  hex dump (first 32 bytes):
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................
  backtrace:
    [<ffffffff81300000>] kmalloc_trace+0x26/0x90
unreferenced object 0xffff888007b4d000 (size 64):
  comm "a (b)", pid 301, jiffies 4294900555 (age 16.250s)
  backtrace:
    [<ffffffff81300000>] kmalloc_trace+0x26/0x90
unreferenced object 0xffff888007b4e000 (size 32):
  comm "swapper/0", pid 1, jiffies 4294899999
"""


def test_marks() -> None:
    marks = Marks(LOG)
    ticks = (4294899999, 4294900000, 4294900499, 4294900500, 4294990000)
    places = [marks.place(tick) for tick in ticks]
    first = "tests/admin/test_a.py::test_b"
    assert places[:4] == ["", f"in {first}", f"in {first}", f"after {first}"]
    assert places[4] == "in tests/admin/test_a.py::test_c[x]"
    assert Marks("").place(1) == ""


def test_leaks() -> None:
    leaks = list(kmemleak.parse(FOUND, Marks(LOG)))
    first = "tests/admin/test_a.py::test_b"
    assert [(leak.size, leak.command, leak.test) for leak in leaks] == [
        (512, "modprobe", f"in {first}"),
        (64, "a (b)", f"after {first}"),
        (32, "swapper/0", ""),
    ]
    assert leaks[0].text.startswith("unreferenced object 0xffff888007b4c000")
    assert leaks[0].text.endswith("kmalloc_trace+0x26/0x90")


def test_nothing_lost() -> None:
    assert not list(kmemleak.parse("", Marks(LOG)))


def test_another_form_is_noticed() -> None:
    with pytest.raises(ValueError, match="form"):
        list(kmemleak.parse("unreferenced object, somewhere\n", Marks(LOG)))
