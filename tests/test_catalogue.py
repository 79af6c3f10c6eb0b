"""Laws over the whole catalogue: every rule, every case, every kind, whoever wrote it."""

from __future__ import annotations

import csv
import functools
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from soc2_pac import plugins
from soc2_pac.cases import case_file, idle_overrides, mismatch, rule_ids, run_case
from soc2_pac.criteria import CRITERIA
from soc2_pac.model import Status
from soc2_rules.crosswalk import ROWS, Row
from soc2_rules.omissions import OMITTED, PARTS
from soc2_rules.prowler import UNASKED, Why

from .databases import unavailable
from .judging import Judge, cases_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.cases import Case
    from soc2_pac.model import Verdict
    from soc2_pac.rules import Rule

HERE = Path(__file__).resolve().parent
RULES = HERE.parent / "rules" / "soc2_rules"
CATALOGUE = HERE.parents[1] / "shared" / "reference" / "rule-catalogue.csv"

REGISTRY = plugins.load()
BUILT_IN = [
    rule for rule in REGISTRY.rules.values() if rule.function.__module__.startswith("soc2_rules.")
]


def _of(rule: Rule) -> str:
    return rule.id


each_rule = pytest.mark.parametrize("rule", BUILT_IN, ids=_of)


def test_there_is_a_catalogue() -> None:
    assert not REGISTRY.broken
    assert len(BUILT_IN) >= 100
    providers = {"aws", "azure", "company", "gcp", "github", "okta", "roster"}
    assert {rule.provider for rule in BUILT_IN} == providers


# -- cases ------------------------------------------------------------------------------------------


@functools.cache
def _ended(rule: Rule) -> tuple[tuple[Case, Verdict], ...]:
    """Every case with its verdict."""
    return tuple((case, run_case(rule, case)) for case in cases_of(rule))


@each_rule
def test_every_case_ends_as_it_says(rule: Rule) -> None:
    ended = {case.name: mismatch(case, verdict) for case, verdict in _ended(rule)}
    assert {name: wrong for name, wrong in ended.items() if wrong} == {}


def test_a_rule_has_a_case_that_passes_and_one_that_fails() -> None:
    said = {rule.id: {case.status for case in cases_of(rule)} for rule in BUILT_IN}
    assert [name for name, found in said.items() if not {Status.PASS, Status.FAIL} <= found] == []


@each_rule
def test_every_override_of_a_failing_case_is_needed(rule: Rule) -> None:
    idle = {
        case.name: found
        for case in cases_of(rule)
        if case.status is Status.FAIL and (found := idle_overrides(rule, case))
    }
    assert not idle


def test_a_failing_case_differs_from_the_base() -> None:
    # Otherwise no override could be dropped, and the law above would say nothing of it.
    same = [
        case.where
        for rule in BUILT_IN
        for case in cases_of(rule)
        if case.status is Status.FAIL and not (case.overrides or case.own)
    ]
    assert not same


def test_cases_leave_no_threshold_untold() -> None:
    untold = [
        case.where
        for rule in BUILT_IN
        for case in cases_of(rule)
        if rule.settle(case.params()).keys() != rule.settle({}).keys()
    ]
    assert not untold


def test_every_entry_of_a_case_file_belongs_to_a_rule_beside_it() -> None:
    homes = {rule.id: case_file(rule) for rule in BUILT_IN}
    files = sorted(RULES.rglob("*.cases.yaml"))
    assert files
    strays = [
        f"{path.name}: {name}"
        for path in files
        for name in rule_ids(path)
        if homes.get(name) != path
    ]
    assert not strays


# -- what missing evidence does ------------------------------------------------------------------------


def _without_each(rule: Rule, case: Case) -> Iterator[tuple[str, Verdict]]:
    """Each joined kind that the case has a source of, and the verdict without it."""
    judge = Judge(rule, case)
    for needed in rule.joins:
        if needed.kind in case.sourced:
            yield needed.kind, judge.verdict(case.document(), without=needed.kind)


