"""The IAM policy of the reader, generated from the calls that collectors declare."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from soc2_collectors.aws.actions import READER
from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def policy(calls: Sequence[str], form: str) -> str:
    """The policy for declared calls and discovery.

    Args:
        calls: IAM actions.
        form: ``json``, the document to attach; ``text``, one action a line.

    Raises:
        UsageError: another form.
    """
    actions = sorted({*calls, *READER})
    if form == "json":
        statement = {"Sid": "Soc2PacRead", "Effect": "Allow", "Action": actions, "Resource": "*"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
    if form == "text":
        return "\n".join(actions)
    msg = f"permissions aws cannot be written as '{form}': use text or json"
    raise UsageError(msg)
