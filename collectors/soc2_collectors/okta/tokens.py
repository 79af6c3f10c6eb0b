"""Collects API tokens. Their values are shown once, when they are made, and never again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.token import ApiToken
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.okta.client import Okta
    from soc2_pac.model import Document

_TOKENS = "/api/v1/api-tokens"


@collects(ApiToken, calls=[f"GET {_TOKENS}"], per="organization", cost="1")
def api_tokens(okta: Okta) -> Iterator[Document]:
    """API tokens that are in force."""
    for record in okta.items(_TOKENS):
        yield document(record, name="name")
