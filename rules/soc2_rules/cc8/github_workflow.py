"""How builds and deployments are started."""

from __future__ import annotations

import re

from soc2_collectors.github.models.workflow import Content, Job, Unreadable, Workflow
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule

_BY_HAND = {"workflow_dispatch", "repository_dispatch"}
_SECRET = re.compile(r"\$\{\{[^}]*\bsecrets\s*[.\[]\s*'?(?!github_token\b)\w", re.IGNORECASE)
_SHOWN = 5


@rule(
    criteria=["CC8.1"],
    severity=Severity.LOW,
    empty=inconclusive("no repository has workflow files: builds are defined elsewhere, if at all"),
    known_as=["powerpipe:cis_supply_chain_v100_2_3_1", "powerpipe:cis_supply_chain_v100_2_3_5"],
)
def github_pipeline_as_code(workflow: Workflow) -> Verdict:
    """Build steps are versioned files, and what is started by hand goes through an environment.

    A job of a workflow that can be started by hand or by a call needs an environment, whose rules stop it,
    when it gets secrets or may write to anything.

    Why: who may start a workflow by hand chooses the branch and the inputs. With secrets and no environment
        that is a deployment that nobody else looked at.
    Fix: name an environment with reviewers in the job, or take away workflow_dispatch.
    """
    try:
        content = workflow.content()
    except Unreadable as error:
        return inconclusive(f"{workflow.label}: {error}")
    by_hand = sorted(content.triggers & _BY_HAND)
    if not by_hand:
        return passed(f"{workflow.label} is started by events of the repository only")
    loose = [job.name for job in content.jobs if not job.environment and _acts(job, content)]
    if loose:
        return failed(
            f"{workflow.label} is started by {by_hand[0]}, and no environment stops its jobs: "
            f"{', '.join(loose[:_SHOWN])}"
        )
    return passed(f"{workflow.label} is started by {by_hand[0]}, and what it changes is guarded")


def _acts(job: Job, content: Content) -> bool:
    """Whether a job holds what could change something: secrets, or permissions to write."""
    given = job.permissions if job.permissions is not None else content.permissions
    writes = (
        given == "write-all"
        if isinstance(given, str)
        else any(level == "write" for level in (given or {}).values())
    )
    inherits = (
        bool(job.uses) and "inherit" in job.texts.splitlines()
    )  # all secrets, to another workflow
    return writes or inherits or _SECRET.search(job.texts) is not None
