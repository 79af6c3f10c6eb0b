"""What an approval rests on: who approved a waiver is a name that somebody else wrote down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from soc2_pac.audit.reviewers import People
    from soc2_pac.store.waivers import Waiver


def rests_on(waiver: Waiver, people: People | None = None) -> str:
    """What shows that another person agreed to a waiver, in words: ``not proved: ...``.

    Nothing proves an approver: whoever recorded the waiver named them. A login proves who recorded it, and no more.

    Args:
        waiver: which.
        people: who works here, where the store knows it: then a name that nobody has now, or that is the owner's
            own, is said.
    """
    if waiver.approver is None:
        return "not proved: no approver was recorded"
    if people is not None and people.known:
        try:
            approver = people.reviewer(waiver.approver, "approver")
        except UsageError as error:
            # "approver: nobody who works here is 'X'. Did you mean ...": the fact, without the advice.
            return f"not proved: {str(error).removeprefix('approver: ').partition('. ')[0].rstrip('.')}"
        if approver.called(waiver.owner):
            return "not proved: owner and approver are the same person"
    who = f"signed in as {waiver.login}" if waiver.login else f"user {waiver.os_user or 'unknown'}"
    return f"not proved: on the word of {waiver.owner} ({who})"
