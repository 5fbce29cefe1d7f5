# SPDX-License-Identifier: MIT
"""The counting of results, and the table that is made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import run
from tests.run import Counts

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
    assert found == Counts(2, 1, 1, {"algorithms aead": "19"})


@pytest.mark.parametrize("reason", ["no time", "this kernel has no kw(aes) today", ""])
def test_any_other_skip_is_a_failure(tmp_path: Path, reason: str) -> None:
    found = run.read_report(report(tmp_path, "this kernel has no kw(aes)", reason))
    assert (found.passed, found.failed, found.skipped) == (1, 2, 1)


def test_a_report_without_a_test_is_none(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    with pytest.raises(ValueError, match="no report"):
        run.read_report(path)
    path.write_text("<testsuites/>", encoding="utf-8")
    with pytest.raises(ValueError, match="no test"):
        run.read_report(path)


RESULTS = {
    "6.1": Counts(9, properties={"algorithms aead": "25", "algorithms rng": "2"}),
    "7": Counts(8, 0, 1, {"algorithms aead": "24", "vectors aead": "45000"}),
}
TABLE = """| algorithms / vectors | 6.1 | 7 |
| --- | --- | --- |
| aead | 25 | 24 / 45,000 |
| rng | 2 | 0 |
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
    assert run.compare(RESULTS) == Counts(failed=1)
    assert capsys.readouterr().out == f"{TABLE}{TABLE}test: README.md has another table\n"
