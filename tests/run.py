# SPDX-License-Identifier: MIT
"""Runs the whole suite, for one kernel or for all, and ends with `N passed, N failed, N skipped`.

The suite has four parts: on the host (pure units, and the guest runner itself), in the guest as a
plain member of group crypto (the C programs, and all else), and in the guest as root. Each part is
a pytest run whose JUnit report is counted here; a part that leaves no report, that ran no test, or
whose guest ended badly counts as a failure of its own. So does a test that was skipped for any
other reason than that the kernel lacks an algorithm.

Parts run at once where the machine has processors for several guests; what is printed has the part
and the kernel in front. Those that run as root have the machine to themselves: they measure what
several processors do.

On a kernel that finds faults there is one part more, in which each of its detectors has to report a
fault, and the other guests end with another pytest run, which looks for what is left.
With `--seconds` each part, or those that run at once, have their share of the time that the
detectors leave; their tests are begun as long as that lasts, in their order, and the files of those
that are left are named.

Over all kernels, the part on the host runs once, and what the others found makes a table of the
operations that were performed on each kernel, which has to be the one in README.md. With `--table`
only those tests run that this takes.
"""

from __future__ import annotations

import argparse
import math
import os
import shlex
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from guest.errors import EXIT_KERNEL_REPORT
from guest.kernels import KERNELS, find
from tests.offers import LACK
from tests.operations import OPERATIONS

PROJECT = Path(__file__).resolve().parent.parent
REPORTS = PROJECT / "build" / "out"
README = PROJECT / "README.md"
# Of the two forms of report the one with properties.
PYTEST = ["-m", "pytest", "-q", "--durations=5", "-o", "junit_family=xunit1"]

# Of the reason for a failure; the whole of it stands further up.
FAILURE_CHARS = 300

EXIT_TESTS_FAILED = 1
"""pytest's exit code for a run in which tests failed: the report says which."""