@functools.cache
def _passing_without(rule: Rule) -> tuple[tuple[str, Case, Verdict, Verdict], ...]:
    """The same of all passing cases: the kind, the case, the verdict without it and with it."""
    return tuple(
        (kind, case, missing, verdict)
        for case, verdict in _ended(rule)
        if case.status is Status.PASS
        for kind, missing in _without_each(rule, case)
    )


def test_nothing_known_is_never_a_pass() -> None:
    empty = {rule.id: Judge(rule, cases_of(rule)[0]).verdict({}) for rule in BUILT_IN}
    passed = {name: said.message for name, said in empty.items() if said.status is Status.PASS}
    assert passed == {}, "an empty document passes"


def test_an_empty_population_is_never_a_silent_pass() -> None:
    loud = (Status.NOT_APPLICABLE, Status.FAIL, Status.INCONCLUSIVE)
    assert [rule.id for rule in BUILT_IN if rule.when_empty().status not in loud] == []


FAILS_ALONE = {
    (
        "aws-imdsv2-launch-configuration",
        "aws.ec2.region_settings",
    ): "it says itself that tokens are optional",
    (
        "aws-imdsv2-launch-template",
        "aws.ec2.region_settings",
    ): "it says itself that tokens are optional",
}
"""(rule, joined kind) -> why what is judged fails where nobody shows the exception that makes it a pass."""


@pytest.mark.parametrize("rule", [rule for rule in BUILT_IN if rule.joins], ids=_of)
def test_joined_evidence_that_is_missing_is_never_a_pass(rule: Rule) -> None:
    # A rule may pass before it asks; then what it passes by must not come from the missing kind.
    wrong = [
        (kind, case.name, missing)
        for kind, case, missing, verdict in _passing_without(rule)
        if missing.status is not Status.INCONCLUSIVE
        and (missing.status is not Status.PASS or missing != verdict)
        and not (missing.status is Status.FAIL and (rule.id, kind) in FAILS_ALONE)
    ]
    assert wrong == []


def test_where_nothing_is_sourced_the_cases_say_what_happens() -> None:
    """A rule that reads only what is sourced must say what it says where nothing is."""
    silent = [
        rule.id
        for rule in BUILT_IN
        if rule.where_sourced
        and not rule.needs
        and not any(not case.sourced and case.status is not Status.PASS for case in cases_of(rule))
    ]
    assert not silent, "add a case that is given nothing"


def test_some_rule_joins() -> None:
    joining = {rule.id for rule in BUILT_IN if rule.joins}
    assert joining
    asked = {
        rule.id
        for rule in BUILT_IN
        if any(missing.status is Status.INCONCLUSIVE for _, _, missing, _ in _passing_without(rule))
        or any(
            missing.status is Status.INCONCLUSIVE
            for case in cases_of(rule)
            if case.status is not Status.PASS
            for _, missing in _without_each(rule, case)
        )
    }
    assert asked == joining


# -- declarations --------------------------------------------------------------------------------------


def test_every_kind_that_a_rule_reads_has_a_collector() -> None:
    alone = {rule.id: set(rule.kinds) - set(REGISTRY.collectors) for rule in BUILT_IN}
    assert {name: kinds for name, kinds in alone.items() if kinds} == {}


def test_a_collector_declares_its_calls() -> None:
    wrong = {
        collector.kind
        for collector in REGISTRY.collectors.values()
        if not collector.calls
        or len(set(collector.calls)) != len(collector.calls)
        or not all(call.strip() == call and call for call in collector.calls)
        or collector.provider not in REGISTRY.providers
    }
    assert wrong == set()


def test_a_view_says_what_it_is() -> None:
    views = [collector.resource for collector in REGISTRY.collectors.values()]
    assert [view.kind for view in views if not (view.__doc__ or "").strip()] == []


def test_a_kind_is_dotted_and_lower_case() -> None:
    shape = re.compile(r"[a-z]+(\.[a-z][a-z0-9_]*)+")
    assert [kind for kind in REGISTRY.collectors if not shape.fullmatch(kind)] == []
    assert [k for k, collector in REGISTRY.collectors.items() if collector.kind != k] == []


