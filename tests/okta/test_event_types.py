"""Which types of events of the System Log change how the org is set up: every one is decided.

``event_types.tsv`` holds Okta's catalogue of August 2026 and our decision on each of its types. A type that
comes or goes is decided there by hand; the views choose by families, so that a new type of a family counts.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from soc2_collectors.okta.log import _queries
from soc2_collectors.okta.models.event_types import (
    FAMILIES,
    OTHERS,
    SINGLE,
    changes_administration,
)
from soc2_collectors.okta.models.log import CREATING, DELETING, LEAVING, RETURNING

OF_ACCOUNTS = {*CREATING, *DELETING, *LEAVING, *RETURNING}

with (Path(__file__).parent / "event_types.tsv").open(encoding="utf-8", newline="") as file:
    DECIDED = {row["event_type"]: row["decision"] for row in csv.DictReader(file, delimiter="\t")}


def test_every_type_of_the_catalogue_is_decided_as_the_table_says() -> None:
    wrong = [
        name
        for name, decision in DECIDED.items()
        if changes_administration(name) != (decision == "change")
    ]
    assert wrong == []


def test_every_name_is_one_of_the_catalogue() -> None:
    assert {*SINGLE, *OTHERS, *OF_ACCOUNTS} - set(DECIDED) == set()
    assert [family for family in FAMILIES if not any(n.startswith(family) for n in DECIDED)] == []


def test_no_type_is_asked_for_twice() -> None:
    assert not [name for name in SINGLE if name.startswith(FAMILIES)]
    assert not [
        one for one in FAMILIES for other in FAMILIES if one != other and one.startswith(other)
    ]
    assert not [name for name in OF_ACCOUNTS if name.startswith(FAMILIES) or name in SINGLE]


@pytest.mark.parametrize(
    "event_type",
    [
        "app.oauth2.admin.consent.grant",
        "app.oauth2.client.lifecycle.update",
        "app.oauth2.client.privilege.grant",
        "app.oauth2.credentials.lifecycle.create",
        "app.policy.sign_on.update",
        "device.assurance.policy.delete",
        "event_hook.deactivated",
        "integration.api_service.lifecycle.authorize",
        "policy.mapping.create",
        "security.behavior.settings.delete",
        "security.trusted_origin.create",
        "system.feature.disable",
        "system.idp.key.update",
        "system.log_stream.lifecycle.deactivate",
        "user.session.impersonation.grant",
        "iam.role.something_of_tomorrow",
    ],
)
def test_what_changes_configuration_or_rights_counts(event_type: str) -> None:
    assert changes_administration(event_type)


@pytest.mark.parametrize(
    "event_type",
    [
        "application.policy.sign_on.deny_access",
        "event_hook.delivery",
        "group.user_membership.add",
        "policy.evaluate_sign_on",
        "policy.rule.action.execute",
        "support.org.view",
        "system.api_token.request_outside_allowed_range",
        "user.session.start",
    ],
)
def test_what_happens_every_day_does_not(event_type: str) -> None:
    assert not changes_administration(event_type)


def _asked(event_type: str, query: str) -> bool:
    terms = [term.removeprefix("eventType ").split(" ", 1) for term in query.split(" or ")]
    return any(
        event_type.startswith(text.strip('"')) if how == "sw" else event_type == text.strip('"')
        for how, text in terms
    )


def test_the_filters_ask_for_all_of_it_each_once() -> None:
    queries = list(_queries())
    wanted = {name for name in DECIDED if changes_administration(name)} | OF_ACCOUNTS
    asked = {name: sum(_asked(name, query) for query in queries) for name in DECIDED}
    assert {name for name, times in asked.items() if times} == wanted | OTHERS
    assert set(asked.values()) <= {0, 1}


def test_an_import_gives_access_back() -> None:
    assert "system.import.user.unsuspend" in RETURNING
