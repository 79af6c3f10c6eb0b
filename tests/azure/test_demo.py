"""The emulated company in Azure: what it got wrong is found, and nothing in it cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from soc2_pac.demo.azure_company import PRODUCTION, SANDBOX, acme_robotics
from soc2_pac.demo.azure_estate import PLANTED
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Status

from .test_faults import records
from .walk import KINDS, REGISTRY, look

if TYPE_CHECKING:
    from soc2_pac.demo.company import Planted

    from .conftest import Source

NOW = datetime.now(UTC)
OF_SUBSCRIPTIONS = [kind for kind, one in KINDS.items() if one.per == "subscription"]


@pytest.mark.parametrize("subscription", [PRODUCTION, SANDBOX], ids=["production", "sandbox"])
@pytest.mark.parametrize("kind", OF_SUBSCRIPTIONS)
def test_every_kind_is_read(azure: Source, kind: str, subscription: str) -> None:
    result = look(azure, kind, subscription)
    assert (result.status, result.reason, result.gaps) == (S.COMPLETE, "", 0)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: f"{one.rule}: {one.resource}")
def test_what_is_planted_is_found(azure: Source, planted: Planted) -> None:
    rule = REGISTRY.rules[planted.rule]
    result = look(azure, rule.kind)
    (record,) = [one for one in records(result) if one.name == planted.resource]
    verdict = judge(rule, record.body, now=NOW, scope=result.unit.scope)
    assert verdict.status is Status.FAIL, verdict.message


def test_the_company_is_the_same_on_any_day() -> None:
    then = datetime(2026, 1, 1, tzinfo=UTC)
    assert acme_robotics(then) == acme_robotics(then)
    assert acme_robotics(then).tables == acme_robotics(NOW).tables
