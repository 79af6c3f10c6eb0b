"""What a document proves by itself stays a failure where a joined kind was not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import plugins
from soc2_pac.cases import load_cases, stored
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.cases import Case
    from soc2_pac.evaluate.evidence import Held
    from soc2_pac.model import Scope, Verdict

_POLICIES = "gcp.iam.policy"
RULES = plugins.load().rules


class _Without:
    """Documents of a case, but for one kind, which the provider refused to list."""

    def __init__(self, given: GivenDocuments, refused: str) -> None:
        self._given, self._refused = given, refused

    def looks(self, kind: str) -> Iterable[tuple[Scope, str | None]]:
        for scope, why in self._given.looks(kind):
            yield scope, "denied" if kind == self._refused else why

    def bodies(self, kind: str) -> Iterable[Held]:
        return [] if kind == self._refused else self._given.bodies(kind)


@pytest.mark.parametrize(
    ("rule_id", "name", "refused"),
    [
        ("gcp-alert-channels-live", "no channel", "gcp.monitoring.notification_channel"),
        ("gcp-alert-channels-live", "it is invalid", "gcp.monitoring.notification_channel"),
        ("gcp-bq-not-public", "the list of access names everyone", _POLICIES),
        ("gcp-bq-not-public", "a consumer account", _POLICIES),
        ("gcp-bucket-not-public", "an ACL lets everyone in", _POLICIES),
        ("gcp-bucket-not-public", "prevention is demanded", _POLICIES),
        ("gcp-image-scanning", "not supported there", "gcp.service"),
        ("gcp-no-primitive-roles", "a user is owner", "gcp.project"),
        ("gcp-registry-not-public", "tags move", _POLICIES),
        ("gcp-run-not-public", "nobody is asked", _POLICIES),
        ("gcp-run-not-public", "nothing is said", _POLICIES),
        ("gcp-scc-on", "one that is old", "gcp.securitycenter.service"),
        ("gcp-secrets", "no schedule", _POLICIES),
        ("gcp-secrets", "a year", _POLICIES),
        ("gcp-serverless-not-public", "from everywhere", _POLICIES),
        ("gcp-sod-kms-roles", "both on the key", _POLICIES),
        ("gcp-sod-sa-roles", "one role of Google has both in it", _POLICIES),
    ],
)
def test_a_kind_that_was_refused_hides_no_failure(rule_id: str, name: str, refused: str) -> None:
    case = next(one for one in load_cases(RULES[rule_id]) if one.name == name)
    said = _judged(rule_id, case, case.document(), refused)
    assert said.status is Status.FAIL, said.message


def test_an_owner_is_one_whosoever_the_account_beside_is() -> None:
    rule_id = "gcp-no-primitive-roles"
    case = next(one for one in load_cases(RULES[rule_id]) if one.name == "a user is owner")
    body = case.document()
    other = {"role": "roles/editor", "members": ["serviceAccount:ci@x-y-z.iam.gserviceaccount.com"]}
    body["iamPolicy"]["bindings"].append(other)
    said = _judged(rule_id, case, body, "gcp.project")
    assert said.status is Status.FAIL, said.message
    body["iamPolicy"]["bindings"] = [other]
    assert _judged(rule_id, case, body, "gcp.project").status is Status.INCONCLUSIVE


def _judged(rule_id: str, case: Case, body: dict[str, Any], refused: str) -> Verdict:
    """What a rule says where one of the kinds that it joins was refused."""
    rule = RULES[rule_id]
    assert refused in {kind.kind for kind in rule.joins}
    bodies = {
        kind.kind: [stored(kind, one) for one in case.given.get(kind.kind) or ()]
        for kind in rule.joins
    }
    without = _Without(GivenDocuments(case.scope, bodies), refused)
    return judge(
        rule,
        stored(rule.resource, body),
        now=case.now,
        scope=case.scope,
        evidence=JoinedEvidence(rule, without, list(bodies)).at(case.scope),
        thresholds=rule.settle(case.params()),
    )
