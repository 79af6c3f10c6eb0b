"""Rules of people over a store: what is sourced, what is missing, what changes, and how long it takes."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import config, plugins
from soc2_pac.audit.questions import WORKED, Known
from soc2_pac.evaluate.active import ActiveRule
from soc2_pac.evaluate.engine import evaluate
from soc2_pac.model import CollectionStatus, Scope
from soc2_pac.store import Store, open_store

from ..store.helpers import DUE, look  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from soc2_pac.records import Look

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HR, GITHUB, AWS = Scope("roster", "acme"), Scope("github", "acme"), Scope("aws", "111122223333")
OKTA = Scope("okta", "acme.okta.com")
EMPTY = {
    "github.outside_collaborator": GITHUB,
    "github.external_identity": GITHUB,
    "github.organization": GITHUB,
    "aws.iam.group": AWS,
    "aws.identity_center.user": AWS,
}
LEAVERS, MFA = "roster-leaver-accounts-closed", "roster-mfa-everywhere"
GITHUB_MATCH, AWS_MATCH = "github-members-match-roster", "aws-users-match-roster"
RULES = (LEAVERS, MFA, GITHUB_MATCH, AWS_MATCH)
REGISTRY = plugins.load()


def person(number: int, **values: Any) -> dict[str, Any]:
    name = f"p{number}"
    mails = [f"{name}@acme.example"]
    return {"id": str(number), "name": name, "mails": mails, "status": "active", **values}


def member(number: int, **values: Any) -> dict[str, Any]:
    node = {"id": f"U_{number}", "login": f"g{number}"}
    return {"role": "MEMBER", "hasTwoFactorEnabled": True, "node": node, **values}


def mails(number: int) -> dict[str, Any]:
    addresses = [f"P{number}@acme.example"]
    return {
        "id": f"U_{number}",
        "login": f"g{number}",
        "organizationVerifiedDomainEmails": addresses,
    }


def arn(number: int) -> str:
    return f"arn:aws:iam::111122223333:user/a{number}"


def iam_user(number: int) -> dict[str, Any]:
    return {"Arn": arn(number), "UserName": f"a{number}"}


def credential(number: int, **values: Any) -> dict[str, Any]:
    return {
        "user": f"a{number}",
        "arn": arn(number),
        "password_enabled": "true",
        "mfa_active": "true",
        "access_key_1_active": "false",
        "access_key_2_active": "false",
        "cert_1_active": "false",
        "cert_2_active": "false",
        **values,
    }


def line(number: int) -> dict[str, Any]:
    return {
        "system": "aws", "login": f"a{number}", "person": str(number), "sort": "person",
        "file": "accounts.csv", "line": number + 2,
    }  # fmt: skip


def looks(numbers: Sequence[int], at: datetime = NOW, **changes: Any) -> list[Look]:
    """Everybody with an account in GitHub and in AWS."""
    found: dict[str, tuple[Scope, Mapping[str, dict[str, Any]]]] = {
        "roster.person": (HR, {str(n): person(n) for n in numbers}),
        "roster.account": (HR, {str(n): line(n) for n in numbers}),
        "github.member": (GITHUB, {f"U_{n}": member(n) for n in numbers}),
        "github.verified_mails": (GITHUB, {f"U_{n}": mails(n) for n in numbers}),
        "aws.iam.user": (AWS, {arn(n): iam_user(n) for n in numbers}),
        "aws.iam.credential": (AWS, {arn(n): credential(n) for n in numbers}),
        **{kind: (scope, {}) for kind, scope in EMPTY.items()},
    }
    for kind, documents in changes.items():
        name = kind.replace("__", ".")
        scope, before = found[name]
        found[name] = scope, {**before, **documents}
    return [
        look(documents, at=at, scope=scope, kind=kind) for kind, (scope, documents) in found.items()
    ]


def active(*providers: str, rules: Sequence[str] = RULES) -> list[ActiveRule]:
    chosen = [REGISTRY.rules[name] for name in rules]
    return [
        ActiveRule(r, r.settle({}), r.severity, timedelta(days=7), r.sourced_by(providers))
        for r in chosen
        if r.provider in providers
    ]


def run(
    store: Store, found: Sequence[Look], at: datetime = NOW, *providers: str, full: bool = False
) -> int:
    with store.run("run", config=None, tool_version="test") as run_id:
        for item in found:
            store.record(run_id, item)
        with store.database.writing() as connection:
            return evaluate(
                connection,
                active(*(providers or ("roster", "github", "aws"))),
                run_id=run_id,
                now=at,
                due=DUE,
                tool_version="test",
                full=full,
            ).judged


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://", create=True) as opened:
        yield opened


def said(store: Store, rule: str) -> dict[str | None, tuple[str, str]]:
    return {f.resource: (f.status.value, f.message) for f in store.findings(rules=[rule])}


def test_everybody_is_who_they_are(store: Store) -> None:
    run(store, looks([1, 2]))
    for rule in (MFA, GITHUB_MATCH, AWS_MATCH):
        assert {status for status, _ in said(store, rule).values()} == {"pass"}, rule
    assert {status for status, _ in said(store, LEAVERS).values()} == {"not_applicable"}


def test_a_leaver_by_the_clock_and_by_the_hours(store: Store) -> None:
    leaves = NOW + timedelta(days=2)
    leaver = person(1, left_at="2026-01-03T00:00:00.000Z")
    run(store, looks([1, 2], roster__person={"1": leaver}))
    assert said(store, LEAVERS)["1"][0] == "not_applicable"
    assert said(store, GITHUB_MATCH)["U_1"][0] == "pass"
    run(store, [], leaves + timedelta(hours=1))
    status, message = said(store, LEAVERS)["1"]
    assert (status, "to be closed by 2026-01-04" in message) == ("pass", True)
    assert said(store, GITHUB_MATCH)["U_1"][0] == "fail"
    run(store, [], leaves + timedelta(hours=24))
    status, message = said(store, LEAVERS)["1"]
    assert status == "fail"
    assert "a1 in aws:111122223333 (accounts.csv line 3)" in message
    assert "g1 in github:acme (mail P1@acme.example)" in message
    (finding,) = [f for f in store.findings(rules=[LEAVERS]) if f.resource == "1"]
    assert finding.failing_since == "2026-01-04T00:00:00.000Z", "the hour of the breach"


def test_who_left_on_a_day_that_nobody_says(store: Store) -> None:
    run(store, looks([1], roster__person={"1": person(1, status="left")}))
    status, message = said(store, LEAVERS)["1"]
    assert (status, "on a day that is not said" in message) == ("fail", True)


@pytest.mark.parametrize("kind", ["github.member", "aws.iam.user", "aws.iam.credential"])
def test_a_system_that_was_not_read_whole_lets_nobody_pass(store: Store, kind: str) -> None:
    gone = person(1, status="left", left_at="2025-12-01T00:00:00.000Z")
    found = looks([2], roster__person={"1": gone})
    scope = next(item.scope for item in found if item.kind == kind)
    others = [item for item in found if item.kind != kind]
    denied = look({}, at=NOW, scope=scope, kind=kind, status=CollectionStatus.DENIED, reason="no")
    run(store, [*others, denied])
    status, message = said(store, LEAVERS)["1"]
    assert (status, kind in message) == ("inconclusive", True)


def test_rights_that_are_not_known_hide_no_account(store: Store) -> None:
    found = [item for item in looks([1]) if item.kind != "aws.iam.group"]
    run(store, found)
    assert said(store, MFA)["1"][0] == "pass"


def test_what_is_known_to_be_open_fails_though_another_system_is_not_known(store: Store) -> None:
    gone = person(1, status="left", left_at="2025-12-01T00:00:00.000Z")
    found = [x for x in looks([1], roster__person={"1": gone}) if x.kind != "aws.iam.user"]
    run(store, found)
    status, message = said(store, LEAVERS)["1"]
    assert (status, "g1 in github:acme" in message) == ("fail", True)


@pytest.mark.parametrize("status", [CollectionStatus.FAILED, CollectionStatus.DENIED])
def test_a_roster_that_cannot_be_read_decides_nothing(
    store: Store, status: CollectionStatus
) -> None:
    failed = look({}, at=NOW, scope=HR, kind="roster.person", status=status, reason="not there")
    others = [item for item in looks([1, 2]) if item.kind != "roster.person"]
    run(store, [*others, failed])
    for rule in RULES:
        assert {s for s, _ in said(store, rule).values()} == {"inconclusive"}, rule


def test_a_mapping_that_cannot_be_read_overrules_nothing_and_decides_nothing(store: Store) -> None:
    failed = look(
        {}, at=NOW, scope=HR, kind="roster.account", status=CollectionStatus.FAILED, reason="no"
    )
    run(store, [*(item for item in looks([1]) if item.kind != "roster.account"), failed])
    for rule in (MFA, GITHUB_MATCH, AWS_MATCH):
        assert {s for s, _ in said(store, rule).values()} == {"inconclusive"}, rule


def test_without_a_roster_and_without_okta_nothing_is_judged(store: Store) -> None:
    run(store, looks([1]), NOW, "github", "aws")
    for rule in (GITHUB_MATCH, AWS_MATCH):
        assert {m for _, m in said(store, rule).values()} == {
            "no source says who works here: configure a roster, or Okta"
        }
    assert said(store, LEAVERS) == {}, "documents of a source that is configured no more"


def test_okta_says_who_works_here_where_there_is_no_roster(store: Store) -> None:
    user = {
        "id": "00u1", "status": "ACTIVE", "created": "2024-01-01T00:00:00.000Z", "factors": [],
        "profile": {"login": "p1@acme.example", "email": "p1@acme.example"},
    }  # fmt: skip
    okta = look({"00u1": user}, at=NOW, scope=OKTA, kind="okta.user")
    run(store, [*looks([1, 2]), okta], NOW, "github", "aws", "okta")
    assert said(store, GITHUB_MATCH)["U_1"][0] == "pass"
    assert said(store, GITHUB_MATCH)["U_2"][0] == "fail"
    run(store, [], NOW, "github", "aws", "okta", "roster")
    assert said(store, GITHUB_MATCH)["U_2"][0] == "pass", "the roster overrules Okta"


def test_a_member_that_cannot_be_read_hides_nobody_else(store: Store) -> None:
    run(store, looks([1, 2], github__member={"U_2": {"role": "MEMBER"}}))
    found = said(store, GITHUB_MATCH)
    assert (found["U_1"][0], found["U_2"][0]) == ("pass", "inconclusive")
    assert "1 documents of github.member cannot be read" in said(store, MFA)["1"][1]


def test_single_sign_on_that_provably_is_not_there_is_not_missing(store: Store) -> None:
    kind = "github.external_identity"
    skipped = look(
        {}, at=NOW, scope=GITHUB, kind=kind, status=CollectionStatus.SKIPPED, reason="none"
    )
    organization = {"login": "acme", "saml": {"viewerCanAdminister": True}}
    others = [item for item in looks([1]) if item.kind not in (kind, "github.verified_mails")]
    nobody = look({}, at=NOW, scope=GITHUB, kind="github.verified_mails")
    run(store, [*others, skipped, nobody])
    assert said(store, GITHUB_MATCH)["U_1"][0] == "inconclusive", "or its owners alone see it"
    seen = look({"O": organization}, at=NOW, scope=GITHUB, kind="github.organization")
    run(store, [seen])
    assert said(store, GITHUB_MATCH)["U_1"][0] == "fail"


def test_incremental_is_what_full_is(store: Store) -> None:
    with open_store("sqlite://", create=True) as thorough:
        days = [
            looks([1, 2, 3]),
            looks([1, 2, 3], NOW + timedelta(days=1), roster__person={"2": person(2, status="left")}),
            [look({str(n): person(n) for n in (1, 3)}, at=NOW + timedelta(days=2), scope=HR,
                  kind="roster.person")],
            looks([1, 2, 3], NOW + timedelta(days=3), aws__iam__credential={
                arn(1): credential(1, mfa_active="false")}),
        ]  # fmt: skip
        for day, found in enumerate(days):
            at = NOW + timedelta(days=day)
            run(store, found, at)
            run(thorough, found, at, full=True)
            for rule in RULES:
                assert said(store, rule) == said(thorough, rule), (day, rule)


def test_people_are_judged_in_linear_time(make_store_url: Callable[..., str]) -> None:
    small, large = (_seconds(make_store_url(), size) for size in (500, 2500))
    # One graph for all people takes five times as long. A graph for each of them would take 25 times.
    assert large < 12 * small


def _seconds(url: str, size: int) -> float:
    """CPU time of judging people in three systems."""
    users = {
        f"00u{n}": {
            "id": f"00u{n}", "status": "ACTIVE", "created": "2024-01-01T00:00:00.000Z",
            "profile": {"login": f"p{n}@acme.example"},
            "factors": [{"factorType": "push", "status": "ACTIVE"}],
        }
        for n in range(size)
    }  # fmt: skip
    okta = [
        look(users, at=NOW, scope=OKTA, kind="okta.user"),
        look({}, at=NOW, scope=OKTA, kind="okta.admin"),
        look({}, at=NOW, scope=OKTA, kind="okta.group"),
    ]
    gone = {str(n): person(n, status="left", left_at="2025-12-01T00:00:00.000Z") for n in range(5)}
    with open_store(url) as store:
        with store.run("collect", config=None, tool_version="test") as run_id:
            for item in [*looks(range(size), roster__person=gone), *okta]:
                store.record(run_id, item)
        started = time.process_time()
        judged = run(store, [], NOW, "roster", "github", "aws", "okta")
        spent = time.process_time() - started
        assert judged >= 4 * size
        assert sum(s == "fail" for s, _ in said(store, LEAVERS).values()) == 5
        assert sum(s == "pass" for s, _ in said(store, MFA).values()) == size - 5
    return spent


# -- the command line -------------------------------------------------------------------------------------


@pytest.fixture
def ask(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    from soc2_pac.cli import main

    url = f"sqlite:///{tmp_path / 'store.db'}"
    gone = person(1, status="left", left_at="2025-12-01T00:00:00.000Z", department="Sales")
    twice = person(4, mails=["p2@acme.example"])
    stray = {**line(9), "login": "typo"}
    found = looks([1, 2, 3], roster__person={"1": gone, "4": twice}, roster__account={"x": stray})
    with open_store(url, create=True) as opened:
        run(opened, [*found])

    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ending:
            main(["people", *arguments, "--store", url])
        return int(ending.value.code or 0), *capsys.readouterr()

    return command


def test_people_list(ask: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = ask("list", "--format", "csv")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "person,system,login,reason,active,mfa,privileged"
    assert lines[1] == "p1 (1),aws:111122223333,a1,accounts.csv line 3,yes,yes,unknown"
    assert len(lines) == 7
    assert "is not known whole: the last complete look was on" in err, "the looks are of January"


def test_people_list_filters(ask: Callable[..., tuple[int, str, str]]) -> None:
    leavers = json.loads(ask("list", "--leavers", "--format", "json")[1])
    assert [(row["login"], row["here"], row["left_at"]) for row in leavers] == [
        ("a1", False, "2025-12-01T00:00:00.000Z"),
        ("g1", False, "2025-12-01T00:00:00.000Z"),
    ]
    assert leavers[0]["department"] == "Sales"
    unmatched = json.loads(ask("--unmatched", "--format", "json")[1])
    assert [(row["login"], row["person"]) for row in unmatched] == [("g2", None)]
    assert "is said of 2 persons" in unmatched[0]["reason"]
    conflicts = json.loads(ask("list", "--conflicts", "--format", "json")[1])
    assert [(row["about"], row["subject"], row["reasons"][-1]) for row in conflicts] == [
        ("mail", "p2@acme.example", "mail of p4 (4) in roster:acme"),
        ("no account", "typo in aws", "accounts.csv line 11"),
    ]
    assert len(json.loads(ask("list", "--system", "github", "--format", "json")[1])) == 3
    assert "No account matches." in ask("list", "--system", "gcp")[2]
    assert (
        "there is no system 'gitlab'. Did you mean 'github'?"
        in ask("list", "--system", "gitlab")[2]
    )
    code, _, err = ask("list", "--leavers", "--conflicts")
    assert (code, "name one of" in err) == (2, True)


# -- saved questions about people -----------------------------------------------------------------------


def answered(store: Store, name: str, at: datetime = NOW, **tables: Any) -> list[dict[str, object]]:
    """Rows of a question that is worked out, without its notes."""
    settings = config.parse(tables, None)
    off = {"aws-root-mfa": "root is gone (Ann, 2026-01-01)"} if tables else {}
    with store.reading() as connection:
        rows = list(WORKED[name].answer(Known(connection, settings, REGISTRY, off, at)))
    for row in rows:
        assert set(row) == {"note"} or set(WORKED[name].columns) & set(row), row
    return [row for row in rows if "note" not in row]


def test_who_left_and_has_access(store: Store) -> None:
    leaver = person(1, left_at="2026-01-03T00:00:00.000Z")
    run(store, looks([1, 2], roster__person={"1": leaver}))
    assert answered(store, "leavers-with-access") == []
    rows = answered(store, "leavers-with-access", NOW + timedelta(days=3))
    assert [(row["system"], row["login"], row["left_at"]) for row in rows] == [
        ("aws:111122223333", "a1", "2026-01-03T00:00:00.000Z"),
        ("github:acme", "g1", "2026-01-03T00:00:00.000Z"),
    ]


def test_who_administers(store: Store) -> None:
    owner = member(2, role="ADMIN")
    run(store, looks([1, 2], github__member={"U_2": owner}))
    rows = answered(store, "administrators")
    assert [
        (row["system"], row["login"], row["person"])
        for row in rows
        if row["system"] == "github:acme"
    ] == [("github:acme", "g2", "p2 (2)")]


def test_what_is_switched_off(store: Store) -> None:
    why = {"reason": "root is gone", "owner": "Ann", "date": date(2026, 1, 1)}
    rows = answered(
        store,
        "rules-off",
        rules={"exclude": [{"rule": "aws-root-mfa", **why}]},
        sla={"high": 60, **why},
    )
    assert [(row["rule"], row["effect"], row["owner"], row["date"]) for row in rows] == [
        ("sla", "high = 60", "Ann", "2026-01-01"),
        ("aws-root-mfa", "not judged", "Ann", "2026-01-01"),
    ]
