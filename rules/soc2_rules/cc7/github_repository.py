"""Whether vulnerabilities in code and dependencies are looked for."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from soc2_collectors.github.models.repository import Repository
from soc2_collectors.github.models.workflow import Unreadable, Workflow
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

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
        return failed(f"the default branch of {repository.full_name} was never analysed")
    when = f"{latest.tool.name} analysed {repository.full_name} on {latest.created_at:%Y-%m-%d}"
    if latest.error:
        return failed(f"{when} with an error")
    due = latest.created_at + timedelta(days=max_age_days)
    if now >= due:
        return failed(f"{when}; another analysis was due on {due:%Y-%m-%d}")
    return passed(when, until=due)


@rule(
    criteria=["CC7.3", "CC7.4"],
    severity=Severity.LOW,
    known_as=[
        "prowler:repository_public_has_securitymd_file",
        "powerpipe:cis_supply_chain_v100_1_2_1",
        "scorecard:Security-Policy",
    ],
)
def github_security_policy(repository: Repository, *, private_reporting: bool = True) -> Verdict:
    """Public repositories say how to report a vulnerability, and take reports in private.

    Why: who finds a flaw and nobody to tell in private tells everybody, or nobody.
    Fix: add SECURITY.md to the organisation's .github repository, which holds for all, and turn on private
        vulnerability reporting: gh api -X PUT /repos/ORG/REPO/private-vulnerability-reporting.
    """
    if repository.archived:
        return not_applicable(_ARCHIVED)
    if repository.visibility != "public":
        return not_applicable(f"{repository.full_name} is {repository.visibility}")
    policy = repository.settings.is_security_policy_enabled
    if policy is None:
        return inconclusive(f"GitHub does not say whether {repository.full_name} has a SECURITY.md")
    missing = [] if policy else ["no SECURITY.md"]
    if private_reporting:
        reporting = repository.private_vulnerability_reporting
        if reporting is None or not reporting.enabled:
            missing.append("no private vulnerability reporting")
    if missing:
        return failed(f"{repository.full_name} has {' and '.join(missing)}")
    return passed(f"{repository.full_name} says how to report a vulnerability")


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.LOW,
    needs=[Workflow],
    known_as=["powerpipe:cis_supply_chain_v100_3_2_3"],
)
def github_iac_and_license_scan(
    repository: Repository,
    evidence: Evidence,
    *,
    iac_languages: tuple[str, ...] = ("HCL", "Bicep", "Jsonnet"),
    iac_scanners: tuple[str, ...] = (
        "checkov",
        "checkov-action",
        "tfsec",
        "tfsec-action",
        "trivy",
        "trivy-action",
        "kics",
        "kics-github-action",
        "terrascan",
        "terrascan-action",
        "snyk iac",
        "cfn-nag",
        "cfn_nag_scan",
        "cfn-guard",
        "conftest test",
        "wizcli iac",
    ),
    license_scanners: tuple[str, ...] = (
        "dependency-review-action",
        "fossa",
        "fossa-action",
        "license-checker",
        "license_finder",
        "licensed status",
        "pip-licenses",
        "go-licenses",
        "cargo-deny",
        "cargo-deny-action",
        "cargo deny",
        "scancode",
        "ort-ci-github-action",
        "snyk",
        "blackduck",
        "whitesource",
    ),
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Workflows scan infrastructure code, and the licences of dependencies.

    A repository whose main language is one of ``iac_languages`` needs one of ``iac_scanners`` in its
    workflows, any other with code one of ``license_scanners``: words of a step, in any case. That a scanner
    is there says nothing of how it is set up. ``exempt`` names repositories that an App scans from outside,
    which leaves nothing in a workflow.

    Why: a network that is open in the code is open once it is deployed, and a licence that forbids the use
        of a library is found by somebody else's lawyer.
    Fix: add a scanner to the repository's workflows, for instance actions/dependency-review-action with
        allowed licences, or bridgecrewio/checkov-action.
    """  # fmt: skip
    if repository.archived:
        return not_applicable(_ARCHIVED)
    if repository.name in exempt:
        return not_applicable(f"{repository.full_name} is exempt")
    if repository.language is None:
        return not_applicable(f"GitHub finds no code in {repository.full_name}")
    infrastructure = repository.language in iac_languages
    names = "|".join(
        re.escape(one) for one in (iac_scanners if infrastructure else license_scanners)
    )
    wanted = re.compile(rf"(?<![\w-])(?:{names})(?![\w-])", re.IGNORECASE)
    what = "infrastructure code" if infrastructure else "licences"
    workflows = evidence.index(Workflow, "repository_name").get(repository.full_name, ())
    unread = ""
    for workflow in workflows:
        try:
            content = workflow.content()
        except Unreadable as error:
            unread = unread or f"{workflow.label}: {error}"
            continue
        for step in content.steps:
            if names and wanted.search(step.said):
                return passed(f"{workflow.label} scans {what}")
    if unread:
        return inconclusive(unread)
    return failed(f"no workflow of {repository.full_name} runs a known scanner of {what}")
