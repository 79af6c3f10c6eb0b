"""Collects policies with their rules, a kind for each type.

A type that the org does not have is Okta's error, and no empty listing: on the Classic Engine the collection
of app sign-in policies fails, and what reads them is inconclusive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.policy import (
    AccessPolicy,
    EnrollmentPolicy,
    PasswordPolicy,
    SignOnPolicy,
)
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.okta.client import Okta
    from soc2_pac.model import Document

_POLICIES = "/api/v1/policies"
_RULES = "/api/v1/policies/{policyId}/rules"
_CALLS = [f"GET {path}" for path in (_POLICIES, _RULES)]
_COST = "pages + N"


@collects(SignOnPolicy, calls=_CALLS, per="organization", cost=_COST)
def sign_on_policies(okta: Okta) -> Iterator[Document]:
    """Global session policies."""
    return _policies(okta, "OKTA_SIGN_ON")


@collects(AccessPolicy, calls=_CALLS, per="organization", cost=_COST)
def access_policies(okta: Okta) -> Iterator[Document]:
    """App sign-in policies."""
    return _policies(okta, "ACCESS_POLICY")


@collects(EnrollmentPolicy, calls=_CALLS, per="organization", cost=_COST)
def enrollment_policies(okta: Okta) -> Iterator[Document]:
    """Enrolment policies."""
    return _policies(okta, "MFA_ENROLL")


@collects(PasswordPolicy, calls=_CALLS, per="organization", cost=_COST)
def password_policies(okta: Okta) -> Iterator[Document]:
    """Password policies."""
    return _policies(okta, "PASSWORD")


def _policies(okta: Okta, sort: str) -> Iterator[Document]:
    for policy in okta.items(_POLICIES, type=sort):
        yield document(
            policy, name="name", body=lambda uid: {"rules": okta.list_fact(_RULES, policyId=uid)}
        )
