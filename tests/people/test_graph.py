"""The identity graph: who owns which account, by what statement; and that nothing is ever guessed."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_pac.identity import Account, Conflict, Identity, IdentityGraph, Link, Person, Strength

if TYPE_CHECKING:
    import random

GITHUB = "github:acme"


def person(name: str, *mails: str, active: bool = True, **values: Any) -> Person:
    return Person(
        values.pop("id", name),
        name.title(),
        mails or (f"{name}@acme.example",),
        active,
        None,
        "roster:acme",
        **values,
    )


def account(login: str, *mails: str, system: str = GITHUB, **values: Any) -> Account:
    return Account(
        system,
        values.pop("uid", f"U_{login}"),
        login,
        values.pop("name", ""),
        mails,
        values.pop("active", True),
        values.pop("privileged", None),
        values.pop("mfa", None),
        **values,
    )


def saml(login: str, key: str) -> Link:
    return Link(GITHUB, login, key, f"SAML NameID {key}")


def mapped(
    login: str, key: str | None, line: int = 2, system: str = "github", **values: Any
) -> Link:
    return Link(system, login, key, f"mapping.csv line {line}", Strength.MAPPING, **values)


def owners(graph: IdentityGraph) -> dict[str, tuple[str | None, str]]:
    return {
        owned.account.login: (owned.person.id if owned.person else None, owned.reason)
        for owned in graph.accounts
    }


ANN, BOB = person("ann"), person("bob", active=False)


def test_links_in_order_of_strength() -> None:
    accounts = [account(login, "bob@acme.example", uid=login) for login in "abcd"]
    accounts[1] = account("b", "bob@acme.example", uid="b", person="ann")
    links = [saml("c", "ANN@acme.example"), saml("d", "bob"), mapped("D", "ann", 7)]
    graph = IdentityGraph([ANN, BOB, *accounts, *links])
    assert owners(graph) == {
        "a": ("bob", "mail bob@acme.example"),
        "b": ("ann", "github:acme names ann as the owner"),
        "c": ("ann", "SAML NameID ANN@acme.example"),
        "d": ("ann", "mapping.csv line 7"),
    }
    assert {c.about for c in graph.conflicts} == {"overruled"}
    assert [o.account.login for o in graph.of("roster:acme", "ann")] == ["b", "c", "d"]
    assert graph.whose(account("z", "bob@acme.example")).person == BOB
    assert graph.account(GITHUB, "z") is None, "it was only asked about"
    assert graph.unmatched == ()
    assert graph.account(GITHUB, "a") == graph.accounts[0]
    assert graph.account(GITHUB, "z") is None
    assert graph.person("Bob@acme.example") == BOB
    assert graph.person("nobody") is None


def test_a_name_is_no_statement() -> None:
    graph = IdentityGraph([ANN, account("ann.b", name="Ann"), account("ann")])
    assert {reason for _, reason in owners(graph).values()} == {"no statement names an owner"}
    assert len(graph.unmatched) == 2


def test_mails_are_compared_as_they_stand() -> None:
    graph = IdentityGraph(
        [ANN, account("a", "ann+github@acme.example"), account("b", " ANN@ACME.example ")]
    )
    assert owners(graph)["a"] == (
        None,
        "mail ann+github@acme.example is said of nobody who is known",
    )
    assert owners(graph)["b"][0] == "ann"


def test_two_persons_of_one_strength_are_a_conflict() -> None:
    graph = IdentityGraph(
        [ANN, BOB, account("x", "ann@acme.example"), saml("x", "ann"), saml("x", "bob")]
    )
    assert owners(graph)["x"] == (None, "2 persons claim it: SAML NameID ann; SAML NameID bob")
    assert graph.conflicts == (
        Conflict(
            "account",
            "x in github:acme",
            ("Ann (ann)", "Bob (bob)"),
            ("SAML NameID ann", "SAML NameID bob"),
        ),
    )
    assert graph.disputed("roster:acme", "bob") == ("x in github:acme",)
    assert graph.disputed("roster:acme", "zed") == ()


def test_a_mail_of_two_persons_ties_nothing() -> None:
    again = person("ann2", "ann@acme.example", active=False)
    graph = IdentityGraph([ANN, again, account("x", "ann@acme.example")])
    assert owners(graph)["x"] == (None, "mail ann@acme.example is said of 2 persons")
    (conflict,) = graph.conflicts
    assert (conflict.about, conflict.subject) == ("mail", "ann@acme.example")
    assert graph.disputed("roster:acme", "ann2") == ("x in github:acme",)
    solved = IdentityGraph([ANN, again, account("x", "ann@acme.example"), mapped("x", "ann2")])
    assert owners(solved)["x"][0] == "ann2"


def test_what_is_written_down_and_names_nobody_is_not_passed_over() -> None:
    graph = IdentityGraph([ANN, account("x", "ann@acme.example"), mapped("x", "zed", 9)])
    assert owners(graph)["x"] == (None, "mapping.csv line 9 is said of nobody who is known")
    both = IdentityGraph([ANN, account("x"), mapped("x", "zed", 9), mapped("x", "ann", 10)])
    assert owners(both)["x"][0] is None
    opaque = IdentityGraph([ANN, account("x", "ann@acme.example"), saml("x", "G-123")])
    assert owners(opaque)["x"][0] == "ann", "a NameID may be opaque"


def test_a_mapping_says_what_an_account_is() -> None:
    graph = IdentityGraph(
        [
            ANN,
            account("deploy"),
            account("ops", system="aws:1"),
            mapped("deploy", "ann", sort="service", note="releases"),
            mapped("ops", None, 3, "aws:1", sort="shared"),
            mapped("gone", "ann", 4),
        ]
    )
    deploy, ops = (
        next(o for o in graph.accounts if o.account.login == n) for n in ("deploy", "ops")
    )
    assert (deploy.account.sort, deploy.mapped, deploy.note) == ("service", True, "releases")
    assert (ops.account.sort, ops.person, ops.mapped) == ("shared", None, True)
    assert [link.login for link in graph.unused] == ["gone"]


def test_contradicting_sorts_are_a_conflict() -> None:
    lines = [mapped("x", "ann", 2, sort="service"), mapped("x", "ann", 3, sort="person")]
    graph = IdentityGraph([ANN, account("x"), *lines])
    assert graph.accounts[0].account.sort == "person"
    assert graph.conflicts[0].reasons == ("mapping.csv line 2", "mapping.csv line 3")


def test_a_provider_alone_speaks_of_all_its_accounts() -> None:
    accounts = [account("x", system=f"aws:{n}") for n in (1, 2)]
    graph = IdentityGraph(
        [ANN, BOB, *accounts, mapped("x", "ann", 2, "aws"), mapped("x", "bob", 3, "aws:2")]
    )
    assert [o.person and o.person.id for o in graph.accounts] == ["ann", None]


def test_records_of_one_account_are_merged() -> None:
    first = account("x", "x@acme.example", active=None, privileged=True, groups=("admins",))
    second = account(
        "x",
        name="X",
        mfa=False,
        active=False,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        signs_in=False,
        sort="service",
    )
    (owned,) = IdentityGraph([first, second]).accounts
    found = owned.account
    assert (found.active, found.privileged, found.mfa, found.sort) == (
        False,
        True,
        False,
        "service",
    )
    assert (found.name, found.mails, found.groups) == ("X", ("x@acme.example",), ("admins",))
    assert found.signs_in is False
    (torn,) = IdentityGraph(
        [ANN, BOB, account("x", person="ann"), account("x", person="bob")]
    ).accounts
    assert torn.person is None
    (alone,) = IdentityGraph([account("x", active=None)]).accounts
    assert alone.account.active is None, "nobody says"


# -- any evidence at all --------------------------------------------------------------------------------

_names = st.sampled_from(["ann", "bob", "cyd"])
_mails = st.lists(
    st.sampled_from(["ann@x.example", "BOB@x.example", "bob@x.example", "cyd@x.example", " "]),
    max_size=2,
).map(tuple)
_keys = st.sampled_from(["ann", "bob", "cyd", "ann@x.example", "BOB@X.example", "zed"])
_systems = st.sampled_from(["github:acme", "aws:1", "aws:2"])
_persons = st.builds(
    Person,
    _names,
    st.just(""),
    _mails,
    st.booleans(),
    st.none(),
    st.sampled_from(["roster:acme", "roster:acme", "okta:acme"]),
)
_accounts = st.builds(
    Account,
    _systems,
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["x", "Y", "z"]),
    st.just(""),
    _mails,
    st.sampled_from([True, False, None]),
    st.sampled_from([True, False, None]),
    st.sampled_from([True, False, None]),
    st.sampled_from(["person", "service", "shared"]),
    st.none() | _keys,
)
_links = st.builds(
    Link,
    st.one_of(_systems, st.sampled_from(["github", "aws"])),
    st.sampled_from(["X", "y", "z"]),
    st.none() | _keys,
    st.sampled_from(["SAML NameID a", "mapping.csv line 2", "mapping.csv line 3"]),
    st.sampled_from(list(Strength)),
    st.sampled_from([None, "person", "service"]),
)
_evidence = st.lists(st.one_of(_persons, _accounts, _links), max_size=14)


def _told(graph: IdentityGraph) -> tuple[object, ...]:
    return graph.persons, graph.accounts, graph.conflicts, graph.unused


@settings(max_examples=200, deadline=None)
@given(_evidence, st.randoms(use_true_random=False))
def test_the_order_of_the_evidence_does_not_matter(
    evidence: list[Identity], shuffle: random.Random
) -> None:
    shuffled = [*evidence, *evidence[:3]]
    shuffle.shuffle(shuffled)
    assert _told(IdentityGraph(shuffled)) == _told(IdentityGraph(evidence))


@settings(max_examples=200, deadline=None)
@given(_evidence)
def test_an_account_has_one_owner_and_a_statement_that_says_so(evidence: list[Identity]) -> None:
    graph = IdentityGraph(evidence)
    keys = [owned.account.key for owned in graph.accounts]
    assert len(set(keys)) == len(keys)
    assert set(keys) == {item.key for item in evidence if isinstance(item, Account)}
    owned_by = [owned.account.key for p in graph.persons for owned in graph.of(p.source, p.id)]
    for owned in graph.accounts:
        own = [a for a in evidence if isinstance(a, Account) and a.key == owned.account.key]
        if owned.person is None:
            assert owned.account.key not in owned_by
            continue
        spoken = {link.reason for link in evidence if isinstance(link, Link)}
        spoken |= {f"mail {mail}" for a in own for mail in a.mails}
        spoken |= {f"{a.system} names {a.person} as the owner" for a in own if a.person}
        assert owned.reason in spoken
        carried = {text.strip().lower() for text in (owned.person.id, *owned.person.mails)} - {""}
        other = [
            p
            for p in graph.persons
            if p != owned.person and carried & {t.strip().lower() for t in (p.id, *p.mails)}
        ]
        named = [c for c in graph.conflicts if str(owned.person) in c.persons]
        assert not other or named, "somebody else carries the same key, and that is listed"


@settings(max_examples=100, deadline=None)
@given(_evidence)
def test_without_statements_nobody_owns_anything(evidence: list[Identity]) -> None:
    bare = [
        account(a.login, system=a.system, uid=a.uid) if isinstance(a, Account) else a
        for a in evidence
        if not isinstance(a, Link)
    ]
    assert all(owned.person is None for owned in IdentityGraph(bare).accounts)


@pytest.mark.parametrize("size", [20_000])
def test_a_large_company_is_joined_in_seconds(size: int) -> None:
    evidence: list[Identity] = [person(f"p{n}") for n in range(size)]
    evidence += [account(f"g{n}", f"p{n}@acme.example", system="github:acme") for n in range(size)]
    evidence += [account(f"a{n}", system="aws:1") for n in range(size)]
    evidence += [mapped(f"a{n}", f"p{n}", n, "aws") for n in range(size)]
    evidence += [account(f"o{n}", system="okta:acme", person=f"p{n}") for n in range(size)]
    started = time.process_time()
    graph = IdentityGraph(evidence)
    assert time.process_time() - started < 5
    assert graph.unmatched == ()
    assert len(graph.of("roster:acme", "p7")) == 3
