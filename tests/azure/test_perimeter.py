"""Network security perimeters, against the table of Microsoft's "Transition to a network security perimeter".

Of each pair of ``publicNetworkAccess`` and access mode the table says whose rules let in: the resource's own, the
perimeter's, both or nobody's.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from soc2_pac import plugins
from soc2_pac.cases import load_cases
from soc2_pac.model import Status
from soc2_pac.testing import judge_document

RULES = {
    rule: plugins.load().rules[rule]
    for rule in (
        "azure-cosmos-network",
        "azure-kv-access",
        "azure-sql-no-any-ip",
        "azure-storage-network",
    )
}
OPEN: dict[str, dict[str, Any]] = {
    "azure-cosmos-network": {"ipRules": []},
    "azure-kv-access": {"networkAcls": {"defaultAction": "Allow"}},
    "azure-sql-no-any-ip": {},
    "azure-storage-network": {"networkAcls": {"defaultAction": "Allow"}},
}
"""What opens each to the internet by itself; a SQL server has rules beside its properties."""
EVERYBODY = {"startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255"}
BOTH, OWN, PERIMETER, NOBODY = ("own", "perimeter"), ("own",), ("perimeter",), ()
TABLE = {
    (None, None): OWN,
    ("Enabled", None): OWN,
    ("Disabled", None): NOBODY,
    ("SecuredByPerimeter", None): NOBODY,
    (None, "Learning"): BOTH,
    ("Enabled", "Learning"): BOTH,
    ("Enabled", "Audit"): BOTH,
    ("Disabled", "Learning"): PERIMETER,
    ("SecuredByPerimeter", "Learning"): PERIMETER,
    ("Enabled", "Enforced"): PERIMETER,
    ("Disabled", "Enforced"): PERIMETER,
    ("disabled", "enforced"): PERIMETER,
    ("SecuredByPerimeter", "Enforced"): PERIMETER,
}
TOGETHER = [
    (*asked, own, perimeter)
    for asked, own, perimeter in product(TABLE, (False, True), (False, True))
    if asked[1] is not None or not perimeter
]


def association(mode: str, *ranges: str, state: str = "Succeeded") -> dict[str, Any]:
    rule = {"name": "in", "properties": {"direction": "Inbound", "addressPrefixes": list(ranges)}}
    return {
        "properties": {
            "provisioningState": state,
            "resourceAssociation": {"accessMode": mode},
            "profile": {"accessRules": [rule] if ranges else []},
        }
    }


def document(
    rule: str, access: str | None, associations: list[dict[str, Any]], *, own: bool
) -> dict[str, Any]:
    body = load_cases(RULES[rule])[0].document()
    body["properties"] = {**body["properties"], **(OPEN[rule] if own else {})}
    if own and "firewallRules" in body:
        body["firewallRules"] = [{"name": "all", "properties": EVERYBODY}]
    if access is None:
        body["properties"].pop("publicNetworkAccess")
    else:
        body["properties"]["publicNetworkAccess"] = access
    return {**body, "networkSecurityPerimeterConfigurations": associations}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("access", "mode", "own", "perimeter"), TOGETHER)
def test_who_lets_in(
    rule: str,
    access: str | None,
    mode: str | None,
    own: bool,  # noqa: FBT001
    perimeter: bool,  # noqa: FBT001
) -> None:
    range_ = "0.0.0.0/0" if perimeter else "192.0.2.0/24"
    associations = [association(mode, range_)] if mode else []
    said = judge_document(RULES[rule], document(rule, access, associations, own=own))
    who = TABLE[access, mode]
    is_open = (own and "own" in who) or (perimeter and "perimeter" in who)
    assert said.status is (Status.FAIL if is_open else Status.PASS), said.message


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("state", ["Accepted", "Failed", "Deleting", "Canceled"])
def test_rules_that_may_not_be_in_force_prove_nothing(rule: str, state: str) -> None:
    alone = document(rule, "Enabled", [association("Enforced", state=state)], own=True)
    beside = document(rule, "Enabled", [association("Learning", state=state)], own=False)
    for one in (alone, beside):
        said = judge_document(RULES[rule], one)
        assert said.status is Status.INCONCLUSIVE
        assert state in said.message


@pytest.mark.parametrize("rule", RULES)
def test_what_is_open_by_itself_is_open_whatever_state_a_perimeter_beside_it_has(rule: str) -> None:
    body = document(rule, "Enabled", [association("Learning", state="Failed")], own=True)
    assert judge_document(RULES[rule], body).status is Status.FAIL


def test_private_endpoints_alone_let_in_no_member_of_a_perimeter() -> None:
    rule, asked = RULES["azure-kv-access"], {"private_only": True}
    body = document("azure-kv-access", "Disabled", [], own=False)
    endpoint = {"privateLinkServiceConnectionState": {"status": "Approved"}}
    body["properties"]["privateEndpointConnections"] = [{"properties": endpoint}]
    assert judge_document(rule, body, thresholds=asked).status is Status.PASS
    body["networkSecurityPerimeterConfigurations"] = [association("Learning")]
    said = judge_document(rule, body, thresholds=asked)
    assert said.status is Status.FAIL
    assert "perimeter" in said.message


def test_a_firewall_and_a_perimeter_count_together() -> None:
    rule, asked = RULES["azure-sql-no-any-ip"], {"max_addresses": 300}
    body = document(
        "azure-sql-no-any-ip", "Enabled", [association("Learning", "198.18.1.0/24")], own=False
    )
    ends = {"startIpAddress": "198.18.0.0", "endIpAddress": "198.18.0.255"}
    body["firewallRules"] = [{"name": "a", "properties": ends}]
    assert judge_document(rule, body, thresholds=asked).status is Status.FAIL
    body["networkSecurityPerimeterConfigurations"] = []
    assert judge_document(rule, body, thresholds=asked).status is Status.PASS
