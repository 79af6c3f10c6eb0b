"""Kinds of people, roles, tokens, apps, reviews and the log, over HTTP from the emulated org."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from soc2_collectors.okta.apps import apps
from soc2_collectors.okta.governance import campaigns
from soc2_collectors.okta.identity_providers import identity_providers
from soc2_collectors.okta.log import log_events
from soc2_collectors.okta.models.log import LogEvent, closed_since
from soc2_collectors.okta.models.role import super_admins
from soc2_collectors.okta.permissions import NEEDS
from soc2_collectors.okta.roles import administrators, custom_roles, group_members, groups
from soc2_collectors.okta.tokens import api_tokens
from soc2_collectors.okta.users import users
from soc2_demo.okta import Refusal
from soc2_demo.okta_words import okta_id
from soc2_pac.canonical import canonical
from soc2_pac.collect import redact
from soc2_pac.errors import Denied, FactUnavailable, NotEnabled, ProviderError
from soc2_pac.model import Fact, Period, Scope
from soc2_pac.resources import GAPS, view

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from soc2_pac.model import Document
    from soc2_pac.resources import Collector, Resource

    from .conftest import Source

LISTINGS = {
    users: "/api/v1/users",
    administrators: "/api/v1/iam/assignees/users",
    custom_roles: "/api/v1/iam/roles",
    groups: "/api/v1/groups",
    api_tokens: "/api/v1/api-tokens",
    apps: "/api/v1/apps",
    identity_providers: "/api/v1/idps",
    campaigns: "/governance/api/v1/campaigns",
    log_events: "/api/v1/logs",
}
each = pytest.mark.parametrize("collector", LISTINGS, ids=lambda c: c.kind)


def bodies(
    okta: Source, collector: Collector, *, refused: bool = False, **period: Any
) -> dict[str, dict[str, Any]]:
    """Documents by uid, every fact read; one that was refused is a gap.

    ``refused``: the collection may end with a refusal, after what it had read.
    """
    found: dict[str, dict[str, Any]] = {}
    client = okta.client(*collector.calls)
    given = Period(datetime.now(UTC), **period) if collector.population else None
    for document in _until_refused(collector.documents(client, given), refused=refused):
        body: dict[str, Any] = {}
        for key, value in document.body.items():
            try:
                body[key] = value.call() if isinstance(value, Fact) else value
            except ProviderError as error:
                body.setdefault(GAPS, {})[key] = {"status": "denied", "reason": str(error)}
        assert document.uid not in found
        found[document.uid] = {**body, "$name": document.name}
    return found


def _until_refused(documents: Iterable[Document], *, refused: bool) -> Iterator[Document]:
    try:
        yield from documents
    except Denied:
        if not refused:
            raise


def views(okta: Source, collector: Collector) -> dict[str, Any]:
    """Typed views by uid."""
    found = bodies(okta, collector)
    return {uid: view(collector.resource, canonical(body)) for uid, body in found.items()}


def records(okta: Source, collector: Collector) -> list[Any]:
    """What the emulator lists."""
    listed = okta.emulator.state.answers[LISTINGS[collector]]
    return listed if isinstance(listed, list) else next(v for v in listed.values() if v)


@each
def test_every_record_becomes_a_document_that_its_view_reads(
    okta: Source, collector: Collector
) -> None:
    assert len(views(okta, collector)) >= len(records(okta, collector)) > 0


@each
def test_a_listing_that_is_refused_is_no_empty_listing(okta: Source, collector: Collector) -> None:
    okta.emulator.state.answers[LISTINGS[collector]] = Refusal(403)
    with pytest.raises(Denied) as raised:
        bodies(okta, collector)
    assert NEEDS[f"GET {LISTINGS[collector]}"].scope in str(raised.value.permission)


@each
def test_a_listing_that_is_not_found_is_no_empty_listing(
    okta: Source, collector: Collector
) -> None:
    okta.emulator.state.answers[LISTINGS[collector]] = Refusal(404)
    with pytest.raises(ProviderError):
        bodies(okta, collector)


@each
def test_a_malformed_record_spoils_no_other(okta: Source, collector: Collector) -> None:
    listed = records(okta, collector)
    listed[1:1] = [{"label": "no id"}, "no object at all", None]
    found = bodies(okta, collector)
    odd = {uid: body for uid, body in found.items() if uid.startswith("malformed:")}
    assert len(odd) == 3
    assert len(found) >= len(listed)
    for body in odd.values():
        with pytest.raises(FactUnavailable):
            view(collector.resource, canonical(body))


@each
def test_every_call_says_what_it_needs(okta: Source, collector: Collector) -> None:
    assert set(collector.calls) <= set(NEEDS)


@each
def test_pages_are_followed(okta: Source, collector: Collector) -> None:
    listed = records(okta, collector)
    first = listed[0]
    key = "uuid" if collector is log_events else "id"
    listed += [{**first, key: f"{first[key]}-{number}"} for number in range(450)]
    period = Period(datetime.now(UTC)) if collector.population else None
    assert len(list(collector.documents(okta.client(*collector.calls), period))) >= 450


# -- people -------------------------------------------------------------------------------------------------


def test_the_deactivated_are_listed_too(okta: Source) -> None:
    found = views(okta, users)
    assert {"ACTIVE", "STAGED", "SUSPENDED", "DEPROVISIONED"} <= {u.status for u in found.values()}


def test_who_is_deactivated_between_the_listings_is_one_document(okta: Source) -> None:
    answers = okta.emulator.state.answers
    moved = answers["/api/v1/users"][0]
    answers['/api/v1/users?filter=status eq "DEPROVISIONED"'].append(
        {**moved, "status": "DEPROVISIONED"}
    )
    assert views(okta, users)[moved["id"]].status == "ACTIVE"


def test_factors_are_asked_only_of_those_who_sign_in(okta: Source) -> None:
    found = views(okta, users)
    asked = [r for r in okta.emulator.requests if r[1].endswith("/factors")]
    assert len(asked) == sum(user.signs_in for user in found.values())
    gone = next(user for user in found.values() if user.status == "DEPROVISIONED")
    with pytest.raises(FactUnavailable):
        _ = gone.factors


def test_factors_that_may_not_be_read_are_a_gap(okta: Source) -> None:
    number = okta_id("00u", "ana-kovac")
    okta.emulator.state.answers[f"/api/v1/users/{number}/factors"] = Refusal(403)
    with pytest.raises(FactUnavailable):
        _ = views(okta, users)[number].factors


@pytest.mark.parametrize(
    ("collector", "path", "secret"),
    [
        (users, "credentials", {"password": {"hash": {"value": "s3cret"}}}),
        (users, "credentials", {"recovery_question": {"question": "?", "answer": "s3cret"}}),
        (apps, "credentials", {"oauthClient": {"client_secret": "s3cret"}}),
        (apps, "settings", {"app": {"secretKey": "s3cret"}}),
        (identity_providers, "protocol", {"credentials": {"client": {"client_secret": "s3cret"}}}),
    ],
)
def test_secrets_are_redacted(
    okta: Source, collector: Collector, path: str, secret: dict[str, Any]
) -> None:
    records(okta, collector)[0][path] = secret
    (body,) = [b for b in bodies(okta, collector).values() if b.get(path) == secret]
    assert "s3cret" not in str(redact.redact_paths(body, collector.resource.secret))


# -- roles --------------------------------------------------------------------------------------------------


def test_who_administers_by_a_group_alone_is_an_administrator(okta: Source) -> None:
    listed = okta.emulator.state.answers["/api/v1/iam/assignees/users"]["value"]
    found = views(okta, administrators)
    by_group = {okta_id("00u", login) for login in ("ana-kovac", "david-lindqvist")}
    assert found.keys() == {one["id"] for one in listed} | by_group
    for number in by_group:
        assert found[number].is_super
        assert found[number].user.id == number


def test_who_is_listed_and_in_a_group_is_one_administrator(okta: Source) -> None:
    answers = okta.emulator.state.answers
    number = okta_id("00u", "ana-kovac")
    answers["/api/v1/iam/assignees/users"]["value"].append({"id": number})
    assert number in bodies(okta, administrators)  # which refuses a uid that comes twice


def test_members_of_a_group_whose_role_is_not_in_force_are_no_administrators(okta: Source) -> None:
    answers = okta.emulator.state.answers
    number = okta_id("00g", "Okta administrators")
    (role,) = answers[f"/api/v1/groups/{number}/roles"]
    answers[f"/api/v1/groups/{number}/roles"] = [{**role, "status": "INACTIVE"}]
    assert okta_id("00u", "ana-kovac") not in bodies(okta, administrators)


def test_super_administrators_by_a_group_count(okta: Source) -> None:
    found = super_admins(views(okta, administrators).values(), views(okta, groups).values())
    logins = ("adam-lund", "fatima-haddad", "svc-hr-sync", "ana-kovac", "david-lindqvist")
    assert found.ids == {okta_id("00u", login) for login in logins}
    assert found.hidden == ()


@pytest.mark.parametrize("spelling", ["hasAdminPrivilege", "hasAdminPrivlege"])
def test_roles_are_asked_of_groups_that_may_give_one(okta: Source, spelling: str) -> None:
    for group in okta.emulator.state.answers["/api/v1/groups"]:
        stats = group["_embedded"]["stats"]
        stats[spelling] = stats.pop("hasAdminPrivilege")
    found = views(okta, groups)
    asked = [r[1] for r in okta.emulator.requests if r[1].endswith("/roles")]
    assert len(asked) == 1
    everyone = next(group for group in found.values() if group.everyone)
    assert everyone.held == []
    assert not everyone.makes_super


def test_a_group_without_statistics_is_asked(okta: Source) -> None:
    for group in okta.emulator.state.answers["/api/v1/groups"]:
        del group["_embedded"]
    found = views(okta, groups)
    everyone = next(group for group in found.values() if group.everyone)
    with pytest.raises(FactUnavailable):
        _ = everyone.held


def test_a_group_that_gives_a_role_makes_its_members_privileged(okta: Source) -> None:
    scope = Scope("okta", "acme-robotics.okta.com")
    told = [item for group in views(okta, groups).values() for item in group.identities(scope)]
    assert {(item.uid, item.privileged, item.groups) for item in told} == {
        (okta_id("00u", login), True, ("Okta administrators",))
        for login in ("ana-kovac", "david-lindqvist")
    }


def test_a_group_whose_members_are_hidden_says_nothing(okta: Source) -> None:
    number = okta_id("00g", "Okta administrators")
    okta.emulator.state.answers[f"/api/v1/groups/{number}/users"] = Refusal(403)
    group = views(okta, groups)[number]
    assert group.hides_administrators
    assert list(group.identities(Scope("okta", "acme-robotics.okta.com"))) == []


# -- apps ---------------------------------------------------------------------------------------------------


def test_only_who_got_an_app_alone_is_kept(okta: Source) -> None:
    found = {app.label: app for app in views(okta, apps).values()}
    assert {user.scope for user in found["AWS IAM Identity Center"].users} == {"USER"}
    assert len(found["AWS IAM Identity Center"].users) == 2
    assert found["GitHub"].users == []
    assert found["GitHub"].access_policy_id
    assert found["Okta Admin Console"].of_okta
    assert found["Automation"].client_roles[0].type == "SUPER_ADMIN"
    with pytest.raises(FactUnavailable):
        _ = found["Okta Admin Console"].users


# -- reviews ------------------------------------------------------------------------------------------------


def test_an_org_without_governance_is_not_one_without_campaigns(okta: Source) -> None:
    refusal = Refusal(401, "E0000015", "You do not have permission to access the feature")
    okta.emulator.state.answers[LISTINGS[campaigns]] = refusal
    with pytest.raises(NotEnabled):
        bodies(okta, campaigns)


def test_reviews_of_long_ago_are_not_read(okta: Source) -> None:
    for campaign in records(okta, campaigns):
        campaign["endDate"] = "2020-01-01T00:00:00.000Z"
    found = views(okta, campaigns)
    assert not [r for r in okta.emulator.requests if "/reviews" in r[1]]
    with pytest.raises(FactUnavailable):
        _ = next(iter(found.values())).reviews


# -- the log ------------------------------------------------------------------------------------------------


def _asked(okta: Source) -> list[dict[str, str]]:
    paths = [r[1] for r in okta.emulator.requests if r[1].startswith("/api/v1/logs")]
    return [
        {key: values[0] for key, values in parse_qs(urlsplit(path).query).items()} for path in paths
    ]


def _look(okta: Source, period: Period, **settings: Any) -> list[str]:
    client = okta.client(*log_events.calls, **settings)
    return [document.uid for document in log_events.documents(client, period)]


def test_the_first_look_reads_the_whole_window(okta: Source) -> None:
    period = Period(datetime.now(UTC))
    found = _look(okta, period, log_since_days=30)
    queries = _asked(okta)
    assert period.total == len(found) == len(set(found)) > 0
    for asked in queries:
        since = datetime.fromisoformat(asked["since"])
        assert abs(period.began - timedelta(days=30) - since) < timedelta(seconds=1)
        assert asked["until"]
        assert asked["limit"] == "1000"
        assert "evaluate_sign_on" not in asked["filter"]
    assert sum('eventType sw "policy.rule."' in asked["filter"] for asked in queries) == 1
    assert max(len(asked["filter"]) for asked in queries) < 2500


def test_a_later_look_reads_what_is_new_and_a_little_more(okta: Source) -> None:
    first = Period(datetime.now(UTC) - timedelta(days=1))
    _look(okta, first)
    okta.emulator.requests.clear()
    second = Period(datetime.now(UTC), first.cursor)
    _look(okta, second)
    for asked in _asked(okta):
        since = datetime.fromisoformat(asked["since"])
        assert timedelta(hours=1) < first.began - since < timedelta(hours=3)
    assert second.parameters["from"] == first.parameters["from"]
    assert second.cursor["from"] == first.cursor["from"]


def test_what_changes_nothing_is_no_part_of_the_population(okta: Source) -> None:
    events = okta.emulator.state.answers["/api/v1/logs"]
    noise = {**events[0], "uuid": "noise", "eventType": "policy.rule.action.execute"}
    period = Period(datetime.now(UTC))
    before = _look(okta, period)
    events.append(noise)
    assert _look(okta, Period(datetime.now(UTC))) == before


def test_a_look_that_breaks_off_says_so(okta: Source) -> None:
    okta.emulator.state.answers["/api/v1/logs"] = Refusal(403)
    period = Period(datetime.now(UTC))
    with pytest.raises(Denied):
        _look(okta, period)
    assert period.total is None
    assert period.parameters["query"]


def test_views_of_the_log_say_who_left(okta: Source) -> None:
    left = {event.access_of for event in views(okta, log_events).values() if event.takes_access}
    assert okta_id("00u", "kenji-mori") in left
    changed = [e for e in views(okta, log_events).values() if e.changes_administration]
    assert {event.event_type for event in changed} >= {"policy.rule.update"}


def _event(sort: str, day: int, result: str = "SUCCESS") -> LogEvent:
    return view(
        LogEvent,
        canonical(
            {
                "uuid": f"{sort}{day}",
                "published": f"2026-01-{day:02}T12:00:00.000Z",
                "eventType": f"user.lifecycle.{sort}",
                "actor": {"id": "00u9", "type": "User"},
                "outcome": {"result": result},
                "target": [{"id": "00u1", "type": "User"}],
            }
        ),
    )


@pytest.mark.parametrize(
    ("events", "day"),
    [
        ([], None),
        ([("deactivate", 5)], 5),
        ([("deactivate", 9), ("suspend", 5)], 5),
        ([("suspend", 5), ("unsuspend", 6)], None),
        ([("suspend", 5), ("unsuspend", 6), ("deactivate", 8)], 8),
    ],
)
def test_access_ends_with_the_first_event_that_nothing_undid(
    events: list[tuple[str, int]], day: int | None
) -> None:
    found = closed_since(_event(*event) for event in events)
    assert (found and found.day) == day


def test_an_event_that_was_refused_ends_nothing() -> None:
    assert closed_since([_event("deactivate", 5, "FAILURE")]) is None


def test_kinds_say_what_they_are(okta: Source) -> None:
    kinds: list[type[Resource]] = [collector.resource for collector in LISTINGS]
    assert all(kind.kind.startswith("okta.") for kind in kinds)


def test_group_members_are_read_of_every_group_but_the_one_of_everybody(okta: Source) -> None:
    named = {group["id"]: group["type"] for group in okta.emulator.state.answers["/api/v1/groups"]}
    found = views(okta, group_members)
    assert set(found) == {uid for uid, sort in named.items() if sort != "BUILT_IN"} != set(named)
    assert all(one.members for one in found.values())