def test_a_rule_stands_with_its_provider_or_with_people() -> None:
    homes = {rule.id: rule.function.__module__.split(".")[1] for rule in BUILT_IN}
    assert [r.id for r in BUILT_IN if homes[r.id] not in (r.provider, "people")] == []


def test_a_rule_says_what_it_is() -> None:
    assert [rule.id for rule in BUILT_IN if not rule.id.startswith(f"{rule.provider}-")] == []
    titles = {rule.id: rule.title for rule in BUILT_IN}
    assert {name: title for name, title in titles.items() if not 10 <= len(title) <= 110} == {}
    assert {name: title for name, title in titles.items() if not title[0].isupper()} == {}
    assert [rule.id for rule in BUILT_IN if len(rule.why) <= 20 or len(rule.fix) <= 20] == []
    twice = [rule.id for rule in BUILT_IN if len(set(rule.criteria)) != len(rule.criteria)]
    assert twice == []


def test_other_tools_names_are_said_in_full() -> None:
    shape = re.compile(r"[a-z0-9-]+:\S+")
    wrong = [(rule.id, a) for rule in BUILT_IN for a in rule.known_as if not shape.fullmatch(a)]
    assert wrong == []


def test_no_title_stands_twice_at_one_provider() -> None:
    # The same question of two providers has the same words.
    titles = Counter((rule.provider, rule.title) for rule in BUILT_IN)
    assert [title for title, count in titles.items() if count > 1] == []


def test_no_rule_speaks_of_compliance() -> None:
    words = re.compile(r"\b(compliant|certified)\b", re.IGNORECASE)
    texts = {r.id: " ".join([r.title, r.why, r.fix, *_messages(r)]) for r in BUILT_IN}
    assert [name for name, text in texts.items() if words.search(text)] == []


def test_messages_do_not_move_with_the_clock() -> None:
    # "45 days ago" would open a new period of a finding every day.
    relative = re.compile(r"\b(ago|yesterday|today|tomorrow|in \d+ (days|hours))\b")
    moving = [f"{r.id}: {m}" for r in BUILT_IN for m in _messages(r) if relative.search(m)]
    assert not moving


def _messages(rule: Rule) -> list[str]:
    return [verdict.message for _, verdict in _ended(rule)]


# -- criteria: a second, hand-written source -------------------------------------------------------------


class Expected(NamedTuple):
    """A line of the table."""

    criteria: set[str]
    origin: str
    """``catalogue``, or ``ours`` for a rule that the catalogue does not have."""


