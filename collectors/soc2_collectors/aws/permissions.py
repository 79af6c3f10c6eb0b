"""The reader role and its policies, generated from the calls that collectors declare."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws import reader_templates
from soc2_collectors.aws.actions import CALLER, READER, RESOURCES, grants
from soc2_collectors.aws.reader_templates import ROLE
from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ASSUME = "sts:AssumeRole"
_LARGEST = 6100
"""Characters of a managed policy, white space not counted (IAM's quota)."""
_MOST = 10
"""Managed policies of one role (IAM's default quota)."""


def policy(calls: Sequence[str], form: str) -> str:
    """What an administrator applies, for declared calls and discovery.

    Args:
        calls: IAM actions.
        form: ``text``, one action a line; ``json``, a policy document; ``cloudformation``, a template with
            the role, for one account; ``cloudformation-organization``, the role in every account of an
            organisation, the management account included; ``terraform`` and ``terraform-organization``,
            modules that do the same; ``caller``, the policy of the credentials that read an organisation.

    Raises:
        UsageError: another form.
    """
    if form == "caller":
        return json.dumps(_caller(calls), indent=2)
    actions = sorted({action for call in (*calls, *READER) for action in grants(call)})
    if form not in _FORMS:
        known = ", ".join(sorted([*_FORMS, "caller"]))
        msg = f"permissions aws cannot be written as '{form}'. Known: {known}"
        raise UsageError(msg)
    return _FORMS[form](actions)


def _caller(calls: Sequence[str]) -> dict[str, Any]:
    """What the credentials of an organisation's source need: its own reads, and to become the reader."""
    wanted = ("organizations:", "iam:ListOrganizations")
    reads = [action for call in calls if call.startswith(wanted) for action in grants(call)]
    document = _document("Soc2PacCaller", [*reads, *(c for c in CALLER if c != _ASSUME), *READER])
    assume = {
        "Sid": "Soc2PacBecomeReader",
        "Effect": "Allow",
        "Action": _ASSUME,
        "Resource": f"arn:*:iam::*:role/{ROLE}",
    }
    return {**document, "Statement": [*document["Statement"], assume]}


def _document(sid: str, actions: Sequence[str]) -> dict[str, Any]:
    # Describing and listing know no resource: AWS takes nothing but "*" for most of these actions.
    everywhere = sorted(set(actions) - set(RESOURCES))
    statements = [
        {"Sid": sid, "Effect": "Allow", "Action": everywhere, "Resource": "*"},
        *(
            {
                "Sid": f"{sid}{action.partition(':')[0].title()}",
                "Effect": "Allow",
                "Action": [action],
                "Resource": list(RESOURCES[action]),
            }
            for action in sorted(set(actions) & set(RESOURCES))
        ),
    ]
    return {"Version": "2012-10-17", "Statement": [s for s in statements if s["Action"]]}


def _size(document: dict[str, Any]) -> int:
    return len(json.dumps(document, separators=(",", ":")))


def documents(actions: Sequence[str]) -> list[dict[str, Any]]:
    """Policy documents that together grant the actions, each small enough for a managed policy."""
    found: list[list[str]] = [[]]
    for action in actions:
        if _size(_document(f"Soc2PacRead{len(found)}", [*found[-1], action])) > _LARGEST:
            found.append([])
        found[-1].append(action)
    assert len(found) <= _MOST, "more managed policies than one role may have"  # noqa: S101
    return [_document(f"Soc2PacRead{number}", part) for number, part in enumerate(found, start=1)]


def _text(actions: Sequence[str]) -> str:
    return "\n".join(actions)


def _json(actions: Sequence[str]) -> str:
    return json.dumps(_document("Soc2PacRead", actions), indent=2)


_FORMS: dict[str, Callable[[Sequence[str]], str]] = {
    "text": _text,
    "json": _json,
    "cloudformation": lambda actions: reader_templates.account(documents(actions)),
    "cloudformation-organization": lambda actions: reader_templates.organization(
        documents(actions)
    ),
    "terraform": lambda actions: reader_templates.account_module(documents(actions)),
    "terraform-organization": lambda actions: reader_templates.organization_module(
        documents(actions)
    ),
}
