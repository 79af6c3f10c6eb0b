"""Laws over the whole catalogue: every rule, every case, every kind, whoever wrote it."""

from __future__ import annotations

import copy
import csv
import functools
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.cases import (
    Case,
    case_file,
    idle_overrides,
    load_cases,
    mismatch,
    rule_ids,
    run_case,
    stored,
)
from soc2_pac.criteria import CRITERIA
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Status, Verdict
from soc2_pac.resources import GAPS
from soc2_rules.crosswalk import ROWS, Row
from soc2_rules.omissions import OMITTED, PARTS

from .databases import unavailable

if TYPE_CHECKING:
    from soc2_pac.resources import Collector
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


@each_rule
def test_every_case_ends_as_it_says(rule: Rule) -> None:
    ended = {case.name: mismatch(case, run_case(rule, case)) for case in load_cases(rule)}
    assert {name: wrong for name, wrong in ended.items() if wrong} == {}


@each_rule
def test_a_rule_has_a_case_that_passes_and_one_that_fails(rule: Rule) -> None:
    assert {Status.PASS, Status.FAIL} <= {case.status for case in load_cases(rule)}


@each_rule
def test_every_override_of_a_failing_case_is_needed(rule: Rule) -> None:
    idle = {
        case.name: found
        for case in load_cases(rule)
        if case.status is Status.FAIL and (found := idle_overrides(rule, case))
    }
    assert not idle


@each_rule
def test_a_failing_case_differs_from_the_base(rule: Rule) -> None:
    # Otherwise no override could be dropped, and the law above would say nothing of it.
    same = [
        c.name for c in load_cases(rule) if c.status is Status.FAIL and not (c.overrides or c.own)
    ]
    assert not same


@each_rule
def test_cases_leave_no_threshold_untold(rule: Rule) -> None:
    settled = rule.settle({})
    for case in load_cases(rule):
        assert rule.settle(case.params()).keys() == settled.keys()


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


@each_rule
def test_nothing_known_is_never_a_pass(rule: Rule) -> None:
    for case in load_cases(rule):
        verdict = _judged(rule, case, {})
        assert verdict.status is not Status.PASS, f"an empty document passes: {verdict.message}"
        break


@each_rule
def test_an_empty_population_is_never_a_silent_pass(rule: Rule) -> None:
    assert rule.when_empty().status in (Status.NOT_APPLICABLE, Status.FAIL, Status.INCONCLUSIVE)


@each_rule
def test_joined_evidence_that_is_missing_is_never_a_pass(rule: Rule) -> None:
    for needed in rule.joins:
        for case in load_cases(rule):
            if case.status is not Status.PASS or needed.kind not in case.sourced:
                continue
            verdict = _judged(rule, case, case.document(), without=needed.kind)
            # A rule may pass before it asks; then what it passes by must not come from the missing kind.
            if verdict.status is Status.PASS:
                assert verdict == run_case(rule, case)
            else:
                assert verdict.status is Status.INCONCLUSIVE


@each_rule
def test_where_nothing_is_sourced_the_cases_say_what_happens(rule: Rule) -> None:
    """A rule that reads only what is sourced must say what it says where nothing is."""
    if rule.where_sourced and not rule.needs:
        assert any(
            not case.sourced and case.status is not Status.PASS for case in load_cases(rule)
        ), "add a case that is given nothing"


def test_some_rule_joins() -> None:
    joining = [rule for rule in BUILT_IN if rule.joins]
    assert joining
    asked = [
        rule.id
        for rule in joining
        for needed in rule.joins
        if any(
            _judged(rule, case, case.document(), without=needed.kind).status is Status.INCONCLUSIVE
            for case in load_cases(rule)
            if needed.kind in case.sourced
        )
    ]
    assert set(asked) == {rule.id for rule in joining}


# -- declarations --------------------------------------------------------------------------------------


@each_rule
def test_every_kind_that_a_rule_reads_has_a_collector(rule: Rule) -> None:
    assert set(rule.kinds) <= set(REGISTRY.collectors)


@pytest.mark.parametrize("collector", REGISTRY.collectors.values(), ids=lambda c: c.kind)
def test_a_collector_declares_its_calls(collector: Collector) -> None:
    assert collector.calls
    assert len(set(collector.calls)) == len(collector.calls)
    assert all(call.strip() == call and call for call in collector.calls)
    assert collector.provider in REGISTRY.providers
    assert (collector.resource.__doc__ or "").strip(), "the view says what it is"


@pytest.mark.parametrize("collector", REGISTRY.collectors.values(), ids=lambda c: c.kind)
def test_a_kind_is_dotted_and_lower_case(collector: Collector) -> None:
    assert re.fullmatch(r"[a-z]+(\.[a-z][a-z0-9_]*)+", collector.kind)