@dataclass
class Counts:
    """Results of one part or of all.

    Args:
        passed: tests that passed.
        failed: tests that failed, errors in their set-up included.
        skipped: tests that were skipped, each for an algorithm that the kernel lacks.
        not_run: tests for which there was no time.
        properties: what tests have recorded beside their result.
        failures: for each that failed, which and why, in a line.
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    not_run: int = 0
    properties: dict[str, str] = field(default_factory=dict)
    failures: tuple[str, ...] = field(default=(), compare=False)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.not_run + other.not_run,
            self.properties | other.properties,
            self.failures + other.failures,
        )

    def __str__(self) -> str:
        text = f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        return text + (f", {self.not_run} not run for lack of time" if self.not_run else "")


@dataclass(frozen=True)
class Part:
    """One pytest run.

    Args:
        name: of the part and of its report.
        paths: what pytest collects, relative to the project.
        user: the user in the guest; empty = on the host.
        timeout_s: limit for the guest, in seconds.
        end: what pytest collects behind it in the same guest, as root; empty = nothing.
        provokes: the kernel has to report something in this part, in the others it must not.
        alone: nothing else may run meanwhile.
    """

    name: str
    paths: tuple[str, ...]
    user: str = ""
    timeout_s: int = 3600
    end: str = ""
    provokes: bool = False
    alone: bool = False


PARTS = (
    Part("host", ("tests/host", "tests/guest")),
    Part("device", ("tests/device",), user="member"),
    Part("abi", ("tests/abi",), user="member"),
    Part("admin", ("tests/admin",), user="root", alone=True),
)

# What the table in README.md is made of.
TABLE = {
    "device": (
        "tests/device/test_offers.py",
        "tests/device/test_vectors.py::test_fifty_thousand_cases_ran",
    ),
    "admin": ("tests/admin/test_drbg.py",),
}

# On a kernel that finds faults.
SLOWER = 4
DETECTORS = "detectors"
NAMES = (*(part.name for part in PARTS), DETECTORS)

# What a guest needs for its end, of the time that there is.
END_S = 100


# Guests at once: each has two processors, which wait for each other all the time. Two guests on two
# processors take as long as one after the other, and their tests the longer.
AT_ONCE = max(1, (os.cpu_count() or 1) // 2)


@dataclass(frozen=True)
class Job:
    """A part on a kernel.

    Args:
        part: the part.
        kernel: the guest's; empty on the host.
    """

    part: Part
    kernel: str

    @property
    def name(self) -> str:
        """What stands in front of what it prints."""
        return f"{self.part.name} {self.kernel}".strip()


@dataclass(frozen=True)
class Sample:
    """What is left out where all would take too long.

    Args:
        until: when the last test in a guest may begin, in seconds since 1970.
        every: of how many published vectors one is run.
    """

    until: float = math.inf
    every: int = 1


def parts_of(kernel: str) -> list[Part]:
    """The parts that run in a guest with this kernel, in their order."""
    parts = [part for part in PARTS if part.user]
    if not find(kernel).finds_faults:
        return parts
    faults = {"admin": ("tests/faults",)} if kernel == "debug" else {}
    return [
        Part(DETECTORS, (f"tests/detectors/{kernel}",), user="root", provokes=True, alone=True),
        *(
            replace(
                part,
                paths=(*faults.get(part.name, ()), *part.paths),
                timeout_s=SLOWER * part.timeout_s,
                end=f"tests/end/{kernel}",
            )
            # What takes longest comes last, if there is not time for all.
            for part in sorted(parts, key=lambda part: not part.alone)
        ),
    ]


def turns_of(jobs: list[Job], at_once: int) -> list[list[Job]]:
    """Put together what runs at once, in the order of the jobs."""
    turns: list[list[Job]] = []
    for job in jobs:
        alone = job.part.alone or at_once == 1
        if alone or not turns or turns[-1][-1].part.alone:
            turns.append([])
        turns[-1].append(job)
    return turns


def say(text: str) -> None:
    """Print a line of progress at once."""
    # In one write: others print at the same time.
    print(f"test: {text}\n", end="", flush=True)


def failure(text: str) -> Counts:
    """What failed beside the tests."""
    return Counts(failed=1, failures=(text,))


def report_path(part: Part, kernel: str, suffix: str = ".xml") -> Path:
    """Where the part leaves its JUnit report, or what else the suffix says."""
    return REPORTS / (f"{part.name}-{kernel}{suffix}" if part.user else f"{part.name}{suffix}")


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
    for test in root.iter("testcase"):
        name = f"{test.get('classname', '')}::{test.get('name', '')}"
        for result in test:
            reason = " ".join(result.get("message", "").split())
            if result.tag in ("failure", "error"):
                total.failures += (f"{name}: {reason[:FAILURE_CHARS]}",)
            elif result.tag == "skipped" and not LACK.fullmatch(reason):
                total += failure(f"{name}: skipped for no good reason: {reason}")
                total += Counts(skipped=-1)
    total.properties = {
        each.get("name", ""): each.get("value", "") for each in root.iter("property")
    }
    if total == Counts():
        raise ValueError(f"no test in {path.name}")
    return total


def pytest_words(report: Path, *words: str) -> list[str]:
    """The command line of pytest behind the interpreter."""
    return [*PYTEST, f"--junitxml={report.relative_to(PROJECT)}", *words]


def command(part: Part, kernel: str, sample: Sample) -> list[str]:
    """The command line that runs the part."""
    words = list(part.paths)
    if sample.until < math.inf:
        not_run = report_path(part, kernel, ".not-run").relative_to(PROJECT)
        words += [f"--until={sample.until:.0f}", f"--not-run={not_run}"]
    pytest = pytest_words(report_path(part, kernel), *words)
    if not part.user:
        return [sys.executable, *pytest]
    inner = shlex.join(["python", *pytest])
    if sample.every > 1:
        inner = f"VECTORS_EVERY={sample.every} {inner}"
    guest = ["run", "--kernel", kernel, "--as", part.user, "--timeout", str(part.timeout_s)]
    if part.provokes:
        guest.append("--provokes")
    if part.end:
        end = pytest_words(report_path(part, kernel, "-end.xml"), part.end)
        guest += ["--then", shlex.join(["python", *end])]
    return ["/usr/bin/python3", "-B", "-m", "guest", *guest, inner]


def judge(part: Part, status: int, counts: Counts) -> Counts:
    """What the part's exit status says beyond the results that it has reported."""
    expected = [0, EXIT_TESTS_FAILED]
    if part.provokes:
        expected = [EXIT_KERNEL_REPORT]
    if status not in expected or (status == EXIT_TESTS_FAILED and not counts.failed):
        return failure(f"ended with status {status}")
    return Counts()


def tell_not_run(part: Part, kernel: str) -> int:
    """Say which tests were left out for lack of time, and return how many."""
    path = report_path(part, kernel, ".not-run")
    names = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for file, number in Counter(name.partition("::")[0] for name in names).items():
        say(f"{part.name}: no time for {number} tests of {file}")
    return len(names)


def share(seconds: float, left: int) -> float:
    """For how long tests of a turn may be begun.

    Args:
        seconds: the time that there is for this turn and those behind it.
        left: how many these are; what one does not need is for the others.
    """
    return max(0.0, seconds / left - END_S)


def run_jobs(jobs: list[Job], seconds: float, every: int) -> dict[Job, Counts]:
    """Run all jobs and count their results.

    Args:
        jobs: in their order.
        seconds: the time for those in a guest.
        every: see Sample.
    """
    end = time.time() + seconds
    results: dict[Job, Counts] = {}
    turns = turns_of(jobs, AT_ONCE)
    for index, turn in enumerate(turns):
        now = time.time()
        until = now + share(end - now, len(turns) - index)
        # Until the detectors are known to work no other result means anything.
        sample = Sample(math.inf if turn[0].part.provokes else until, every)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            results |= zip(turn, pool.map(partial(run_job, sample=sample), turn), strict=True)
    return results


