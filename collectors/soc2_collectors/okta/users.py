"""Collects users and their factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.user import SIGNS_IN, User
from soc2_pac.errors import Gone
from soc2_pac.model import Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from soc2_collectors.okta.client import Okta
    from soc2_pac.model import Document

_USERS = "/api/v1/users"
_FACTORS = "/api/v1/users/{userId}/factors"
_PAGE = 200
_LEFT = 'status eq "DEPROVISIONED"'
"""The plain listing leaves these out. A filter reads what is so now; a search may be behind."""


@collects(
    User,
    calls=[f"GET {_USERS}", f"GET {_FACTORS}"],
    per="organization",
    cost="pages of 200 + 1 for each user who can sign in",
)
def users(okta: Okta) -> Iterator[Document]:
    """Everybody, the deactivated included; factors of those who can sign in.

    Those who left are listed last: whoever is deactivated in between is in both listings, not in neither.
    Of those Okta no longer gives factors: they are taken from the second one.

    Okta has no call that gives the factors of several people. At 300 requests a minute (half of a limit of
    600) 4,500 people are read in the 15 minutes that a unit of work has: a larger org raises
    ``run.unit_timeout_seconds``, or ``rate_limit_share`` of the source.
    """
    seen: set[str] = set()
    left: set[str] = set()
    for asked in ({}, {"filter": _LEFT}):
        for record in okta.items(_USERS, limit=_PAGE, **asked):
            found = document(record, name=("profile.login",), body=_factors(okta, record, left))
            if found.uid not in seen or found.uid in left:
                seen.add(found.uid)
                yield found


def _factors(
    okta: Okta, record: Mapping[str, Any], left: set[str]
) -> Callable[[str], Mapping[str, object]]:
    """The factors of a user; who turns out to be deactivated meanwhile is added to ``left``."""

    def read(number: str) -> Mapping[str, object]:
        if record.get("status") not in SIGNS_IN:
            return {}
        # All in one answer: as a listing, 10,000 users would use up the pages that a collection may take.
        asked = okta.fact(_FACTORS, absent=(), userId=number)

        def factors() -> object:
            try:
                return asked.call()
            except Gone:
                left.add(number)
                raise

        return {"factors": Fact(asked.operation, factors)}

    return read
