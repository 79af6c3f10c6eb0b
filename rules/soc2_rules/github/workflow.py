"""What workflow files let strangers run, and how builds and deployments start."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from soc2_collectors.github.models.workflow import Content, Step, Unreadable, Workflow
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

if TYPE_CHECKING:
    from collections.abc import Iterator
from soc2_collectors.github.models.workflow import Job

_SHOWN = 5
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_INDEX = re.compile(r"\[\s*'([^']*)'\s*\]")
_HARMLESS = re.compile(r"\b(?:contains|startswith|endswith|hashfiles)\s*\([^()]*\)")
"""Calls that give a truth value or a hash, whatever strangers wrote."""
_COMPARISON = re.compile(r"[^&|]*[!=]=[^&|]*")
_UNTRUSTED = re.compile(
    r"github\s*\.\s*(?:head_ref\b|event\s*\.\s*(?:"
    r"(?:issue|pull_request|discussion|comment|review|review_comment|discussion_comment)\s*\.\s*(?:title|body)\b"
    r"|pull_request\s*\.\s*head\s*\.\s*(?:ref|label)\b"
    r"|pull_request\s*\.\s*head\s*\.\s*repo\s*\.\s*(?:default_branch|description|homepage)\b"
    r"|(?:head_commit|commits\b[^}]*?|workflow_run\s*\.\s*head_commit)\s*\.\s*"
    r"(?:message|author\s*\.\s*(?:name|email))\b"
    r"|workflow_run\s*\.\s*(?:head_branch|display_title)\b"
    r"|workflow_run\s*\.\s*head_repository\s*\.\s*description\b"
    r"|workflow_run\s*\.\s*pull_requests\b[^}]*?\.\s*head\s*\.\s*ref\b"
    r"|pages\b[^}]*?\.\s*(?:page_name|title)\b"
    r"))"
)
"""Texts that whoever opens an issue or a pull request chooses."""
_WHOLE = re.compile(r"tojson\s*\(\s*github\s*(?:\.\s*event\s*)?\)")
"""All of the event at once, those texts among it."""
_PRIVILEGED = {"pull_request_target", "workflow_run"}
"""Triggers that run with the repository's secrets, started from outside."""
_HEAD = re.compile(
    r"github\.head_ref|github\.event\.pull_request\.head\.|github\.event\.workflow_run\.head_"
    r"|refs/pull/|github\.event\.workflow_run\.pull_requests"
)
_FETCHES_HEAD = re.compile(r"\bgh\s+pr\s+checkout\b|\bgit\s+(?:fetch|checkout|pull)\b[^\n]*\bpull/")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


@rule(
    criteria=["CC6.8", "CC8.1"],
    severity=Severity.HIGH,
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
    *,
    pinned: bool = True,
    trusted_owners: tuple[str, ...] = ("actions", "github"),
) -> Verdict:
    """Workflows run no text and no code of strangers, and name actions by their commit.

    ``trusted_owners`` names owners whose actions may be named by a tag; the organisation's own may always.

    Why: an issue's title that stands in a script is a program, run with the workflow's token. On
        pull_request_target a stranger's code gets the repository's secrets. A tag can be moved to another
        program at any time.
    Fix: give event texts to scripts through env; do not check out the head of a pull request on privileged
        triggers; write uses: owner/action@COMMIT; name permissions one by one.
    """
    try:
        content = workflow.content()
    except Unreadable as error:
        return inconclusive(f"{workflow.label}: {error}")
    owners = {scope.account.lower(), *(owner.lower() for owner in trusted_owners)}
    problems = [
        *dict.fromkeys(_injections(content)),
        *dict.fromkeys(_untrusted_checkouts(content)),
        *_write_all(content),
        *(_unpinned(content, owners) if pinned else ()),
    ]
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        return failed(f"{workflow.label}: {'; '.join(problems[:_SHOWN])}{more}")
    return passed(f"{workflow.label} runs nothing of strangers and names actions by commit")


def _injections(content: Content) -> Iterator[str]:
    for step in content.steps:
        for script in (step.run, step.inputs.get("script", "")):
            for found in _EXPRESSION.finditer(script):
                text = _untrusted(found[1])
                if text:
                    yield f"job '{step.job}' runs {text} as part of a script"


def _untrusted(expression: str) -> str:
    """What of an expression strangers choose; an empty text where they choose nothing."""
    plain = _HARMLESS.sub("", _INDEX.sub(r".\1", expression).lower())
    if _COMPARISON.fullmatch(plain):
        return ""
    found = _UNTRUSTED.search(plain) or _WHOLE.search(plain)
    return re.sub(r"\s", "", found[0]) if found else ""


def _untrusted_checkouts(content: Content) -> Iterator[str]:
    triggers = sorted(content.triggers & _PRIVILEGED)
    if not triggers:
        return
    for step in content.steps:
        if _takes_head(step):
            yield f"job '{step.job}' checks out a stranger's code on {triggers[0]}"


def _takes_head(step: Step) -> bool:
    if step.run:
        return _FETCHES_HEAD.search(step.run) is not None
    if not step.uses.lower().startswith("actions/checkout@"):
        return False
    asked = f"{step.inputs.get('ref', '')} {step.inputs.get('repository', '')}"
    return _HEAD.search(_INDEX.sub(r".\1", asked).lower()) is not None


def _write_all(content: Content) -> Iterator[str]:
    if content.permissions == "write-all":
        yield "its token may write everything"
    for job in content.jobs:
        if job.permissions == "write-all":
            yield f"the token of job '{job.name}' may write everything"


def _unpinned(content: Content, owners: set[str]) -> Iterator[str]:
    used = sorted({step.uses for step in content.steps} | {job.uses for job in content.jobs})
    for uses in used:
        if not uses or uses.startswith("./"):
            continue
        if uses.startswith("docker://"):
            if not _DIGEST.search(uses):
                yield f"{uses} is not named by its digest"
            continue
        action, _, version = uses.partition("@")
        if action.partition("/")[0].lower() not in owners and not _COMMIT.fullmatch(version):
            yield f"{uses} is not named by its commit"


_BY_HAND = {"workflow_dispatch", "repository_dispatch"}
_SECRET = re.compile(r"\$\{\{[^}]*\bsecrets\s*[.\[]\s*'?(?!github_token\b)\w", re.IGNORECASE)


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
