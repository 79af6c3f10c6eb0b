"""What workflow files let strangers do, and how builds and deployments start."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from soc2_collectors.github.models.action import LocalAction
from soc2_collectors.github.models.expression import condition, embedded
from soc2_collectors.github.models.organization import Organization
from soc2_collectors.github.models.repository import Environment
from soc2_collectors.github.models.strangers import admitted
from soc2_collectors.github.models.workflow import Content, Job, Unreadable, Workflow
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import (
    Scope,
    Severity,
    Status,
    Verdict,
    failed,
    inconclusive,
    not_applicable,
    passed,
)
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import github_workflow as strangers
from soc2_rules.mechanisms import github_workflow_rights as rights
from soc2_rules.mechanisms.github_actions import local_actions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_rules.mechanisms.github_workflow import Remark
    from soc2_rules.mechanisms.github_workflow_rights import Uses

_SHOWN = 5


@rule(
    criteria=["CC6.8", "CC8.1"],
    severity=Severity.HIGH,
    needs=[Organization, LocalAction],
    empty=not_applicable("no repository has workflow files"),
    known_as=[
        "prowler:githubactions_workflow_security_scan",
        "powerpipe:cis_supply_chain_v100_2_4_2",
        "powerpipe:cis_supply_chain_v100_3_1_7",
        "powerpipe:cis_supply_chain_v100_2_3_8",
        "scorecard:Dangerous-Workflow",
        "scorecard:Pinned-Dependencies",
        "scorecard:Token-Permissions",
    ],
)
def github_workflow_hardening(
    workflow: Workflow,
    scope: Scope,
    evidence: Evidence,
    *,
    pinned: bool = True,
    trusted_owners: tuple[str, ...] = ("actions", "github"),
) -> Verdict:
    """Workflows run no text and no code of strangers, and what they run is named by its commit or digest.

    A stranger is whoever has no write access. Asked is: whether a text that strangers choose becomes part of
    a script, directly, through ``env``, a matrix or a job's output; whether a workflow that strangers start
    and that runs with the repository's rights checks out their code or runs files that they left; whether
    its token may write everything (named in the file, or as the organisation's default); whether every secret
    goes to another owner's workflow; whether a public repository runs strangers' pull requests on a
    self-hosted runner; whether actions, reusable workflows and container images are named by a commit or a
    digest. What the file alone does not answer is inconclusive, such as the output of a step in a script that
    strangers start. Conditions that keep forks out are understood. Composite actions of the repository itself
    (``./path``) are read as parts of the workflow; programs of its own are not, nor what their images are built
    of. ``trusted_owners`` names owners whose actions and images may be named by a tag;
    the organisation's own may always: the verdict lists what is exempt for that.

    Why: an issue's title that stands in a script is a program, run with the workflow's token. On
        pull_request_target a stranger's code gets the repository's secrets. A tag can be moved to another
        program at any time.
    Fix: give event texts to scripts through env; do not check out the head of a pull request on privileged
        triggers; write uses: owner/action@COMMIT and image: NAME@sha256:DIGEST; name permissions one by one.
    """
    said = _hardened(workflow, scope.account, evidence, trusted_owners, pinned=pinned)
    return _unless_off(workflow, said)


def _unless_off(workflow: Workflow, said: Verdict) -> Verdict:
    """What is said of a workflow; of one that nothing starts, that nothing is asked of it.

    One that others call may be run by them all the same: it is asked.
    """
    if said.status not in (Status.FAIL, Status.INCONCLUSIVE):
        return said
    try:
        off = (workflow.state or "").startswith("disabled_")
        called = off and "workflow_call" in workflow.content().triggers
    except (FactUnavailable, Unreadable):
        return said
    if not off or called:
        return said
    return not_applicable(f"{workflow.label} is switched off ({workflow.state})")


def _hardened(
    workflow: Workflow,
    account: str,
    evidence: Evidence,
    trusted_owners: tuple[str, ...],
    *,
    pinned: bool,
) -> Verdict:
    """Whether a workflow runs nothing of strangers, and names what it runs."""
    try:
        content = workflow.content()
    except Unreadable as error:
        return inconclusive(f"{workflow.label}: {error}")
    owners = {account.lower(), *(owner.lower() for owner in trusted_owners)}
    actions, unread, lost = local_actions(workflow, content, evidence)
    used = rights.uses(content, owners, actions)
    remarks = [
        *strangers.injections(content, actions),
        *strangers.foreign_code(content, actions),
        *rights.tokens(content),
        *rights.secrets_given(content, owners),
        *rights.old_commands(content),
        *rights.runners(content, workflow.repository),
        *(used.loose if pinned else ()),
        *strangers.handed_over(content, actions),
        *(
            strangers.doubt(f"{one} is not read{unread.get(one, '')}")
            for one in (used.local if pinned else ())
        ),
    ]
    problems = _texts(one for one in remarks if one.proven)
    doubts = _texts(one for one in remarks if not one.proven)
    if problems:
        return failed(f"{workflow.label}: {_some(problems)}")
    by_default = rights.by_default(content)
    loose = _default_writes(evidence) if by_default else []
    if loose:
        return failed(
            f"{workflow.label}: job '{by_default[0]}' names no permissions, and by default the "
            "organisation's tokens write",
            on=loose,
        )
    lost.demand_all()
    if not content.triggers:
        return inconclusive(f"{workflow.label} names no event that starts it")
    if doubts:
        return inconclusive(f"{workflow.label}: {_some(doubts)}")
    return passed(
        f"{workflow.label}: no text and no code of strangers is run; {_named(used, pinned)}"
    )


def _texts(remarks: Iterable[Remark]) -> list[str]:
    return list(dict.fromkeys(one.text for one in remarks))


def _some(texts: list[str]) -> str:
    more = f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return f"{'; '.join(texts[:_SHOWN])}{more}"


def _named(used: Uses, pinned: bool) -> str:  # noqa: FBT001 - a threshold
    if not pinned:
        return "how actions are named is not asked"
    every = len(used.fixed) + len(used.exempt)
    said = f"{len(used.fixed)} of {every} actions and images are named by commit or digest"
    if used.exempt:
        said += f", exempt by their owner are {', '.join(used.exempt[:_SHOWN])}"
    return said


_BY_HAND = {"workflow_dispatch", "repository_dispatch"}
_SECRET = re.compile(r"\bsecrets\b(?!\s*(?:\.\s*|\[\s*')github_token\b)", re.IGNORECASE)


@rule(
    criteria=["CC8.1"],
    severity=Severity.LOW,
    needs=[Organization, Environment],
    empty=inconclusive("no repository has workflow files: builds are defined elsewhere, if at all"),
    known_as=["powerpipe:cis_supply_chain_v100_2_3_1", "powerpipe:cis_supply_chain_v100_2_3_5"],
)
def github_pipeline_as_code(workflow: Workflow, evidence: Evidence) -> Verdict:
    """Build steps are versioned files, and what is started by hand waits for a reviewer.

    A job of a workflow that can be started by hand or by a call needs an environment with required reviewers,
    where nobody approves their own deployment, when it gets secrets or may write to anything, unless its condition
    on ``github.event_name`` leaves such a start out. What a reusable workflow does with what it gets is not read,
    nor whether administrators bypass the environment: github-prod-environment-reviewers asks that. A workflow that
    is switched off is not asked.

    Why: who may start a workflow by hand chooses the branch and the inputs. With secrets and no environment
        that is a deployment that nobody else looked at.
    Fix: name an environment with reviewers in the job, or take away workflow_dispatch.
    """
    return _unless_off(workflow, _by_files(workflow, evidence))


def _by_files(workflow: Workflow, evidence: Evidence) -> Verdict:
    """Whether what is started by hand waits for a reviewer."""
    try:
        content = workflow.content()
    except Unreadable as error:
        return inconclusive(f"{workflow.label}: {error}")
    if not content.triggers:
        return inconclusive(f"{workflow.label} names no event that starts it")
    by_hand = sorted(content.triggers & _BY_HAND)
    if not by_hand:
        return passed(f"{workflow.label} is started by events of the repository only")
    started = f"{workflow.label} is started by {by_hand[0]}"
    jobs = [job for job in content.jobs if _reached_by_hand(job, content)]
    acting = [job for job in jobs if _acts(job, content)]
    loose = [job.name for job in acting if not job.environment and not job.uses]
    if loose:
        return failed(f"{started}, and no environment stops its jobs: {', '.join(loose[:_SHOWN])}")
    called = [job.uses for job in acting if job.uses]
    if called:
        return inconclusive(
            f"{started}, and {called[0]}, which is not read, gets secrets or may write"
        )
    silent = [job.name for job in jobs if not job.environment and _by_default(job, content)]
    if silent and (writing := _default_writes(evidence)):
        return failed(
            f"{started}, and no environment stops its jobs, which by default may write: "
            f"{', '.join(silent[:_SHOWN])}",
            on=writing,
        )
    return _guarded(workflow, evidence, started, sorted({job.environment for job in acting}))


def _guarded(
    workflow: Workflow, evidence: Evidence, started: str, environments: list[str]
) -> Verdict:
    if not environments:
        return passed(f"{started}, which gets no secrets and no permission to write")
    known = {
        one.name.lower(): one
        for one in evidence.account(Environment)
        if one.repository.name_with_owner == workflow.repository.name_with_owner
    }
    for name in environments:
        if "${{" in name:
            return inconclusive(f"{started}, and chooses its environment when it runs")
        found = known.get(name.lower())
        if found is None or not found.reviewed:
            return failed(f"{started}, and the environment '{name}' has no required reviewers")
        if not found.reviewed_by_another:
            return failed(
                f"{started}, and who starts it may approve it in the environment '{name}'"
            )
    return passed(
        f"{started}, and what it changes waits for reviewers of {', '.join(environments)}",
        on=[known[name.lower()] for name in environments],
    )


def _reached_by_hand(job: Job, content: Content) -> bool:
    """Whether the job runs where somebody starts the workflow, by its condition."""
    reached = admitted(condition(job.condition), content.triggers).triggers
    return bool(reached & _BY_HAND)


def _acts(job: Job, content: Content) -> bool:
    """Whether a job holds what could change something: secrets, or permissions to write."""
    given = job.permissions if job.permissions is not None else content.permissions
    writes = (
        given != "read-all"
        if isinstance(given, str)
        else any(level not in ("read", "none") for level in (given or {}).values())
    )
    # Variables of the whole file reach every job.
    texts = [job.texts, *content.env.values()]
    secret = any(_SECRET.search(one) for text in texts for one in embedded(text))
    return writes or job.inherits_secrets or secret


def _by_default(job: Job, content: Content) -> bool:
    return job.permissions is None and content.permissions is None


def _default_writes(evidence: Evidence) -> list[Organization]:
    """The organisation, where a token for which a file names no permissions may write."""
    return [
        one
        for one in evidence.account(Organization)
        if one.workflow_permissions.default_workflow_permissions != "read"
    ]
