# SPDX-License-Identifier: MIT
"""Runs the whole suite for one kernel and ends with `N passed, N failed, N skipped`.

The suite has three parts: on the host (pure units, and the guest runner itself), in the
guest as a plain member of group crypto, and in the guest as root. Each part is a pytest run
whose JUnit report is counted here; a part that leaves no report, that ran no test, or whose
guest ended badly counts as a failure of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
REPORTS = PROJECT / "build" / "out"
PYTEST = ["-m", "pytest", "-q", "--durations=5"]

EXIT_TESTS_FAILED = 1
"""pytest's exit code for a run in which tests failed: the report says which."""


@dataclass
class Counts:
    """Results of one part or of all.

    Args:
        passed: tests that passed.
        failed: tests that failed, errors in their set-up included.
        skipped: tests that were skipped.
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass(frozen=True)
class Part:
    """One pytest run.

    Args:
        name: of the part and of its report.
        paths: what pytest collects, relative to the project.
        user: the user in the guest; empty = on the host.
        timeout_s: limit for the guest, in seconds.
    """

    name: str
    paths: tuple[str, ...]
    user: str = ""
    timeout_s: int = 1800


PARTS = (
    Part("host", ("tests/host", "tests/guest")),
    Part("device", ("tests/device",), user="member"),
    Part("admin", ("tests/admin",), user="root"),
)


def say(text: str) -> None:
    """Print a line of progress at once."""
    print(f"test: {text}", flush=True)


def report_path(part: Part) -> Path:
    """Where the part leaves its JUnit report."""
    return REPORTS / f"{part.name}.xml"


def read_report(path: Path) -> Counts:
    """Count the results in a JUnit report.

    Raises:
        ValueError: there is no report, it is damaged, or it holds no test.
    """
    try:
        suites = list(ElementTree.parse(path).getroot().iter("testsuite"))
    except (OSError, ElementTree.ParseError) as error:
        raise ValueError(f"no report in {path.name}: {error}") from error
    total = Counts()
    for suite in suites:
        tests, failures, errors, skipped = (
            int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")
        )
        failed = failures + errors
        total += Counts(tests - failed - skipped, failed, skipped)
    if total == Counts():
        raise ValueError(f"no test in {path.name}")
    return total


def command(part: Part, kernel: str) -> list[str]:
    """The command line that runs the part."""
    report = report_path(part).relative_to(PROJECT)
    pytest = [*PYTEST, f"--junitxml={report}", *part.paths]
    if not part.user:
        return [sys.executable, *pytest]
    inner = " ".join(["python", *pytest])
    guest = ["run", "--kernel", kernel, "--as", part.user, "--timeout", str(part.timeout_s)]
    return ["/usr/bin/python3", "-B", "-m", "guest", *guest, inner]


def run_part(part: Part, kernel: str) -> Counts:
    """Run a part and count its results."""
    say(f"{part.name}: " + (f"in the guest, kernel {kernel}, as {part.user}" if part.user else ""))
    report_path(part).unlink(missing_ok=True)
    begin = time.monotonic()
    status = subprocess.run(
        command(part, kernel), cwd=PROJECT, stdin=subprocess.DEVNULL, check=False
    ).returncode
    try:
        counts = read_report(report_path(part))
    except ValueError as error:
        say(f"{part.name}: {error}")
        counts = Counts(failed=1)
    if status not in (0, EXIT_TESTS_FAILED) or (status and not counts.failed):
        say(f"{part.name}: ended with status {status}")
        counts += Counts(failed=1)
    say(f"{part.name}: {counts} in {time.monotonic() - begin:.0f} s")
    return counts


def prepare() -> None:
    """Build what the tests run in the guest: C tests, examples, packed vectors."""
    say("building the C tests and the examples, packing the vectors")
    subprocess.run(["make", "--no-print-directory", "tests-build"], cwd=PROJECT, check=True)


def main() -> int:
    """Run the suite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", default="6.1", help="as KERNEL= of make")
    parser.add_argument(
        "parts", nargs="*", help=f"only these of: {', '.join(part.name for part in PARTS)}"
    )
    arguments = parser.parse_args()
    REPORTS.mkdir(parents=True, exist_ok=True)
    # The guest's users leave their reports there.
    REPORTS.chmod(0o1777)
    prepare()
    total = Counts()
    for part in PARTS:
        if not arguments.parts or part.name in arguments.parts:
            total += run_part(part, arguments.kernel)
    print(total, flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
