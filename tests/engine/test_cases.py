"""Case files: what they may say, and how wrong ones are told."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from soc2_pac.cases import (
    Case,
    case_file,
    idle_overrides,
    load_cases,
    mismatch,
    rule_ids,
    run_case,
)
from soc2_pac.errors import UsageError
from soc2_pac.model import Scope, Status, Verdict
from soc2_pac.rule_files import rules_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from soc2_pac.rules import Rule

MODULE = '''
from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from soc2_pac.model import Scope, Severity, Verdict, failed, passed
from soc2_pac.resources import Resource, fact
from soc2_pac.rules import Evidence, rule


class Door(Resource, frozen=True, kw_only=True):
    """A door."""

    kind = "toy.door"
    volatile = ("seen",)
    secret = ("code",)
    name: str
    locks: list[str]
    made: datetime | None = None
    seen: str | None = None
    code: str | None = None
    alarm: dict[str, Any] | None = fact("GetAlarm")


class Guard(Resource, frozen=True, kw_only=True):
    """A guard."""

    kind = "toy.guard"
    watches: str


@rule(criteria=["CC6.1"], severity=Severity.HIGH)
def toy_door_locked(door: Door, *, least: int = 1) -> Verdict:
    """Doors have locks.

    Why: without them anybody comes in.
    Fix: fit a lock.
    """
    if len(door.locks) >= least:
        return passed(f"{len(door.locks)} locks")
    return failed(f"{len(door.locks)} locks, fewer than {least}")


@rule(criteria=["CC6.1"], severity=Severity.HIGH)
def toy_door_alarmed(door: Door) -> Verdict:
    """Doors have alarms.

    Why: a broken lock makes no noise.
    Fix: fit an alarm.
    """
    return passed("there is one") if door.alarm else failed("there is none")


@rule(criteria=["CC6.1"], severity=Severity.HIGH, needs=[Guard])
def toy_door_guarded(door: Door, now: datetime, scope: Scope, evidence: Evidence) -> Verdict:
    """Doors are guarded.

    Why: somebody must hear the alarm.
    Fix: hire a guard.
    """
    watched = any(guard.watches == door.name for guard in evidence.account(Guard))
    if watched and scope.account == "home":
        return passed(f"guarded on {now:%Y-%m-%d}")
    return failed("nobody is there")


@rule(criteria=["CC6.1"], severity=Severity.HIGH)
def toy_door_secretive(door: Door) -> Verdict:
    """What the engine never keeps is not there to be judged.

    Why: a rule over it would say something else in reality.
    Fix: read something else.
    """
    return passed("unknown") if door.seen is None else failed(door.seen)


@rule(criteria=["CC6.1"], severity=Severity.HIGH)
def toy_door_coded(door: Door) -> Verdict:
    """Doors have no code.

    Why: codes are told.
    Fix: take keys.
    """
    return failed(door.code) if door.code else passed("none")
'''

LOCKED = """
toy-door-locked:
  base: {name: front, locks: [yale]}
  cases:
