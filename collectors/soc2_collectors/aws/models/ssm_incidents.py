"""Views of Incident Manager."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


class Plan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``GetResponsePlan``, as far as it says whom an incident engages."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "engagements": "the plan engages no contact; Incident Manager API reference, GetResponsePlan",
        "integrations": "the plan uses no other system; Incident Manager API reference, GetResponsePlan",
    }
    engagements: list[str] = []
    """ARNs of contacts and escalation plans."""
    integrations: list[dict[str, Any]] = []
    """Services of PagerDuty in which an incident is opened."""


class ResponsePlan(Resource, frozen=True, kw_only=True, rename="camel"):
    """A response plan; it holds in every Region of the replication set."""

    kind = "aws.ssm_incidents.response_plan"
    name: str
    plan: Plan | list[str] | None = fact("GetResponsePlan")
    """In answers of old the ARNs of the contacts alone."""

    @property
    def engages(self) -> list[str]:
        """Contacts, escalation plans and services of PagerDuty."""
        if not isinstance(self.plan, Plan):
            return [] if self.plan is None else self.plan
        others = [
            f"PagerDuty {one['pagerDutyConfiguration'].get('name', '')}".strip()
            for one in self.plan.integrations
            if isinstance(one.get("pagerDutyConfiguration"), dict)
        ]
        return [*self.plan.engagements, *others]