@each_rule
def test_a_rule_stands_with_its_provider_or_with_people(rule: Rule) -> None:
    assert rule.function.__module__.split(".")[1] in (rule.provider, "people")


@each_rule
def test_a_rule_says_what_it_is(rule: Rule) -> None:
    assert rule.id.startswith(f"{rule.provider}-")
    assert 10 <= len(rule.title) <= 110
    assert rule.title[0].isupper()
    assert len(rule.why) > 20
    assert len(rule.fix) > 20
    assert len(set(rule.criteria)) == len(rule.criteria)


@each_rule
def test_other_tools_names_are_said_in_full(rule: Rule) -> None:
    for alias in rule.known_as:
        assert re.fullmatch(r"[a-z0-9-]+:\S+", alias), alias


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
    return [run_case(rule, case).message for case in load_cases(rule)]


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


@each_rule
def test_the_criteria_are_those_of_the_table(rule: Rule) -> None:
    expected = _expected().get(rule.id)
    assert expected, "judge its criteria yourself, then add a line to tests/expected_criteria.tsv"
    assert set(rule.criteria) == expected.criteria


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
    lost = {alias: rule for alias, rule in asked.items() if alias not in found | set(PARTS)}
    assert not lost, "add the name to known_as, or say in PARTS why it is left out"
    assert {alias for alias in PARTS if alias in found} == set(), "left out and there"


def test_what_is_omitted_says_why() -> None:
    for name, omission in OMITTED.items():
        assert len(omission.reason) > 40, name
        assert set(omission.criteria) <= set(CRITERIA)
        assert omission.criteria
    assert all(len(reason) > 40 for reason in PARTS.values())


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


# -- whatever a document holds, a rule does not break ------------------------------------------------------

# A view takes what has the right types, so values of the right type in odd places are what finds faults.
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31), 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [
            "",
            "*",
            "x",
            "0",
            "2026-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "0001-01-01T00:00:00Z",
            "0.0.0.0/0",
            "::/0",
            "not/an/address",
            "arn:aws:iam::111122223333:root",
            "arn:",
            "{}",
            "[",
            "\u202e",
            "\x00",
            "🦄",
        ]
    ),
    st.text(max_size=8),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "Statement",
                    "Effect",
                    "Principal",
                    "Action",
                    "Resource",
                    "Condition",
                    "AWS",
                    "x",
                    "",
                ]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


def _places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path into a JSON-like value, the value itself left out; gaps are the engine's own."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    found: list[tuple[Any, ...]] = []
    for key, item in items:
        if key != GAPS:
            found += [(*way, key), *_places(item, (*way, key))]
    return found


@st.composite
def mutated(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """The document with a few of its parts removed, emptied, or replaced by something else."""
    body = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        places = _places(body)
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        parent = functools.reduce(lambda here, step: here[step], way, body)
        if draw(st.booleans()):
            old = parent[last]
            parent[last] = draw(
                st.one_of(_VALUES, st.just(type(old)()) if old is not None else st.none())
            )
        else:
            del parent[last]
    return body


@each_rule
def test_no_document_breaks_a_rule(rule: Rule) -> None:
    cases = load_cases(rule)
    documents = [case.document() for case in cases]

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(cases) - 1))
        verdict = _judged(rule, cases[number], data.draw(mutated(documents[number])))
        assert verdict.status is not Status.ERROR, verdict.message

    holds()


@pytest.mark.parametrize("rule", [rule for rule in BUILT_IN if rule.joins], ids=_of)
def test_no_joined_document_breaks_a_rule(rule: Rule) -> None:
    cases = [case for case in load_cases(rule) if any(case.given.values())]
    assert cases, "no case gives a document of a kind that the rule needs"

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(cases))
        kind = data.draw(st.sampled_from([kind for kind, bodies in case.given.items() if bodies]))
        bodies = [data.draw(mutated(body)) for body in case.given[kind] or ()]
        verdict = _judged(rule, case, case.document(), given_instead={kind: bodies})
        assert verdict.status is not Status.ERROR, verdict.message

    holds()


def _judged(
    rule: Rule,
    case: Case,
    document: dict[str, Any],
    *,
    without: str | None = None,
    given_instead: dict[str, list[dict[str, Any]]] | None = None,
) -> Verdict:
    """The verdict on another document, with the rest of the case as it is."""
    joined = {k: v for k, v in {**case.given, **(given_instead or {})}.items() if k != without}
    bodies = {k: [canonical(body) for body in v] for k, v in joined.items() if v is not None}
    given = GivenDocuments(case.scope, bodies)
    evidence = JoinedEvidence(rule, given, case.sourced).at(case.scope) if rule.joins else None
    return judge(
        rule,
        stored(rule.resource, document),
        now=case.now,
        scope=case.scope,
        evidence=evidence,
        thresholds=rule.settle(case.params()),
    )
