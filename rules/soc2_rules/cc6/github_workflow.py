"""What workflow files let strangers run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from soc2_collectors.github.models.workflow import Content, Step, Unreadable, Workflow
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

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
