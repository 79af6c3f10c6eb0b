"""Azure and Entra of an emulated company on loopback: Resource Graph, Resource Manager, Microsoft Graph.

It answers from a :class:`Tenant`, plain tables in Microsoft's shapes, and makes faults on demand. One origin
serves all three. Nothing here is used outside the demo and the tests.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from soc2_demo.http import OK, Handler, Raw, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from soc2_demo.http import Fault

RESOURCES = "/providers/Microsoft.ResourceGraph/resources"
_HELD = "/providers/microsoft.authorization/permissions"
"""What the identity may do: all that a reader may, where the tenant does not say otherwise."""
_CODES = {
    400: ("BadRequest", "The request is not understood."),
    401: ("InvalidAuthenticationToken", "The access token is invalid."),
    403: ("AuthorizationFailed", "The client does not have authorization to perform this action."),
    404: ("ResourceNotFound", "The resource was not found."),
    405: ("MethodNotAllowed", "The method is not allowed."),
    429: ("TooManyRequests", "The request was throttled."),
    500: ("InternalServerError", "Something went wrong."),
}
_AND = re.compile(r"\band\b(?=(?:[^']*'[^']*')*[^']*$)")
_PIPE = re.compile(r"\|(?=(?:[^']*'[^']*')*[^']*$)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than 200, as a value in :attr:`Tenant.answers`."""

    status: int
    code: str = ""
    """Empty: what Azure says with that status."""
    message: str = ""

    def body(self) -> dict[str, Any]:
        """As Azure and Microsoft Graph write errors."""
        code, message = _CODES.get(self.status, ("BadRequest", "The request is not understood."))
        return {"error": {"code": self.code or code, "message": self.message or message}}