"""


@pytest.fixture
def rule_of(tmp_path: Path) -> Callable[..., Rule]:
    """``rule_of(case file text, rule id)``: a rule of the toy module with these cases."""

    def write(cases: str, rule_id: str = "toy-door-locked") -> Rule:
        (tmp_path / "toy.py").write_text(MODULE, encoding="utf-8")
        (tmp_path / "toy.cases.yaml").write_text(cases, encoding="utf-8")
        return next(rule for rule in rules_in(tmp_path / "toy.py") if rule.id == rule_id)

    return write


def _only(rule: Rule) -> Case:
    (case,) = load_cases(rule)
    return case


def _said(rule: Rule) -> Verdict:
    return run_case(rule, _only(rule))


# -- what cases may say ----------------------------------------------------------------------------


def test_cases_stand_beside_the_module(rule_of: Callable[..., Rule], tmp_path: Path) -> None:
    rule = rule_of(LOCKED + "    - {name: locked, status: pass}")
    assert case_file(rule) == tmp_path / "toy.cases.yaml"
    assert rule_ids(case_file(rule)) == ["toy-door-locked"]
    assert _only(rule).name == "locked"


def test_the_base_alone(rule_of: Callable[..., Rule]) -> None:
    rule = rule_of(LOCKED + "    - {name: locked, status: pass, message: 1 locks}")
    assert mismatch(_only(rule), _said(rule)) is None


@pytest.mark.parametrize(
    ("override", "status", "message"),
    [
        ("set: {locks: []}", Status.FAIL, "0 locks"),
        ("set: {locks.1: chubb}", Status.PASS, "2 locks"),
        ("remove: [locks.0]", Status.FAIL, "0 locks"),
        ("params: {least: 2}", Status.FAIL, "fewer than 2"),
        ("remove: [locks]", Status.INCONCLUSIVE, "locks"),
        ("set: {locks: 3}", Status.INCONCLUSIVE, "array"),
    ],
)
def test_an_override_changes_the_document(
    rule_of: Callable[..., Rule], override: str, status: Status, message: str
) -> None:
    rule = rule_of(f"{LOCKED}    - {{name: changed, status: {status}, {override}}}")
    verdict = _said(rule)
    assert verdict.status is status
    assert message in verdict.message
    assert idle_overrides(rule, _only(rule)) == (
        [] if status is not Status.PASS else ["set locks.1"]
    )


def test_a_key_with_a_dot_in_it(rule_of: Callable[..., Rule]) -> None:
    rule = rule_of(LOCKED + "    - {name: dots, status: pass, set: {a\\.b: 1}}")
    assert _only(rule).document()["a.b"] == 1


def test_the_base_is_not_changed_by_a_case(rule_of: Callable[..., Rule]) -> None:
    rule = rule_of(
        LOCKED
        + "    - {name: one, status: fail, set: {locks: []}}\n    - {name: two, status: pass}"
    )
    assert [run_case(rule, case).status for case in load_cases(rule)] == [Status.FAIL, Status.PASS]


def test_a_gap_is_inconclusive_and_names_the_permission(rule_of: Callable[..., Rule]) -> None:
    rule = rule_of(
        """
toy-door-alarmed:
  base: {name: front, locks: [], GetAlarm: {state: armed}}
  cases:
    - name: denied
      status: inconclusive
      gaps: {GetAlarm: {status: denied, operation: toy:GetAlarm, reason: AccessDenied, permission: toy:Get}}
""",
        "toy-door-alarmed",
    )
    verdict = _said(rule)
    assert verdict.status is Status.INCONCLUSIVE
    assert "grant toy:Get" in verdict.message


JOINED = """
toy-door-guarded:
  base: {name: front, locks: []}
  scope: toy:home
  now: 2026-02-01
  given:
    toy.guard: [{watches: front}]
  cases:
"""


@pytest.mark.parametrize(
    ("case", "status", "message"),
    [
        ("status: pass", Status.PASS, "guarded on 2026-02-01"),
        ("status: pass, now: 2026-03-04T12:00:00Z", Status.PASS, "guarded on 2026-03-04"),
        ("status: fail, given: {toy.guard: []}", Status.FAIL, "nobody"),
        ("status: fail, scope: 'toy:away'", Status.FAIL, "nobody"),
        ("status: inconclusive, given: {toy.guard: [{}]}", Status.INCONCLUSIVE, "watches"),
    ],
)
def test_what_surrounds_the_document(
    rule_of: Callable[..., Rule], case: str, status: Status, message: str
) -> None:
    rule = rule_of(f"{JOINED}    - {{name: it, {case}}}", "toy-door-guarded")
    verdict = _said(rule)
    assert (verdict.status, message in verdict.message) == (status, True), verdict
    if status is Status.FAIL:
        assert idle_overrides(rule, _only(rule)) == []


def test_defaults(rule_of: Callable[..., Rule]) -> None:
    case = _only(rule_of(LOCKED + "    - {name: locked, status: pass}"))
    assert case.now == datetime(2026, 1, 1, tzinfo=UTC)
    assert case.scope == Scope("toy", "111122223333/eu-west-1")


def test_what_the_engine_drops_or_redacts_is_not_there_for_a_case_either(
    rule_of: Callable[..., Rule],
) -> None:
    text = """
