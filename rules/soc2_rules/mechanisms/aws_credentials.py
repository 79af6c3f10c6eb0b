"""What the credential report of IAM leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.model import Verdict, inconclusive

if TYPE_CHECKING:
    from datetime import datetime

    from soc2_collectors.aws.models.iam import Credential


def unseen(credential: Credential, *, until: datetime | None = None) -> Verdict | None:
    """``inconclusive`` where somebody has more: the report shows two keys and two certificates, and counts the rest.

    A rule asks before it says that all keys are fine; what is wrong with those that are shown fails before, and from
    ``until`` on where the clock alone makes it wrong.
    """
    if credential.more is None:
        return None
    return inconclusive(
        f"the report does not show all keys and certificates: {credential.more}", until=until
    )
