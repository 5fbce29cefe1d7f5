# SPDX-License-Identifier: MIT
"""The counting of results, and the table that is made of them."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from guest.errors import EXIT_KERNEL_REPORT
from tests import run
from tests.run import Counts, Job, Part, Sample

REPORT = """<testsuites><testsuite tests="4" failures="1" errors="0" skipped="{skipped}">
<testcase><properties><property name="algorithms aead" value="19"/></properties></testcase>
<testcase><failure message="wrong"/></testcase>{skips}</testsuite></testsuites>"""


def report(folder: Path, *reasons: str) -> Path:
    """A report of four tests: one failed, some were skipped, the others passed."""
    path = folder / "report.xml"
    skips = "".join(f'<testcase><skipped message="{each}"/></testcase>' for each in reasons)
    path.write_text(REPORT.format(skipped=len(reasons), skips=skips), encoding="utf-8")
    return path


def test_what_the_kernel_lacks_is_skipped(tmp_path: Path) -> None:
    found = run.read_report(report(tmp_path, "this kernel has no kw(aes)"))
    assert found == Counts(2, 1, 1, properties={"algorithms aead": "19"})


@pytest.mark.parametrize("reason", ["no time", "this kernel has no kw(aes) today", ""])
def test_any_other_skip_is_a_failure(tmp_path: Path, reason: str) -> None:
    found = run.read_report(report(tmp_path, "this kernel has no kw(aes)", reason))
    assert (found.passed, found.failed, found.skipped) == (1, 2, 1)


def test_what_failed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(
        '<testsuites><testsuite tests="2" failures="1" errors="1"><testcase classname="a" name="b">'
        f'<failure message="wrong&#10;{"x" * 1000}"/></testcase><testcase classname="a" name="c">'
        '<error message="set-up"/></testcase></testsuite></testsuites>',
        encoding="utf-8",
    )
    first, second = run.read_report(path).failures
    assert first.startswith("a::b: wrong xxx")
    assert len(first) < 400
    assert second == "a::c: set-up"


def test_a_report_without_a_test_is_none(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    with pytest.raises(ValueError, match="no report"):
        run.read_report(path)
    path.write_text("<testsuites/>", encoding="utf-8")
    with pytest.raises(ValueError, match="no test"):
        run.read_report(path)


RESULTS = {
    "6.1": Counts(
        9, properties={"algorithms kpp public key": "4", "algorithms aead encrypt": "25"}
    ),
    "7": Counts(
        8, 0, 1, properties={"algorithms aead encrypt": "24", "vectors aead encrypt": "45000"}
    ),
}
TABLE = """| algorithms / vectors | 6.1 | 7 |
| --- | --- | --- |
| aead encrypt | 25 | 24 / 45,000 |
| kpp public key | 4 | 0 |
"""


def test_table() -> None:
    assert run.table(RESULTS) == TABLE


def test_the_readme_has_to_have_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = tmp_path / "README.md"
    monkeypatch.setattr(run, "README", readme)
    readme.write_text(f"# Title\n\n{TABLE}\nText\n", encoding="utf-8")
    assert run.compare(RESULTS) == Counts()
    readme.write_text(f"# Title\n\n{TABLE}| hash | 1 | 1 |\n\nText\n", encoding="utf-8")
    found = run.compare(RESULTS)
    assert (found.failed, found.failures) == (1, ("README.md has another table",))
    assert capsys.readouterr().out == f"{TABLE}{TABLE}"


def test_the_table_takes_a_part_of_each_part() -> None:
    parts = {part.name: part for part in run.parts_of("6.1")}
    for name, paths in run.TABLE.items():
        for path in paths:
            assert path.startswith(parts[name].paths)
            assert (run.PROJECT / path.partition("::")[0]).is_file()


# --- kernels that find faults -----------------------------------------------------------------


def test_parts_of_a_kernel_of_debian() -> None:
    parts = run.parts_of("6.1")
    assert [part.name for part in parts] == ["device", "abi", "admin"]
    assert not any(part.provokes or part.end for part in parts)


@pytest.mark.parametrize("kernel", ["debug", "kcsan"])
def test_parts_of_a_kernel_that_finds_faults(kernel: str) -> None:
    """The detectors are shown to work, and every other guest ends with a look at what is left."""
    first, *others = run.parts_of(kernel)
    assert first.provokes
    assert first.paths == (f"tests/detectors/{kernel}",)
    assert [part.name for part in others] == ["admin", "device", "abi"]
    assert [part.end for part in others] == [f"tests/end/{kernel}"] * 3
    for part in (first, *others):
        assert all((run.PROJECT / path).is_dir() for path in (*part.paths, part.end))


PART = Part("device", ("tests/device",), user="member", timeout_s=9, end="tests/end/debug")


def test_command_of_a_part() -> None:
    words = run.command(PART, "debug", Sample())
    *_, option, then, inner = words
    assert option == "--then"
    assert then.endswith("--junitxml=build/out/device-debug-end.xml tests/end/debug")
    assert inner.startswith("python -m pytest")
    assert inner.endswith("--junitxml=build/out/device-debug.xml tests/device")
    assert "--then" not in run.command(Part("x", ("y",), user="root"), "6.1", Sample())


def test_command_of_a_sample() -> None:
    inner = run.command(PART, "debug", Sample(until=1234.5, every=16))[-1]
    assert inner.startswith("VECTORS_EVERY=16 python -m pytest")
    assert inner.endswith(" --until=1234 --not-run=build/out/device-debug.not-run")


@pytest.mark.parametrize(
    ("provokes", "status", "counts", "failed"),
    [
        (False, 0, Counts(1), 0),
        (False, 1, Counts(1, 1), 0),
        (False, 1, Counts(1), 1),
        (False, EXIT_KERNEL_REPORT, Counts(1), 1),
        (True, EXIT_KERNEL_REPORT, Counts(1), 0),
        (True, 0, Counts(1), 1),
        (True, 1, Counts(1, 1), 1),
    ],
)
def test_exit_status(provokes: bool, status: int, counts: Counts, failed: int) -> None:
    """Where faults are provoked, a guest without a report of the kernel is a failure."""
    part = Part("x", ("y",), user="root", provokes=provokes)
    assert run.judge(part, status, counts) == Counts(failed=failed)


def test_what_there_was_no_time_for_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "REPORTS", tmp_path)
    assert run.tell_not_run(PART, "debug") == 0
    names = (
        "tests/device/test_a.py::b\ntests/device/test_a.py::c[d::e]\ntests/device/test_f.py::g\n"
    )
    (tmp_path / "device-debug.not-run").write_text(names, encoding="utf-8")
    assert run.tell_not_run(PART, "debug") == 3
    assert capsys.readouterr().out == (
        "test: device: no time for 2 tests of tests/device/test_a.py\n"
        "test: device: no time for 1 tests of tests/device/test_f.py\n"
    )
    assert str(Counts(1, 2, 3)) == "1 passed, 2 failed, 3 skipped"
    assert str(Counts(1, not_run=3)) == "1 passed, 0 failed, 0 skipped, 3 not run for lack of time"


def test_share_of_the_time() -> None:
    """What the first leaves is for the others, and each has its end's time besides."""
    assert run.share(900, 3) == 300 - run.END_S
    assert run.share(-5, 1) == 0
    assert run.share(float("inf"), 2) == float("inf")