toy-door-secretive:
  base: {name: front, locks: [], seen: just now, code: "1234"}
  cases:
    - {name: it, status: pass}
"""
    assert _said(rule_of(text, "toy-door-secretive")).status is Status.PASS


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("1234", "[redacted]"),
        ("[redacted]", "[redacted]"),
        ("password=hunter22", "[redacted: found password-assignment]"),
        ("[redacted: found password-assignment]", "[redacted: found password-assignment]"),
        ("[redacted: found password=hunter22]", "[redacted: found password-assignment]"),
        ("[redacted: found nothing at all]", "[redacted]"),
    ],
)
def test_evidence_that_was_redacted_is_a_case_as_it_stands(
    rule_of: Callable[..., Rule], code: str, kept: str
) -> None:
    text = f"""
toy-door-secretive:
  base: {{name: front, locks: [], code: "{code}"}}
  cases:
    - {{name: it, status: fail}}
"""
    rule = rule_of(text.replace("toy-door-secretive", "toy-door-coded"), "toy-door-coded")
    assert _said(rule) == Verdict(Status.FAIL, kept)


# -- what a case proves ------------------------------------------------------------------------------


def test_a_mismatch_says_what_was_expected_and_what_came(rule_of: Callable[..., Rule]) -> None:
    rule = rule_of(LOCKED + "    - {name: open, status: fail}")
    assert mismatch(_only(rule), _said(rule)) == "expected fail, got pass: 1 locks"


def test_a_message_that_does_not_come(rule_of: Callable[..., Rule]) -> None:
    rule = rule_of(LOCKED + "    - {name: locked, status: pass, message: nine}")
    assert mismatch(_only(rule), _said(rule)) == "the message '1 locks' lacks 'nine'"


@pytest.mark.parametrize(
    ("case", "idle"),
    [
        ("set: {locks: []}", []),
        ("set: {locks: [], name: back}", ["set name"]),
        ("set: {locks: []}, remove: [made]", ["remove made"]),
        ("set: {locks: []}, params: {least: 2}", ["set locks", "params least"]),
        ("set: {locks: []}, now: 2026-05-05", ["now"]),
    ],
)
def test_overrides_that_are_not_needed_are_found(
    rule_of: Callable[..., Rule], case: str, idle: list[str]
) -> None:
    text = LOCKED.replace("locks:", "made: 2020-01-01T00:00:00Z, locks:")
    rule = rule_of(f"{text}    - {{name: open, status: fail, {case}}}")
    assert _said(rule).status is Status.FAIL
    assert idle_overrides(rule, _only(rule)) == idle


def test_an_override_that_another_builds_upon_is_needed(rule_of: Callable[..., Rule]) -> None:
    rule = rule_of(
        """
toy-door-alarmed:
  base: {name: front, locks: [], GetAlarm: {state: armed}}
  cases:
    - {name: odd, status: pass, set: {GetAlarm: {a: {}}, GetAlarm.a.b: 1}}
