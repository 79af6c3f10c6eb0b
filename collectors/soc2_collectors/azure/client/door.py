"""One tenant, signed in: tokens, the quota of Resource Graph, and one exchange."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import Answer, quota_wait
from soc2_collectors.azure.client.signing import SignedIn
from soc2_collectors.exchange.answer import UNAUTHORIZED
from soc2_collectors.exchange.outside import Spending
from soc2_collectors.exchange.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soc2_collectors.azure.settings import AzureSettings
    from soc2_pac.hookspecs import Meter

RESOURCES = "/providers/Microsoft.ResourceGraph/resources"
"""The one path that is read by POST: the query is in the body."""
_LONGEST_QUOTA_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A declared call with its parameters."""

    call: str
    url: str
    origin: str
    ids: tuple[str, ...]
    """What fills the template, as messages name it."""
    query: object = None
    """Of Resource Graph, which is sent by POST."""
    headers: Mapping[str, str] | None = None
    part: bool = False
    """Whether a part of what fills the template is asked for, and not the thing itself."""


class Door(Spending):
    """Sends requests in the identity's name. Safe to use from threads."""

    def __init__(self, settings: AzureSettings) -> None:
        """Fetch the secrets; make no call. Raises ConfigError, CredentialsRejected."""
        super().__init__()
        self.settings = settings
        self._quota_until = 0.0
        self.signed_in = SignedIn(settings, self.spend)
        homes = [settings.arm, settings.graph]
        self._wire = Wire("Azure", settings.timeout_seconds, homes, Answer, posts=RESOURCES)

    def get(self, asked: Asked, url: str, meter: Meter) -> Answer:
        """A page of what is asked; a token that is no longer accepted is renewed once. Raises ProviderError."""
        token = self.signed_in.token(asked.origin, meter.left())
        answer = self._sent(asked, url, token, meter)
        if answer.status == UNAUTHORIZED and self.signed_in.forget(asked.origin, token):
            meter.request(asked.call)
            token = self.signed_in.token(asked.origin, meter.left())
            answer = self._sent(asked, url, token, meter)
        return answer

    def _sent(self, asked: Asked, url: str, token: str, meter: Meter) -> Answer:
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {token}",
            **(asked.headers or {}),
        }
        if asked.query is None:
            return self._wire.exchange("GET", url, headers, meter=meter, call=asked.call)
        if (wait := self._quota_until - time.monotonic()) > 0:
            meter.pause(wait)
        headers["Content-Type"] = "application/json"
        query = json.dumps(asked.query)
        answer = self._wire.exchange("POST", url, headers, query, meter=meter, call=asked.call)
        if wait := quota_wait(answer) or 0.0:
            self._quota_until = time.monotonic() + min(wait, _LONGEST_QUOTA_WAIT)
        return answer
