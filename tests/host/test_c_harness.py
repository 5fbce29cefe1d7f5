# SPDX-License-Identifier: MIT
"""The harness of the C tests: every way in which a test can end is told apart."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ABI = Path(__file__).resolve().parents[1] / "abi"

TESTS = """
#include <string.h>
#include <unistd.h>
#include "harness.h"

static const struct { const char *name; int value; } rows[] = { { "one", 1 }, { "two", 2 } };

TEST(passes) { EXPECT_EQ(1, 1); EXPECT_ERRNO(EBADF, close(-1)); EXPECT_MEM("a", "a", 1); }
TEST(expects) { EXPECT_EQ(1, 2); EXPECT_TRUE(1); harness_note("still here"); }
TEST(asserts) { ASSERT_TRUE(0); harness_note("never here"); }
TEST(differs) { EXPECT_MEM("abc", "abx", 3); }
TEST(wrong_errno) { EXPECT_ERRNO(EINVAL, close(-1)); }
TEST(no_errno) { EXPECT_ERRNO(EBADF, 0); }
TEST(crashes) { raise(11); }
TEST_SECONDS(hangs, 1) { for (;;) pause(); }
TEST(skips) { SKIP("no reason"); }
TEST(fails_before_it_skips) { EXPECT_TRUE(0); SKIP("hidden"); }
TEST_EACH(each, rows) { EXPECT_EQ(1, row->value); }
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tests above, compiled."""
    folder = tmp_path_factory.mktemp("harness")
    (folder / "tests.c").write_text("#include <signal.h>\n" + TESTS)
    command = ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", f"-I{ABI}"]
    sources = [str(folder / "tests.c"), str(ABI / "harness.c")]
    subprocess.run([*command, "-o", str(folder / "tests"), *sources], check=True)
    return folder / "tests"


def run(program: Path, *arguments: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, done.stdout.splitlines()


def test_results(program: Path) -> None:
    status, lines = run(program)
    assert status == 1
    assert lines[:2] == ["TAP version 13", "1..12"]
    assert [line for line in lines if line.startswith(("ok", "not ok"))] == [
        "ok 1 - passes",
        "not ok 2 - expects",
        "not ok 3 - asserts",
        "not ok 4 - differs",
        "not ok 5 - wrong_errno",
        "not ok 6 - no_errno",
        "not ok 7 - crashes",
        "not ok 8 - hangs",
        "ok 9 - skips # SKIP no reason",
        "not ok 10 - fails_before_it_skips",
        "ok 11 - each.one",
        "not ok 12 - each.two",
    ]


@pytest.mark.parametrize(
    ("test", "note"),
    [
        ("expects", "#     expected 1, seen 2"),
        ("expects", "#     still here"),
        ("differs", "#     byte 2 of 3: expected 63, seen 78"),
        ("wrong_errno", "#     expected EINVAL, seen -1 EBADF"),
        ("crashes", "#   killed by SIGSEGV"),
        ("hangs", "#   no end in 1 s"),
    ],
)
def test_notes(program: Path, test: str, note: str) -> None:
    assert note in run(program, test)[1]


def test_assertion_ends_the_test(program: Path) -> None:
    assert "#     never here" not in run(program, "asserts")[1]


def test_list_and_choice(program: Path) -> None:
    status, names = run(program, "--list")
    assert status == 0
    assert names[-3:] == ["fails_before_it_skips", "each.one", "each.two"]
    assert run(program, "pass*") == (0, ["TAP version 13", "1..1", "ok 1 - passes"])
    assert run(program, "nothing")[0] == 1
