"""Access Analyzer: who outside reaches what."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.accessanalyzer import Analyzer, ExternalAccess
from soc2_collectors.aws.models.eventbridge import EventBus
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.aws_organizations import (
    ADMINISTRATORS,
    administrators,
    organization_of,
)


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    needs=[Analyzer, EventBus, *ADMINISTRATORS],
    known_as=[
        "prowler:accessanalyzer_enabled",
        "powerpipe:iam_access_analyzer_enabled",
    ],
)
def aws_external_access_analyzer(bus: EventBus, evidence: Evidence) -> Verdict:
    """An analyzer of access from outside works in every Region, the account's or the organisation's.

    The organisation's stands in its management account or in a delegated administrator's, and is told to that account
    alone, which must be a source, too.

    Why: what is shared with strangers is seen only by who reads every policy, every day.
    Fix: aws accessanalyzer create-analyzer --analyzer-name NAME --type ACCOUNT in the Region, or --type
        ORGANIZATION in the delegated administrator's account.
    """
    account = bus.place[0]
    own = [item for item in evidence.here(Analyzer) if item.external and item.account == account]
    if own:
        return passed(_names(own), on=own)
    above = [
        item
        for item in evidence.everywhere(Analyzer)
        if item.external and item.type == "ORGANIZATION" and item.region == bus.region
    ]
    mine = organization_of(account, evidence)
    theirs = {item.account: organization_of(item.account, evidence) for item in above}
    if good := [item for item in above if mine and theirs[item.account] == mine]:
        return passed(f"the organisation's {_names(good)}", on=good)
    if above and mine != "" and (mine is None or None in theirs.values()):
        return inconclusive(
            f"whether {_names(above)} is of this account's organisation is not known"
        )
    elsewhere = set(administrators(account, "access-analyzer.amazonaws.com", evidence)) - {account}
    read = {one.place for one in evidence.everywhere(EventBus)} if elsewhere else set()
    if unread := sorted(one for one in elsewhere if (one, bus.region) not in read):
        return inconclusive(
            "no analyzer of its own; whether the organisation has one is not known: account"
            f" {', '.join(unread)} was not read in {bus.region}"
        )
    others = f"; {_names(above)} is of another organisation" if above else ""
    return failed(f"no analyzer of access from outside{others}")


def _names(analyzers: list[Analyzer]) -> str:
    return ", ".join(sorted(item.name for item in analyzers))


@rule(
    criteria=["CC6.3", "CC6.6", "CC7.3"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:accessanalyzer_enabled_without_findings",
        "powerpipe:iam_access_analyzer_enabled_without_findings",
    ],
)
def aws_external_access_findings(
    finding: ExternalAccess, now: datetime, *, days: int = 30
) -> Verdict:
    """Access from outside is taken away or archived as intended, in time.

    What an archive rule archives by itself is archived as intended, and is not asked about.

    Why: a finding that nobody answers is a door that nobody meant to leave open.
    Fix: change the policy, or aws accessanalyzer update-findings --analyzer-arn ANALYZER --ids FINDING --status
        ARCHIVED where the access is meant.
    """
    if finding.status in ("ARCHIVED", "RESOLVED"):
        return not_applicable(finding.status.lower())
    if finding.status != "ACTIVE":
        return inconclusive(f"what the status {finding.status} is is not known")
    if finding.error:
        what = finding.resource_type or "a resource"
        return inconclusive(f"who reaches {what} is not known: {finding.error}")
    due = days_after(finding.created_at, days)
    told = f"{finding.resource_type or 'a resource'}, since {finding.created_at:%Y-%m-%d}"
    if now < due:
        return passed(f"{told}, due {due:%Y-%m-%d}", until=due)
    return failed(f"{told}, was due {due:%Y-%m-%d}")
