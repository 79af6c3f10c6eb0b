"""The Okta side of acme-robotics: its org, its people and settings, and what it got wrong.

What is wrong on purpose is listed in :data:`PLANTED`. Names and ids are inventions. Ages count back from
the time of the call, so that the demo looks the same on any day. Each area is a function of the time that
gives paths and answers; :data:`AREAS` lists them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from soc2_demo import okta_access, okta_policies
from soc2_demo.company import Planted
from soc2_demo.okta import Org
from soc2_demo.okta_words import HOST, PEOPLE, ago, okta_id, user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from soc2_demo.okta_words import Person


PLANTED: tuple[Planted, ...] = (
    Planted("okta-inactive-users", "erik.holm@acme-robotics.example", "no sign-in for 140 days"),
    Planted("okta-inactive-users", "dina.solberg@acme-robotics.example", "no sign-in for 115 days"),
    Planted("okta-user-state-hygiene", "emil.kaya@acme-robotics.example", "staged 45 days ago"),
)
"""Every fault that was put in on purpose. Rules may find more, as in any company."""


def acme_robotics(now: datetime | None = None) -> Org:
    """The company as of ``now`` (default: the clock's)."""
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    answers: dict[str, Any] = {}
    for area in (*AREAS, *okta_access.AREAS, *okta_policies.AREAS):
        answers.update(area(now))
    return Org(answers)


# -- areas ------------------------------------------------------------------------------------------------


def organization(now: datetime) -> dict[str, Any]:
    """The org itself."""
    number = okta_id("00o", HOST)
    return {
        "/.well-known/okta-organization": {
            "id": number,
            "pipeline": "idx",
            "_links": {"organization": {"href": f"https://{HOST}"}},
        },
        "/api/v1/org": {
            "id": number,
            "companyName": "Acme Robotics",
            "subdomain": "acme-robotics",
            "status": "ACTIVE",
            "created": ago(now, 2100),
            "lastUpdated": ago(now, 90),
            "expiresAt": None,
            "website": "https://acme-robotics.example",
            "country": "SE",
        },
    }


def users(now: datetime, people: Iterable[Person] = PEOPLE) -> dict[str, Any]:
    """Everybody; who was deactivated is listed only when that is asked for, as Okta does it."""
    found = {person.id: user(person, now) for person in people}
    here = [one for one in found.values() if one["status"] != "DEPROVISIONED"]
    gone = [one for one in found.values() if one["status"] == "DEPROVISIONED"]
    left = 'status eq "DEPROVISIONED"'
    return {
        "/api/v1/users": here,
        f"/api/v1/users?filter={left}": gone,
        f"/api/v1/users?search={left}": gone,
        "/api/v1/users/me": found[okta_id("00u", "fatima-haddad")],
        **{f"/api/v1/users/{number}": one for number, one in found.items()},
    }


AREAS: tuple[Callable[[datetime], dict[str, Any]], ...] = (
    organization,
    users,
)
"""Every area of the org. Each is a function of its own, so that it can be read by itself."""
