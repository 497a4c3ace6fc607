"""What is counted of a report, and with which exit code."""

from pathlib import Path

import pytest

from kanaria.cli.junit import FAILURES_MAX, LARGEST, ReportError, counts, told

MIXED = """\
<testsuites><testsuite name="pytest" tests="5">
<testcase classname="test_a" name="test_good"/>
<testcase classname="test_a" name="test_bad"><failure message="no">trace</failure></testcase>
<testcase name="test_broken"><error message="no fixture"/></testcase>
<testcase classname="test_a" name="test_later"><skipped/></testcase>
</testsuite>
<testsuite name="more"><testcase name="test_more"><system-out>x</system-out></testcase></testsuite></testsuites>
"""
GOOD = '<testsuite><testcase name="a"/></testsuite>'


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "report.xml"
    file.write_text(MIXED)
    return file


def test_each_case_of_all_suites_counts_once(report: Path):
    found = counts(report)

    assert (found.passed, found.failed, found.skipped) == (2, 2, 1)
    assert found.failures == ("test_a.test_bad", "test_broken")


def test_a_case_that_was_skipped_and_broke_at_its_end_failed(report: Path):
    report.write_text('<s><testcase name="x"><skipped/><error/></testcase></s>')

    assert (counts(report).passed, counts(report).failed, counts(report).skipped) == (0, 1, 0)


def test_only_the_first_failures_are_named(report: Path):
    report.write_text("<s>" + '<testcase name="x"><failure/></testcase>' * 9 + "</s>")

    assert (counts(report).failed, len(counts(report).failures)) == (9, FAILURES_MAX)


@pytest.mark.parametrize(
    ("text", "code", "expected", "key"),
    [
        pytest.param(GOOD, 0, 0, "tests", id="all passed"),
        pytest.param(MIXED, 1, 1, "tests", id="some failed"),
        pytest.param(MIXED, 0, 1, "tests", id="some failed, and the command hides it"),
        pytest.param(GOOD, 5, 5, "said", id="none failed, and the command did"),
        pytest.param("<testsuite>", 0, 1, "fault", id="half a report"),
        pytest.param("", 0, 1, "fault", id="an empty one"),
    ],
)
def test_the_exit_code_is_the_tests_own_or_tells_what_the_report_does(
    report: Path, text: str, code: int, expected: int, key: str
):
    report.write_text(text)

    found, said = told(report, code, "the last line\n")

    assert found == expected
    assert key in said


def test_a_report_that_is_not_there_fails_the_test(tmp_path: Path):
    code, said = told(tmp_path / "report.xml", 0, "no tests ran\n")

    assert code == 1
    assert "is not there; let the command write it" in said["fault"]
    assert said["said"] == "no tests ran"


def test_a_huge_report_is_not_read(report: Path):
    with report.open("r+b") as file:
        file.truncate(LARGEST + 1)

    with pytest.raises(ReportError, match="is larger than 32 MiB"):
        counts(report)
