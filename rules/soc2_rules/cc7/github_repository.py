"""Whether vulnerabilities in code and dependencies are looked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.github.models.repository import Repository
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule

_ARCHIVED = "the repository is archived: nobody can change it"


@rule(
    criteria=["CC7.1", "CC6.8"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:repository_dependency_scanning_enabled",
        "powerpipe:cis_supply_chain_v100_3_2_2",
        "scorecard:Dependency-Update-Tool",
        "scorecard:Vulnerabilities",
    ],
)
def github_dependabot_on(repository: Repository, *, security_updates: bool = True) -> Verdict:
    """Vulnerable dependencies are reported and updates proposed.

    Why: most of a program is other people's code, and its flaws are published with instructions.
    Fix: gh api -X PUT /repos/ORG/REPO/vulnerability-alerts and .../automated-security-fixes.
    """
    if repository.archived:
        return not_applicable(_ARCHIVED)
    if repository.vulnerability_alerts is None:
        return failed(f"dependency alerts are off for {repository.full_name}")
    if security_updates:
        fixes = repository.automated_security_fixes
        if fixes is None or not fixes.enabled:
            return failed(f"security updates are off for {repository.full_name}")
        if fixes.paused:
            return failed(f"security updates are paused for {repository.full_name}")
    return passed(f"dependency alerts are on for {repository.full_name}")


@rule(
    criteria=["CC7.1", "CC6.8", "CC8.1"],
    severity=Severity.HIGH,
    known_as=["powerpipe:cis_supply_chain_v100_2_3_7", "scorecard:SAST"],
)
def github_code_scanning(
    repository: Repository, now: datetime, *, max_age_days: int = 14, exempt: tuple[str, ...] = ()
) -> Verdict:
    """The default branch is analysed for vulnerable code.

    ``exempt`` names repositories that hold nothing to analyse.

    Why: an analysis that nobody notices to have stopped finds nothing, and looks like clean code.
    Fix: gh api -X PATCH /repos/ORG/REPO/code-scanning/default-setup -f state=configured, or repair
        the
        workflow that uploads the analysis.
    """
    if repository.archived:
        return not_applicable(_ARCHIVED)
    if repository.name in exempt:
        return not_applicable(f"{repository.full_name} is exempt")
    latest = repository.code_scanning_latest_analysis
    if latest is None:
        setup = repository.code_scanning_default_setup
        ready = (
            " though the default setup is configured"
            if setup and setup.state == "configured"
            else ""
        )
        return failed(f"the default branch of {repository.full_name} was never analysed{ready}")
    when = f"{latest.tool.name} analysed {repository.full_name} on {latest.created_at:%Y-%m-%d}"
    if latest.error:
        return failed(f"{when} with an error")
    due = latest.created_at + timedelta(days=max_age_days)
    if now >= due:
        return failed(f"{when}; another analysis was due on {due:%Y-%m-%d}")
    return passed(when, until=due)
