"""AWS Artifact: what the provider itself was audited for."""

from __future__ import annotations

import re
from datetime import datetime

from soc2_collectors.aws.models.artifact import Report
from soc2_collectors.aws.models.iam import AccountSummary
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule


@rule(criteria=["CC6.4"], severity=Severity.LOW, needs=[Report])
def aws_csp_soc_report(
    account: AccountSummary, evidence: Evidence, now: datetime, *, max_age_days: int = 365
) -> Verdict:
    """A current SOC 2 report of AWS is on offer to the account.

    Physical security is inherited from the provider, and this report is the evidence for it. That somebody
    obtained and read it is for people to say.

    Why: without a report of the period the physical half of access is not shown by anybody.
    Fix: open AWS Artifact, accept the agreement, and file the newest SOC 2 report and its bridge letter.
    """
    del account  # one verdict an account
    found = [
        report
        for report in evidence.account(Report)
        if report.state == "PUBLISHED" and _soc2(report) and _of_aws(report)
    ]
    published = [report for report in found if report.upload_state in (None, "COMPLETE")]
    if not published:
        without = "; ".join(f"the document of {one.name} is {one.upload_state}" for one in found)
        return failed(f"no SOC 2 report of AWS is on offer{'; ' if without else ''}{without}")
    dated = [(report.period_end, report.name) for report in published if report.period_end]
    if not dated:
        return inconclusive("AWS does not say for which period its SOC 2 report is")
    end, name = max(dated)
    due = days_after(end, max_age_days)
    told = f"{name}, for a period that ended on {end:%Y-%m-%d}"
    if now < due:
        return passed(told, until=due)
    return failed(f"{told}, over {max_age_days} days before {due:%Y-%m-%d}")


def _soc2(report: Report) -> bool:
    # "Service Organization Controls (SOC) 2 Report", "SOC-2": what stands between the letters and the number varies.
    return _SOC2.search(f"{report.name} {report.series}") is not None


_SOC2 = re.compile(r"\bSOC\W*2\b", re.IGNORECASE)
_AWS = re.compile(r"(amazon|aws)\b.*", re.IGNORECASE)


def _of_aws(report: Report) -> bool:
    """Marketplace vendors offer theirs in the same list, under a company name."""
    return not report.company_name or _AWS.fullmatch(report.company_name.strip()) is not None