# --- what runs at once ------------------------------------------------------------------------


def jobs(*names: str) -> list[Job]:
    """Jobs of these names; those in capitals have to be alone."""
    return [Job(Part(name, ("x",), alone=name.isupper()), "6.1") for name in names]


@pytest.mark.parametrize(
    ("names", "at_once", "turns"),
    [
        ("abC", 2, ["ab", "C"]),
        ("ABcd", 2, ["A", "B", "cd"]),
        ("aBc", 2, ["a", "B", "c"]),
        ("abC", 1, ["a", "b", "C"]),
        ("", 2, []),
    ],
)
def test_turns(names: str, at_once: int, turns: list[str]) -> None:
    found = run.turns_of(jobs(*names), at_once)
    assert ["".join(job.part.name for job in turn) for turn in found] == turns


def test_jobs_of_a_turn_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits for the other, and the one that has to be alone sees none of them."""
    both = threading.Barrier(2)
    running = []

    def run_job(job: Job, sample: Sample) -> Counts:
        running.append(job.part.name)
        if not job.part.alone:
            both.wait(timeout=30)
        seen = len(running)
        running.remove(job.part.name)
        return Counts(passed=seen if job.part.alone else 7)

    monkeypatch.setattr(run, "AT_ONCE", 2)
    monkeypatch.setattr(run, "run_job", run_job)
    found = run.run_jobs(jobs("a", "b", "C"), float("inf"), 1)
    assert [counts.passed for counts in found.values()] == [7, 7, 1]


def test_lines_have_a_name_in_front(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.follow(["sh", "-c", "echo one; echo two >&2; exit 3"], "abi 6.1") == 3
    assert capsys.readouterr().out == "abi 6.1: one\nabi 6.1: two\n"


def test_detectors_are_not_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others share what they leave."""
    samples = []

    def run_job(job: Job, sample: Sample) -> Counts:
        samples.append(sample.until)
        return Counts(1)

    monkeypatch.setattr(run, "run_job", run_job)
    detectors = Job(Part("detectors", ("x",), provokes=True, alone=True), "debug")
    run.run_jobs([detectors, *jobs("a")], 0, 1)
    assert samples[0] == float("inf")
    assert samples[1] <= time.time()
