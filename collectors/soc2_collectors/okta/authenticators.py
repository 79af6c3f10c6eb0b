"""Collects authenticators with their methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.authenticator import Authenticator
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.okta.client import Okta
    from soc2_pac.model import Document

_AUTHENTICATORS = "/api/v1/authenticators"
_METHODS = "/api/v1/authenticators/{authenticatorId}/methods"


@collects(
    Authenticator,
    calls=[f"GET {path}" for path in (_AUTHENTICATORS, _METHODS)],
    per="organization",
    cost="1 + N",
)
def authenticators(okta: Okta) -> Iterator[Document]:
    """Authenticators, active or not."""
    for authenticator in okta.items(_AUTHENTICATORS):
        yield document(
            authenticator,
            name="name",
            # A fact and no listing: some of Okta's own examples hold one object instead of a list.
            body=lambda uid: {"methods": okta.fact(_METHODS, absent=(), authenticatorId=uid)},
        )