@dataclass
class Tenant:
    """What the emulator knows of one tenant."""

    tenant: str
    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    """As ``GET /subscriptions`` gives them; see :func:`subscription`."""
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Tables of Resource Graph (``resources``, ``securityresources``) to rows, each with ``id``, ``type`` and
    ``subscriptionId``. The subscriptions themselves are there without being named."""
    answers: dict[str, Any] = field(default_factory=dict)
    """Path (Microsoft Graph's with ``/v1.0``) to what is said: an object; a list, paged and put under
    ``value``; a :class:`Refusal`; a :class:`Raw`; or a function of path and query that gives one of these.

    A path may be a template (``/v1.0/users/{userId}/authentication/methods``) that stands for every path that
    is not there by itself, and may have a query (``?$filter=...``) where a part of that matters. Case does
    not matter in paths of Azure."""
    hidden: set[str] = field(default_factory=set)
    """Subscriptions that Resource Graph does not show to this identity."""
    token: str = "demo-token-that-opens-nothing"  # noqa: S105 - it opens nothing
    page: int = 1000
    """The most rows or records of one page."""
    quota: int = 15
    """Queries of Resource Graph that the identity has left, as each answer says."""


def subscription(number: str, name: str, tenant: str, state: str = "Enabled") -> dict[str, Any]:
    """A subscription as ``GET /subscriptions`` gives it."""
    return {
        "id": f"/subscriptions/{number}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": number,
        "tenantId": tenant,
        "displayName": name,
        "state": state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }


class AzureEmulator(Server):
    """A company's Azure on a free port of 127.0.0.1."""

    def __init__(self, state: Tenant) -> None:
        """Serve ``state``; changes made to it are seen at once."""
        super().__init__(_Handler, "azure-emulator")
        self.state = state
        self.queries: list[dict[str, Any]] = []
        """Bodies of the queries of Resource Graph."""
        self.headers: list[dict[str, str]] = []
        """Headers of every request, names in lower case."""


class _Handler(Handler):
    emulator: AzureEmulator

    def get(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        query = {k: v[-1] for k, v in urllib.parse.parse_qs(parts.query).items()}
        path = urllib.parse.unquote(parts.path)
        fault = self._note("GET")
        found = self._refused() or self._found(path, query)
        if isinstance(found, Raw):
            self._answer(found.status, [*found.headers], found.body, fault)
        elif isinstance(found, Refusal):
            self._answer(found.status, [], found.body(), fault)
        else:
            self._answer(OK, [], self._paged(found, parts, query), fault)

    def post(self) -> None:
        raw = self.posted()
        fault = self._note("POST")
        if urllib.parse.urlsplit(self.path).path != RESOURCES:
            self._answer(405, [], Refusal(405).body(), fault)
            return
        body = json.loads(raw)
        self.emulator.queries.append(body)
        found = self._refused() or query_tables(self.emulator.state, body)
        headers = [
            ("x-ms-user-quota-remaining", str(self.emulator.state.quota)),
            ("x-ms-user-quota-resets-after", "00:00:05"),
        ]
        if isinstance(found, Refusal):
            self._answer(found.status, headers, found.body(), fault)
        else:
            self._answer(OK, headers, found, fault)

    def _note(self, method: str) -> Fault | None:
        self.emulator.requests.append((method, self.path))
        self.emulator.headers.append({k.lower(): v for k, v in self.headers.items()})
        return self.emulator.faults.take(urllib.parse.unquote(self.path))

    def _refused(self) -> Refusal | None:
        sent = self.headers.get("Authorization", "")
        return None if sent == f"Bearer {self.emulator.state.token}" else Refusal(401)

    def _found(self, path: str, query: Mapping[str, str]) -> Any:  # noqa: ANN401
        state = self.emulator.state
        graph = path.startswith(("/v1.0/", "/beta/"))
        if not graph and "api-version" not in query:
            return Refusal(400, "MissingApiVersionParameter", "The api-version is required.")
        if path == "/subscriptions":
            return state.subscriptions
        for one in state.subscriptions:
            if path.lower() == one["id"].lower():
                return one
        found = _lookup(state.answers, path, query, exact=graph)
        if found is None and path.lower().endswith(_HELD):
            return [{"actions": ["*/read"], "notActions": [], "dataActions": []}]
        if found is None and graph:
            last = path.rpartition("/")[2]
            return Refusal(404, "Request_ResourceNotFound", f"Resource '{last}' does not exist.")
        return Refusal(404) if found is None else found

    def _paged(
        self, found: object, parts: urllib.parse.SplitResult, query: Mapping[str, str]
    ) -> object:
        """An object as it is; a list as one page of it."""
        if not isinstance(found, list):
            return found
        size = min(int(query.get("$top", self.emulator.state.page)), self.emulator.state.page)
        token = query.get("$skiptoken", "")
        start = int(token) if token.isdigit() else 0  # a cursor that a test made up starts anew
        page: dict[str, object] = {"value": found[start : start + size]}
        graph = parts.path.startswith(("/v1.0/", "/beta/"))
        if graph and query.get("$count") == "true" and not token:
            page["@odata.count"] = len(found)
        if start + size < len(found):
            further = urllib.parse.urlencode({**query, "$skiptoken": str(start + size)}, safe="$")
            address = f"http://{self.headers['Host']}{parts.path}?{further}"
            page["@odata.nextLink" if graph else "nextLink"] = address
        return page

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: object, fault: Fault | None
    ) -> None:
        said = [("x-ms-request-id", f"emulated-{len(self.emulator.requests)}"), *headers]
        self.answer(status, said, body, fault, lambda code: Refusal(code).body())


def _lookup(answers: Mapping[str, Any], path: str, query: Mapping[str, str], *, exact: bool) -> Any:  # noqa: ANN401
    """The answer whose path is this and of whose query the most is in the request's."""
    best, most = None, (-1, 0)
    for key, answer in answers.items():
        its_path, _, its_query = key.partition("?")
        wanted = dict(urllib.parse.parse_qsl(its_query))
        if not wanted.items() <= query.items():
            continue
        fits = (len(wanted), -its_path.count("{"))
        if fits > most and fills(its_path, path, exact=exact):
            best, most = answer, fits
    return best(path, query) if callable(best) else best


def fills(template: str, path: str, *, exact: bool = False) -> bool:
    """Whether a path is one of a template's; ``{scope}`` and ``{resourceUri}`` stand for whole ids."""
    pattern = "".join(
        part
        if index % 2 == 0
        else (".+" if part in ("scope", "resourceUri", "resourceId") else "[^/]+")
        for index, part in enumerate(
            re.escape(part) if index % 2 == 0 else part
            for index, part in enumerate(re.split(r"{(\w+)}", template))
        )
    )
    return re.fullmatch(pattern, path, 0 if exact else re.IGNORECASE) is not None


def query_tables(state: Tenant, body: Mapping[str, Any]) -> dict[str, Any] | Refusal:
    """What Resource Graph answers; it knows ``where``, ``project a, b`` and ``order by id``."""
    table, *steps = [step.strip() for step in _PIPE.split(body["query"])]
    asked = {one.lower() for one in body.get("subscriptions", ())}
    found = [row for row in _table(state, table.lower()) if _subscription(row) in asked]
    for step in steps:
        taken = _step(step, found)
        if taken is None:
            return Refusal(400, "BadRequest", f"The emulator does not understand '{step}'.")
        found = taken
    options = body.get("options", {})
    size = min(int(options.get("$top", 100)), state.page)
    token = str(options.get("$skipToken", ""))
    start = int(token) if token.isdigit() else 0
    page = found[start : start + size]
    answer = {"totalRecords": len(found), "count": len(page), "data": page}
    further = {"$skipToken": str(start + size)} if start + size < len(found) else {}
    return {**answer, "facets": [], "resultTruncated": "false", **further}


def _step(step: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]] | None:
    if step.startswith("where "):
        conditions = [_condition(one) for one in _AND.split(step.removeprefix("where "))]
        if None in conditions:
            return None
        return [
            row for row in rows if all(holds is not None and holds(row) for holds in conditions)
        ]
    if project := re.fullmatch(r"project\s+([\w\s,]+)", step):
        names = [name.strip() for name in project[1].split(",")]
        return [{name: row.get(name) for name in names} for row in rows]
    if re.fullmatch(r"order by id( asc)?", step):
        return sorted(rows, key=lambda row: str(row.get("id")))
    return None


