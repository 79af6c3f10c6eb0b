"""AWS Organizations: one trail for all accounts."""

from __future__ import annotations

from soc2_collectors.aws.models.cloudtrail import Trail
from soc2_collectors.aws.models.organizations import Membership
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(criteria=["CC7.2"], severity=Severity.MEDIUM, needs=[Trail])
def aws_org_trail(membership: Membership, evidence: Evidence) -> Verdict:
    """The organisation's trail records every member account.

    Judged in each account, by the organisation's trail as that account sees it.

    Why: a trail of the organisation goes on when an account's own administrators stop theirs.
    Fix: aws cloudtrail create-trail --is-organization-trail --is-multi-region-trail in the management
        account.
    """
    if membership.organization is None:
        return not_applicable("in no organisation")
    trails = [trail for trail in evidence.account(Trail) if trail.is_organization_trail]
    if not trails:
        return failed("no trail of the organisation reaches it")
    every_region = [trail for trail in trails if trail.is_multi_region_trail]
    if not every_region:
        return failed(f"{trails[0].name} records one Region only")
    if not any(trail.status.is_logging for trail in every_region):
        return failed(f"{every_region[0].name} is not logging")
    recording = {"read", "write"} - set().union(
        *(trail.selectors.management_sides for trail in every_region if trail.status.is_logging)
    )
    if recording:
        return failed(
            f"not recorded: management events of the sort {' and '.join(sorted(recording))}"
        )
    names = sorted({trail.name for trail in every_region if trail.status.is_logging})
    return passed(f"recorded by {', '.join(names)}")