def follow(words: list[str], name: str) -> int:
    """Run a command, print each of its lines with a name in front, and return its status."""
    with subprocess.Popen(
        words,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        for line in process.stdout or ():
            print(f"{name}: {line}", end="", flush=True)
    return process.returncode


def run_job(job: Job, sample: Sample) -> Counts:
    """Run a part and count its results."""
    part, kernel = job.part, job.kernel
    say(f"{job.name}: begins" + (f", in the guest, as {part.user}" if part.user else ""))
    reports = [report_path(part, kernel)]
    if part.end:
        reports.append(report_path(part, kernel, "-end.xml"))
    for path in (*reports, report_path(part, kernel, ".not-run")):
        path.unlink(missing_ok=True)
    begin = time.monotonic()
    status = follow(command(part, kernel, sample), job.name)
    counts = Counts(not_run=tell_not_run(part, kernel))
    for path in reports:
        try:
            counts += read_report(path)
        except ValueError as error:
            # With no time left for the first of its tests there is nothing to report.
            if not counts.not_run or path != reports[0]:
                counts += failure(str(error))
    counts += judge(part, status, counts)
    counts.failures = tuple(f"{job.name}: {text}" for text in counts.failures)
    for text in counts.failures:
        say(f"failed: {text}")
    say(f"{job.name}: {counts} in {time.monotonic() - begin:.0f} s")
    return counts


def table(results: dict[str, Counts]) -> str:
    """What tests recorded of each kernel, by class and operation, in Markdown."""

    def cell(counts: Counts, what: str) -> str:
        algorithms = counts.properties.get(f"algorithms {what}", "0")
        vectors = counts.properties.get(f"vectors {what}")
        return f"{algorithms} / {int(vectors):,}" if vectors else algorithms

    recorded = {name for counts in results.values() for name in counts.properties}
    operations = [
        f"{alg_class.name.lower()} {operation}"
        for alg_class, of_class in OPERATIONS.items()
        for operation in of_class
    ]
    rows = [["algorithms / vectors", *results], ["---"] * (1 + len(results))]
    rows += [
        [what, *(cell(counts, what) for counts in results.values())]
        for what in operations
        if f"algorithms {what}" in recorded
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def compare(results: dict[str, Counts]) -> Counts:
    """Print the table of all kernels; a README that has another one is a failure."""
    shown = table(results)
    print(shown, end="", flush=True)
    if f"\n\n{shown}\n" in README.read_text(encoding="utf-8"):
        return Counts()
    return failure(f"{README.name} has another table")


def prepare() -> None:
    """Build what the tests run in the guest: C tests, examples, packed vectors."""
    say("building the C tests and the examples, packing the vectors")
    subprocess.run(["make", "--no-print-directory", "tests-build"], cwd=PROJECT, check=True)


def main() -> int:
    """Run the suite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", default=KERNELS[0].name, help="as KERNEL= of make, or `all`")
    parser.add_argument("--seconds", type=float, default=math.inf, help="time for the guests")
    parser.add_argument("--every", type=int, default=1, help="run one published vector in so many")
    parser.add_argument(
        "--table", action="store_true", help="only what makes the table, on every kernel"
    )
    parser.add_argument("parts", nargs="*", choices=[[], *NAMES], help="only these parts")
    arguments = parser.parse_args()
    every = arguments.table or arguments.kernel == "all"
    kernels = [kernel.name for kernel in KERNELS] if every else [arguments.kernel]
    wanted = arguments.parts or NAMES
    host = [part for part in PARTS if not (part.user or arguments.table) and part.name in wanted]
    jobs = [Job(part, "") for part in host]
    for kernel in kernels:
        for part in parts_of(kernel):
            if part.name not in wanted or (arguments.table and part.name not in TABLE):
                continue
            paths = TABLE[part.name] if arguments.table else part.paths
            jobs.append(Job(replace(part, paths=paths), kernel))
    if every:
        # What one part leaves of the processors is for those of another kernel.
        jobs.sort(key=lambda job: job.part.alone)
    REPORTS.mkdir(parents=True, exist_ok=True)
    # The guest's users leave their reports there.
    REPORTS.chmod(0o1777)
    prepare()
    counted = run_jobs(jobs, arguments.seconds, arguments.every)
    total = sum(counted.values(), Counts())
    if every:
        results = {
            kernel: sum((counted[job] for job in jobs if job.kernel == kernel), Counts())
            for kernel in kernels
        }
        for kernel, counts in results.items():
            say(f"kernel {kernel}: {counts}")
        total += compare(results)
    for text in total.failures:
        print(f"failed: {text}")
    print(total, flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
