# SPDX-License-Identifier: MIT
"""Runs the whole suite, for one kernel or for all, and ends with `N passed, N failed, N skipped`.

The suite has three parts: on the host (pure units, and the guest runner itself), in the
guest as a plain member of group crypto, and in the guest as root. Each part is a pytest run
whose JUnit report is counted here; a part that leaves no report, that ran no test, or whose
guest ended badly counts as a failure of its own. So does a test that was skipped for any other
reason than that the kernel lacks an algorithm.

Over all kernels, the part on the host runs once, and what the others found makes a table of what
the device offers on each kernel, which has to be the one in README.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

from guest.kernels import KERNELS
from tests.offers import LACK

PROJECT = Path(__file__).resolve().parent.parent
REPORTS = PROJECT / "build" / "out"
README = PROJECT / "README.md"
# Of the two forms of report the one with properties.
PYTEST = ["-m", "pytest", "-q", "--durations=5", "-o", "junit_family=xunit1"]

EXIT_TESTS_FAILED = 1
"""pytest's exit code for a run in which tests failed: the report says which."""


@dataclass
class Counts:
    """Results of one part or of all.

    Args:
        passed: tests that passed.
        failed: tests that failed, errors in their set-up included.
        skipped: tests that were skipped, each for an algorithm that the kernel lacks.
        properties: what tests have recorded beside their result.
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    properties: dict[str, str] = field(default_factory=dict)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.properties | other.properties,
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
    timeout_s: int = 3600


PARTS = (
    Part("host", ("tests/host", "tests/guest")),
    Part("device", ("tests/device",), user="member"),
    Part("admin", ("tests/admin",), user="root"),
)


def say(text: str) -> None:
    """Print a line of progress at once."""
    print(f"test: {text}", flush=True)


def report_path(part: Part, kernel: str) -> Path:
    """Where the part leaves its JUnit report."""
    return REPORTS / (f"{part.name}-{kernel}.xml" if part.user else f"{part.name}.xml")


def read_report(path: Path) -> Counts:
    """Count the results in a JUnit report.

    Raises:
        ValueError: there is no report, it is damaged, or it holds no test.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise ValueError(f"no report in {path.name}: {error}") from error
    total = Counts()
    for suite in root.iter("testsuite"):
        tests, failures, errors, skipped = (
            int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")
        )
        failed = failures + errors
        total += Counts(tests - failed - skipped, failed, skipped)
    for skip in root.iter("skipped"):
        reason = skip.get("message", "")
        if not LACK.fullmatch(reason):
            say(f"skipped for no good reason: {reason}")
            total += Counts(failed=1, skipped=-1)
    total.properties = {
        each.get("name", ""): each.get("value", "") for each in root.iter("property")
    }
    if total == Counts():
        raise ValueError(f"no test in {path.name}")
    return total


def command(part: Part, kernel: str) -> list[str]:
    """The command line that runs the part."""
    report = report_path(part, kernel).relative_to(PROJECT)
    pytest = [*PYTEST, f"--junitxml={report}", *part.paths]
    if not part.user:
        return [sys.executable, *pytest]
    inner = " ".join(["python", *pytest])
    guest = ["run", "--kernel", kernel, "--as", part.user, "--timeout", str(part.timeout_s)]
    return ["/usr/bin/python3", "-B", "-m", "guest", *guest, inner]


def run_part(part: Part, kernel: str) -> Counts:
    """Run a part and count its results."""
    say(f"{part.name}: " + (f"in the guest, kernel {kernel}, as {part.user}" if part.user else ""))
    report = report_path(part, kernel)
    report.unlink(missing_ok=True)
    begin = time.monotonic()
    status = subprocess.run(
        command(part, kernel), cwd=PROJECT, stdin=subprocess.DEVNULL, check=False
    ).returncode
    try:
        counts = read_report(report)
    except ValueError as error:
        say(f"{part.name}: {error}")
        counts = Counts(failed=1)
    if status not in (0, EXIT_TESTS_FAILED) or (status and not counts.failed):
        say(f"{part.name}: ended with status {status}")
        counts += Counts(failed=1)
    say(f"{part.name}: {counts} in {time.monotonic() - begin:.0f} s")
    return counts


def table(results: dict[str, Counts]) -> str:
    """What each kernel offers by class, as the tests recorded it, in Markdown."""

    def cell(counts: Counts, alg_class: str) -> str:
        algorithms = counts.properties.get(f"algorithms {alg_class}", "0")
        vectors = counts.properties.get(f"vectors {alg_class}")
        return f"{algorithms} / {int(vectors):,}" if vectors else algorithms

    recorded = [name for counts in results.values() for name in counts.properties]
    classes = dict.fromkeys(
        name.removeprefix("algorithms ") for name in recorded if name.startswith("algorithms ")
    )
    rows = [["algorithms / vectors", *results], ["---"] * (1 + len(results))]
    rows += [[name, *(cell(counts, name) for counts in results.values())] for name in classes]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def compare(results: dict[str, Counts]) -> Counts:
    """Print the table of all kernels; a README that has another one is a failure."""
    shown = table(results)
    print(shown, end="", flush=True)
    if f"\n\n{shown}\n" in README.read_text(encoding="utf-8"):
        return Counts()
    say(f"{README.name} has another table")
    return Counts(failed=1)


def prepare() -> None:
    """Build what the tests run in the guest: C tests, examples, packed vectors."""
    say("building the C tests and the examples, packing the vectors")
    subprocess.run(["make", "--no-print-directory", "tests-build"], cwd=PROJECT, check=True)


def main() -> int:
    """Run the suite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", default=KERNELS[0].name, help="as KERNEL= of make, or `all`")
    parser.add_argument(
        "parts", nargs="*", help=f"only these of: {', '.join(part.name for part in PARTS)}"
    )
    arguments = parser.parse_args()
    every = arguments.kernel == "all"
    kernels = [kernel.name for kernel in KERNELS] if every else [arguments.kernel]
    parts = [part for part in PARTS if not arguments.parts or part.name in arguments.parts]
    REPORTS.mkdir(parents=True, exist_ok=True)
    # The guest's users leave their reports there.
    REPORTS.chmod(0o1777)
    prepare()
    total = sum((run_part(part, "") for part in parts if not part.user), Counts())
    results = {
        kernel: sum((run_part(part, kernel) for part in parts if part.user), Counts())
        for kernel in kernels
    }
    total = sum(results.values(), total)
    if every:
        for kernel, counts in results.items():
            say(f"kernel {kernel}: {counts}")
        total += compare(results)
    print(total, flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
