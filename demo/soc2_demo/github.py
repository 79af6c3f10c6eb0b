"""GitHub of an emulated company on loopback: REST with pages, and GraphQL for the queries that are sent.

It answers from a :class:`Company`, a plain table of answers in GitHub's shapes, and makes faults on
demand. It is no GraphQL engine: a query is known by its operation name. Nothing here is used outside the
demo and the tests.
"""

from __future__ import annotations

import json
import re
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

from soc2_demo.github_graphql import answer_query
from soc2_demo.github_state import Refusal
from soc2_demo.http import OK, Handler, Server

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from soc2_demo.github_state import Company
    from soc2_demo.http import Fault

LIMIT = 5000
_MAX_PAGE = 100


class GithubEmulator(Server):
    """A company's GitHub on a free port of 127.0.0.1. For GraphQL, ``requests`` end in the operation."""

    def __init__(self, state: Company) -> None:
        """Serve ``state``; changes made to it are seen at once."""
        super().__init__(_Handler, "github-emulator")
        self.state = state
        self.bodies: list[dict[str, Any]] = []
        """What was posted to GraphQL."""


class _Handler(Handler):
    emulator: GithubEmulator

    def get(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        query = {k: v[-1] for k, v in urllib.parse.parse_qs(parts.query).items()}
        self.emulator.requests.append(("GET", self.path))
        fault = self.emulator.faults.take(self.path)
        status, headers, body = _rest(self.emulator.state, urllib.parse.unquote(parts.path), query)
        if "next" in headers:
            address = f"http://{self.headers['Host']}{parts.path}?{headers.pop('next')}"
            headers["Link"] = f'<{address}>; rel="next"'
        self._answer(status, headers, body, fault)

    def post(self) -> None:
        posted = json.loads(self.posted() or b"{}")
        if self.path.endswith("/access_tokens"):
            self.emulator.requests.append(("POST", self.path))
            token = {"token": "emulated-installation-token", "expires_at": "2099-01-01T00:00:00Z"}
            self._answer(201, {}, token, self.emulator.faults.take(self.path))
            return
        operation = str(posted.get("operationName", ""))
        self.emulator.requests.append(("POST", f"{self.path} {operation}"))
        self.emulator.bodies.append(posted)
        fault = self.emulator.faults.take(f"{self.path} {operation}")
        self._answer(OK, {}, answer_query(self.emulator.state, operation, posted), fault)

    def _answer(
        self, status: int, headers: dict[str, str], body: object, fault: Fault | None
    ) -> None:
        used = len(self.emulator.requests)
        all_headers = {
            "X-OAuth-Scopes": self.emulator.state.scopes,
            "X-RateLimit-Limit": str(LIMIT),
            "X-RateLimit-Remaining": str(max(1, LIMIT - used)),
            "X-RateLimit-Reset": str(int(time.time()) + 3600),
            "X-GitHub-Request-Id": f"0000:{used:X}",
            **headers,
        }
        self.answer(
            status, all_headers.items(), body, fault, lambda _: {"message": "an emulated fault"}
        )


def _rest(
    company: Company, path: str, query: Mapping[str, str]
) -> tuple[int, dict[str, str], object]:
    chosen = f"{path}?filter={query['filter']}" if "filter" in query else path
    found = company.rest.get(chosen, Refusal(404, "Not Found"))
    if isinstance(found, Refusal):
        body = {"message": found.message, "documentation_url": "https://docs.github.com/rest"}
        return found.status, {}, body if found.message else None
    if isinstance(found, list):
        chosen_by = {
            key: query[key].split(",")
            for key in ("state", "package_type", "resolution", "validity")
            if key in query
        }
        wanted = [i for i in found if all(i.get(k) in words for k, words in chosen_by.items())]
        if "phrase" in query:  # of the audit log
            category = re.search(r"action:(\S+)", query["phrase"])
            prefix = f"{category.group(1)}." if category else ""
            wanted = [i for i in wanted if str(i.get("action", "")).startswith(prefix)]
        page, headers = _page(wanted, query)
        return OK, headers, page
    key = (
        next((k for k, v in found.items() if isinstance(v, list)), None)
        if "total_count" in found
        else None
    )
    if key is None:
        return OK, {}, found
    page, headers = _page(found[key], query)
    return OK, headers, {"total_count": len(found[key]), key: page}


def _page(items: Sequence[Any], query: Mapping[str, str]) -> tuple[list[Any], dict[str, str]]:
    size = min(int(query.get("per_page", "30")), _MAX_PAGE)
    number = int(query.get("page", "1"))
    page = list(items[(number - 1) * size : number * size])
    if number * size >= len(items):
        return page, {}
    return page, {"next": urllib.parse.urlencode({**query, "page": number + 1})}
