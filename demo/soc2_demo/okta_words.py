"""The people of acme-robotics as its Okta org has them, and the form of ids and times."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

HOST = "acme-robotics.okta.com"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account in the org."""

    login: str
    """As in GitHub: ``ana-kovac``. In AWS it is ``ana.kovac``, and the mail is made of that."""
    title: str
    department: str
    status: str = "ACTIVE"
    hired: int = 700
    """Days since the account was made."""
    signed_in: int | None = 1
    """Days since the last sign-in; ``None``: never."""
    changed: int | None = None
    """Days since the status changed; ``None``: since the account was activated."""

    @property
    def id(self) -> str:
        """``00u`` and seventeen characters, as Okta's are."""
        return okta_id("00u", self.login)

    @property
    def mail(self) -> str:
        """In the company's domain."""
        return f"{self.login.replace('-', '.')}@acme-robotics.example"


PEOPLE: tuple[Person, ...] = (
    # In GitHub and, some of them, in AWS.
    Person("ana-kovac", "Chief Technology Officer", "Engineering", hired=2000),
    Person("david-lindqvist", "Head of Platform", "Engineering", hired=1800, signed_in=3),
    Person("ben-osei", "Platform Engineer", "Engineering", hired=640, signed_in=2),
    Person("chloe-martin", "Robotics Engineer", "Engineering", hired=210, signed_in=4),
    Person("erik-holm", "Data Engineer", "Engineering", hired=700, signed_in=140),
    Person("fatima-haddad", "Security Engineer", "Security", hired=820),
    Person("goran-petrov", "Firmware Engineer", "Engineering", hired=960, signed_in=6),
    Person("hanna-virtanen", "Software Engineer", "Engineering", hired=430),
    Person("ivan-novak", "Software Engineer", "Engineering", hired=350, signed_in=2),
    Person("julia-santos", "Product Engineer", "Engineering", hired=520),
    # Left the company; GitHub was forgotten.
    Person("kenji-mori", "Software Engineer", "Engineering", "DEPROVISIONED", 800, 41, 38),
    Person("lea-dubois", "Site Reliability Engineer", "Engineering", hired=610),
    Person("marek-zielinski", "Software Engineer", "Engineering", hired=300, signed_in=9),
    Person("nadia-rahman", "Security Engineer", "Security", hired=270),
    # The rest of the company.
    Person("olivia-brandt", "Chief Executive Officer", "Management", hired=2100),
    Person("paul-nyberg", "Chief Financial Officer", "Finance", hired=1500, signed_in=5),
    Person("qiu-wen", "Accountant", "Finance", hired=900),
    Person("rosa-ibanez", "Head of People", "People", hired=1300),
    Person("samir-khan", "Recruiter", "People", hired=200, signed_in=3),
    Person("tara-oneill", "Counsel", "Legal", hired=760, signed_in=12),
    Person("umberto-ricci", "Sales Director", "Sales", hired=1100),
    Person("vera-kowalska", "Account Executive", "Sales", hired=480),
    Person("william-adeyemi", "Account Executive", "Sales", "SUSPENDED", 390, 60, 20),
    Person("xenia-pavlou", "Support Engineer", "Support", hired=330),
    Person("yusuf-demir", "Support Engineer", "Support", "LOCKED_OUT", 310, 2, 1),
    Person("zoe-fischer", "Marketing Manager", "Marketing", hired=560, signed_in=8),
    Person("adam-lund", "IT Administrator", "IT", hired=1400),
    Person("bianca-moretti", "IT Administrator", "IT", hired=450, signed_in=2),
    Person("carlos-mendes", "Test Engineer", "Engineering", hired=240),
    Person("dina-solberg", "Designer", "Engineering", hired=380, signed_in=115),
    Person("svc-hr-sync", "Service account", "IT", hired=600),
    Person("emil-kaya", "Intern", "Engineering", "STAGED", 45, None, 45),
    Person("freja-madsen", "Data Scientist", "Engineering", "PROVISIONED", 3, None, 3),
    Person("gustav-eklund", "Warehouse Lead", "Operations", "DEPROVISIONED", 900, 200, 190),
    Person("helen-park", "Account Executive", "Sales", "DEPROVISIONED", 650, 75, 74),
)


def okta_id(prefix: str, text: str) -> str:
    """An id of Okta's form, the same for the same text."""
    return prefix + hashlib.sha256(text.encode()).hexdigest()[:17]


def ago(now: datetime, days: float | None) -> str | None:
    """A time so many days ago, as Okta writes it; ``None`` for never."""
    return None if days is None else f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%S.000Z}"


def user(person: Person, now: datetime) -> dict[str, Any]:
    """A user in Okta's shape."""
    first, _, last = person.login.replace("-", " ").title().partition(" ")
    activated = None if person.status == "STAGED" else person.hired
    changed = person.changed if person.changed is not None else activated
    return {
        "id": person.id,
        "status": person.status,
        "created": ago(now, person.hired),
        "activated": ago(now, activated),
        "statusChanged": ago(now, changed),
        "lastLogin": ago(now, person.signed_in),
        "lastUpdated": ago(now, min(person.hired, 30)),
        "passwordChanged": ago(now, None if person.signed_in is None else person.hired / 2),
        "type": {"id": okta_id("oty", "default")},
        "profile": {
            "firstName": first,
            "lastName": last,
            "login": person.mail,
            "email": person.mail,
            "secondEmail": None,
            "mobilePhone": None,
            "title": person.title,
            "department": person.department,
            "userType": "Employee",
        },
        "credentials": {
            "password": {},
            "emails": [{"value": person.mail, "status": "VERIFIED", "type": "PRIMARY"}],
            "provider": {"type": "OKTA", "name": "OKTA"},
        },
        "_links": {"self": {"href": f"https://{HOST}/api/v1/users/{person.id}"}},
    }
