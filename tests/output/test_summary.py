"""The summary of a demo run, from plain values."""

from __future__ import annotations

from dataclasses import replace

from soc2_pac.criteria import CRITERIA
from soc2_pac.model import Severity, Status
from soc2_pac.output.summary import WIDTH, Told, render

_FAILED = Told(
    rule="aws-sg-no-ssh-world",
    title="SSH is not open to the world",
    severity=Severity.HIGH,
    criteria=("CC6.1", "CC6.6"),
    status=Status.FAIL,
    scope="aws:111122223333/eu-central-1",
    resource="bastion",
    message="TCP 22 is open to 0.0.0.0/0",
    fix="Remove the rule: aws ec2 revoke-security-group-ingress ...",
)
_PASSED = replace(_FAILED, status=Status.PASS, resource="web", message="no")


def _row(text: str, label: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith(label))
    return line.split()[-4:]


def test_counts_by_criterion_and_each_finding_once_in_total() -> None:
    other = replace(_PASSED, criteria=("CC6.1",), rule="another", status=Status.INCONCLUSIVE)
    none = replace(other, status=Status.NOT_APPLICABLE)
    text = render([_FAILED, _PASSED, other, none], ruled=["CC6.1"], commands=[])
    assert _row(text, "criterion") == ["passed", "failed", "inconclusive", "n/a"]
    assert _row(text, "CC6.1 ") == ["1", "1", "1", "1"]
    assert _row(text, "CC6.6 ") == ["1", "1", "0", "0"]
    assert _row(text, "all findings") == ["1", "1", "1", "1"]


def test_a_ruled_criterion_without_findings_shows_zeros() -> None:
    text = render([_FAILED], ruled=["CC8.1"], commands=[])
    assert _row(text, "CC8.1 ") == ["0", "0", "0", "0"]


def test_broken_rules_and_stale_evidence_get_a_column_only_when_there_are_some() -> None:
    assert "rule error" not in render([_FAILED], ruled=[], commands=[])
    text = render([replace(_FAILED, status=Status.ERROR)], ruled=[], commands=[])
    assert "rule error" in text
    assert _row(text, "CC6.1 ") == ["0", "0", "0", "1"]
    assert "stale" in render([replace(_FAILED, status=Status.STALE)], ruled=[], commands=[])


def test_criteria_without_rules_are_told() -> None:
    text = " ".join(render([_FAILED], ruled=[], commands=[]).split())
    assert f"No rule looks at {len(CRITERIA) - 2} of the {len(CRITERIA)} criteria: CC1 (5)" in text
    assert "CC6 (6)" in text
    assert "Every one of" in render([_FAILED], ruled=CRITERIA, commands=[])


def test_the_worst_come_first_one_for_each_rule() -> None:
    twin = replace(_FAILED, resource="aardvark")
    critical = replace(_FAILED, rule="z", severity=Severity.CRITICAL, title="Worst of all")
    low = [
        replace(_FAILED, rule=f"low-{n}", severity=Severity.LOW, title=f"Low {n}") for n in (1, 2)
    ]
    text = render([*low, _FAILED, twin, critical], ruled=[], commands=[])
    told = [line for line in text.splitlines() if line[:2] in {"1.", "2.", "3.", "4."}]
    assert [line.split("] ")[1].split(":")[0] for line in told] == [
        "Worst of all", "SSH is not open to the world", "Low 1",
    ]  # fmt: skip
    assert "aardvark in aws:111122223333/eu-central-1 (and 1 more): TCP 22 is open" in text
    assert "Fix: Remove the rule" in text


def test_a_waived_failure_counts_but_is_not_among_the_worst() -> None:
    text = render([replace(_FAILED, waived=True)], ruled=[], commands=[])
    assert _row(text, "CC6.1 ") == ["0", "1", "0", "0"]
    assert "Nothing failed." not in text
    assert "1 failure is waived" in text


def test_nothing_failed_is_said_and_lines_fit() -> None:
    text = render([_PASSED, replace(_FAILED, fix="word " * 100)], ruled=CRITERIA, commands=["x"])
    assert all(len(line) <= WIDTH for line in text.splitlines())
    assert "Nothing failed." in render([_PASSED], ruled=[], commands=[])


def test_a_finding_about_a_whole_scope_names_the_scope() -> None:
    assert "   aws:111122223333/eu-central-1: TCP 22" in render(
        [replace(_FAILED, resource=None)], ruled=[], commands=[]
    )


def test_what_to_try_next_is_copied_as_it_is_typed() -> None:
    text = render([_FAILED], ruled=[], commands=["soc2-pac verify --config " + "a" * 120])
    assert "  soc2-pac verify --config " + "a" * 120 in text


def test_missing_evidence_is_never_told_as_good_news() -> None:
    unknown = Told("r", "t", Severity.LOW, ("CC6.1",), Status.INCONCLUSIVE, "aws:1", None, "m", "f")
    text = render([unknown], ruled=(), commands=())
    assert "Nothing failed" not in text
    assert "1 of 1 findings are open: evidence is missing" in text
    assert "Nothing was judged." in render([], ruled=(), commands=())
