"""Views of Incident Manager."""

from __future__ import annotations

from soc2_pac.resources import Resource, fact


class ResponsePlan(Resource, frozen=True, kw_only=True, rename="camel"):
    """A response plan; it holds in every Region of the replication set."""

    kind = "aws.ssm_incidents.response_plan"
    name: str
    engagements: list[str] | None = fact("GetResponsePlan")
    """ARNs of the contacts and escalation plans that an incident engages."""