""",
        "toy-door-alarmed",
    )
    assert "set GetAlarm" not in idle_overrides(rule, _only(rule))


# -- wrong files -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("toy-door-locked: [", "not valid YAML"),
        ("- toy-door-locked", "one entry a rule"),
        ("toy-door-locked: {base: {on: 1}, cases: []}", "the key 'True' is no text to YAML"),
        (
            LOCKED + "    - {name: a, status: pass}\n" + LOCKED + "    []",
            "the key 'toy-door-locked' stands there twice",
        ),
        (
            "toy-door-locked: {base: {}}",
            "toy.cases.yaml: toy-door-locked: Object missing required field `cases`",
        ),
        ("toy-door-locked: {base: {}, cases: [], case: []}", "unknown field `case`"),
        (LOCKED + "    - {name: a, status: passed}", "case 'a': Invalid enum value 'passed'"),
        (LOCKED + "    - {status: pass}", "case '1': Object missing required field `name`"),
        (LOCKED + "    - locked", "case '1': Expected `object`"),
        (
            LOCKED + "    - {name: a, status: pass, sets: {}}",
            "case 'a': Object contains unknown field `sets`",
        ),
        (
            LOCKED + "    - {name: a, status: pass}\n    - {name: a, status: fail}",
            "two cases of that name",
        ),
        (LOCKED + "    - {name: a, status: pass, now: soon}", "case 'a': now: 'soon' is no date"),
        (
            LOCKED + "    - {name: a, status: pass, scope: home}",
            "case 'a': scope: 'home' is no scope",
        ),
        (
            LOCKED + "    - {name: a, status: pass, given: {toy.guard: []}}",
            "does not need toy.guard",
        ),
    ],
)
def test_a_wrong_file_is_told_with_file_rule_and_case(
    rule_of: Callable[..., Rule], text: str, says: str
) -> None:
    rule = rule_of(text)
    with pytest.raises(UsageError) as caught:
        load_cases(rule)
    assert says in str(caught.value)
    assert "toy.cases.yaml: " in str(caught.value)


def test_a_misspelled_kind_suggests_the_nearest(rule_of: Callable[..., Rule]) -> None:
    rule = rule_of(
        JOINED + "    - {name: a, status: pass, given: {toy.gard: []}}", "toy-door-guarded"
    )
    with pytest.raises(UsageError, match=r"case 'a': given: .* Did you mean 'toy.guard'\?"):
        load_cases(rule)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("set: {lock.0: x}", "leads nowhere at 'lock'. Did you mean 'locks'?"),
        ("set: {locks.5: x}", "'5' is no place in a list of 1"),
        ("set: {locks.first: x}", "'first' is no place in a list of 1"),
        ("set: {locks.4.x: 1}", "leads nowhere at '4'"),
        ("set: {name.x: 1}", "'x' is no place in a str"),
        ("remove: [lock]", "nothing to remove at lock. Did you mean 'locks'?"),
        ("remove: [locks.1]", "nothing to remove at locks.1"),
        ("params: {last: 1}", "params: rule toy-door-locked has no threshold 'last'"),
        ("params: {least: many}", "threshold 'least': Expected `int`, got `str`"),
    ],
)
def test_an_override_that_leads_nowhere_is_told(
    rule_of: Callable[..., Rule], override: str, says: str
) -> None:
    rule = rule_of(f"{LOCKED}    - {{name: a, status: pass, {override}}}")
    with pytest.raises(UsageError) as caught:
        _said(rule)
    assert says in str(caught.value)
    assert "toy.cases.yaml: toy-door-locked: case 'a'" in str(caught.value)


def test_no_file_and_no_entry_are_no_cases(rule_of: Callable[..., Rule]) -> None:
    rule = rule_of("another-rule: {base: {}, cases: []}")
    assert load_cases(rule) == []
    case_file(rule).write_text("", encoding="utf-8")
    os.utime(case_file(rule), ns=(1, 1))
    assert load_cases(rule) == []
    case_file(rule).unlink()
    assert load_cases(rule) == []


def test_text_that_is_not_utf8(rule_of: Callable[..., Rule]) -> None:
    rule = rule_of("")
    case_file(rule).write_bytes(b"toy-door-locked: \xff")
    os.utime(case_file(rule), ns=(2, 2))
    with pytest.raises(UsageError, match="not valid YAML"):
        load_cases(rule)


# -- rules that no plugin names -------------------------------------------------------------------------


def test_rules_of_a_file(rule_of: Callable[..., Rule], tmp_path: Path) -> None:
    rule_of("")
    assert [rule.id for rule in rules_in(tmp_path / "toy.py")] == [
        "toy-door-locked",
        "toy-door-alarmed",
        "toy-door-guarded",
        "toy-door-secretive",
        "toy-door-coded",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no Python file"),
        ("import nowhere", "cannot be imported: ModuleNotFoundError"),
        ("def (", "cannot be imported: SyntaxError"),
        ("X = 1", "holds no rule"),
        ("from soc2_rules.aws.s3 import aws_s3_encrypted", "holds no rule"),
    ],
)
def test_a_file_without_rules(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "x.py").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=says):
        rules_in(tmp_path / "x.py")