def _condition(text: str) -> Callable[[Mapping[str, Any]], bool] | None:
    """``type =~ 'x'``, ``name !~ 'x'``, ``name in~ ('x', 'y')``; ``None``: not understood."""
    found = re.fullmatch(
        r"\s*([\w.]+)\s*(=~|==|!~|!=|!in~|in~|in)\s*('[^']*'|\(.*\))\s*", text, re.DOTALL
    )
    if found is None:
        return None
    path, operator, given = found.groups()
    values = {value.lower() for value in re.findall(r"'([^']*)'", given)}

    def holds(row: Mapping[str, Any]) -> bool:
        here: Any = row
        for step in path.split("."):
            here = here.get(step) if isinstance(here, dict) else None
        return (str(here or "").lower() in values) is not operator.startswith("!")

    return holds


def _table(state: Tenant, name: str) -> list[dict[str, Any]]:
    rows = list(state.tables.get(name, ()))
    if name == "resourcecontainers":
        rows += [
            {
                "id": one["id"],
                "name": one["displayName"],
                "type": "microsoft.resources/subscriptions",
                "subscriptionId": one["subscriptionId"],
                "tenantId": one["tenantId"],
                "properties": {"state": one["state"]},
            }
            for one in state.subscriptions
        ]
    return [row for row in rows if _subscription(row) not in state.hidden]


def _subscription(row: Mapping[str, Any]) -> str:
    return str(row.get("subscriptionId") or row["id"].split("/")[2]).lower()