@functools.cache
def _expected() -> dict[str, Expected]:
    with (HERE / "expected_criteria.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    table = {row["rule"]: Expected(set(row["criteria"].split()), row["origin"]) for row in rows}
    assert len(table) == len(rows), "a rule stands there twice"
    return table


def test_the_criteria_are_those_of_the_table() -> None:
    lacking = [rule.id for rule in BUILT_IN if rule.id not in _expected()]
    assert not lacking, (
        "judge their criteria yourself, then add lines to tests/expected_criteria.tsv"
    )
    said = {rule.id: set(rule.criteria) for rule in BUILT_IN}
    assert said == {name: line.criteria for name, line in _expected().items() if name in said}


def test_the_table_names_no_rule_that_is_gone() -> None:
    assert set(_expected()) - {rule.id for rule in BUILT_IN} == set()


def test_the_table_names_criteria_that_exist() -> None:
    assert set().union(*(line.criteria for line in _expected().values())) <= set(CRITERIA)


def test_ids_are_those_of_the_catalogue() -> None:
    if not CATALOGUE.is_file():
        unavailable("the rule catalogue is not beside this checkout")
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        known = {row["rule_id"]: row["provider"] for row in csv.DictReader(file)}
    taken = {name for name, line in _expected().items() if line.origin == "catalogue"}
    ours = {name for name, line in _expected().items() if line.origin == "ours"}
    assert taken | ours == set(_expected())
    assert taken - set(known) == set(), "a name that the catalogue does not have"
    assert ours & set(known) == set(), "the catalogue has it"
    assert {n: known[n] for n in taken} == {n: n.partition("-")[0] for n in taken}


# -- the catalogue of questions -------------------------------------------------------------------------

IN_FULL = ("aws", "azure", "gcp", "github", "okta")
"""Providers of which every question of the catalogue has a rule or a reason."""
_PEERS = {"P": "prowler", "T": "powerpipe"}


def _catalogue() -> list[dict[str, str]]:
    if not CATALOGUE.is_file():
        unavailable("the rule catalogue is not beside this checkout")
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("provider", IN_FULL)
def test_every_question_has_a_rule_or_a_reason(provider: str) -> None:
    asked = {row["rule_id"] for row in _catalogue() if row["provider"] == provider}
    ruled = {rule.id for rule in BUILT_IN if rule.provider == provider}
    omitted = {name for name in OMITTED if name.startswith(f"{provider}-")}
    assert asked - ruled - omitted == set(), "skipped unseen"
    assert ruled & omitted == set(), "omitted and there"
    assert omitted - asked == set(), "nobody asked"


@pytest.mark.parametrize("provider", IN_FULL)
def test_every_check_of_a_peer_leads_to_a_rule(provider: str) -> None:
    found = {alias for rule in BUILT_IN if rule.provider == provider for alias in rule.known_as}
    asked: dict[str, str] = {}
    for row in _catalogue():
        if row["provider"] != provider or row["rule_id"] in OMITTED:
            continue
        for name in row["known_elsewhere_as"].split():
            peer, _, check = name.partition(":")
            if peer in _PEERS:
                asked[f"{_PEERS[peer]}:{check}"] = row["rule_id"]
    left_out = set(PARTS) | {f"prowler:{name}" for one in UNASKED for name in one.checks}
    lost = {alias: rule for alias, rule in asked.items() if alias not in found | left_out}
    assert not lost, "add the name to known_as, or say in PARTS or UNASKED why it is left out"
    assert {alias for alias in PARTS if alias in found} == set(), "left out and there"


def test_what_is_omitted_says_why() -> None:
    for name, omission in OMITTED.items():
        assert len(omission.reason) > 40, name
        assert set(omission.criteria) <= set(CRITERIA)
        assert omission.criteria
    assert all(len(reason) > 40 for reason in PARTS.values())


def test_a_check_of_prowler_has_one_answer() -> None:
    answered = {alias for rule in BUILT_IN for alias in rule.known_as}
    counts = Counter(name for unasked in UNASKED for name in unasked.checks)
    assert [name for name, count in counts.items() if count > 1] == []
    assert [name for name in counts if f"prowler:{name}" in answered] == [], "answered and unasked"
    for unasked in UNASKED:
        assert (len(unasked.reason) > 40) is (unasked.why is not Why.OPEN), unasked.checks[0]


# -- the same question of several providers -------------------------------------------------------------


def test_the_crosswalk_names_rules_that_are_there_each_once() -> None:
    named = [name for row in ROWS for name in row.rules]
    assert [name for name, count in Counter(named).items() if count > 1] == []
    assert set(named) - set(REGISTRY.rules) == set()
    alone = [
        row.question
        for row in ROWS
        if len({REGISTRY.rules[name].provider for name in row.rules}) < 2
    ]
    assert not alone, "asked of one provider only"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.question)
def test_rules_of_one_question_share_severity_and_numbers(row: Row) -> None:
    rules = [REGISTRY.rules[name] for name in row.rules]
    numbers: dict[str, set[object]] = {}
    for rule in rules:
        for threshold in rule.thresholds:
            if isinstance(threshold.default, int):  # a list names what the provider calls its own
                numbers.setdefault(threshold.name, set()).add(threshold.default)
    same = len({rule.severity for rule in rules}) == 1 and all(
        len(values) == 1 for values in numbers.values()
    )
    if same:
        assert not row.differs, "nothing differs"
    else:
        assert row.differs, "say why"
