"""Google Cloud of an emulated company on loopback: the inventory, the hierarchy, and a table of answers.

It answers from an :class:`Estate` in Google's shapes, all APIs under one address, and makes faults on demand.
Nothing here is used outside the demo and the tests.
"""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from soc2_demo.http import OK, Handler, Server

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from soc2_demo.http import Fault

LARGEST_PAGE = 1000
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_CONTENTS = {
    "RESOURCE": ("resource",),
    "IAM_POLICY": ("iamPolicy",),
    "ORG_POLICY": ("orgPolicy",),
    "ACCESS_POLICY": ("accessPolicy", "accessLevel", "servicePerimeter"),
}
"""What is asked for -> where it stands in an asset; the last one gives one of its three."""
_ALWAYS = ("name", "assetType", "ancestors", "updateTime")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than 200, as a value in :attr:`Estate.answers`."""

    status: int
    reason: str = ""
    """``SERVICE_DISABLED``, as ErrorInfo gives it."""
    message: str = "The request was refused."
    metadata: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    """The status' name; empty: what Google says with that status."""
    errors: tuple[str, ...] = ()
    """Reasons as older APIs give them: ``accessNotConfigured``."""

    def body(self) -> dict[str, Any]:
        """As Google writes errors."""
        error: dict[str, Any] = {
            "code": self.status,
            "message": self.message,
            "status": self.name or _STATUSES.get(self.status, "UNKNOWN"),
        }
        if self.errors:
            error["errors"] = [{"message": self.message, "reason": r} for r in self.errors]
        if self.reason:
            error["details"] = [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": self.reason,
                    "domain": "googleapis.com",
                    "metadata": dict(self.metadata),
                }
            ]
        return {"error": error}


def disabled(service: str, project: str) -> Refusal:
    """That an API is switched off in a project."""
    return Refusal(
        403,
        "SERVICE_DISABLED",
        f"{service} has not been used in project {project} before or it is disabled.",
        {"service": service, "consumer": f"projects/{project}"},
    )


@dataclass
class Estate:
    """What the emulator knows of one organisation."""

    organization: str
    """Its number; empty where there is none."""
    display_name: str = ""
    projects: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Id to what Resource Manager (v3) says of a project: ``name`` (by number), ``parent``, ``state``."""
    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    """``folders/1`` to what Resource Manager (v3) says of it."""
    assets: list[dict[str, Any]] = field(default_factory=list)
    """The inventory, each asset with its ancestors and whichever of ``resource``, ``iamPolicy``,
    ``orgPolicy`` and ``accessPolicy`` it has."""
    answers: dict[str, Any] = field(default_factory=dict)
    """Path to what another API says: an object, whose one list is cut into pages, or a :class:`Refusal`.

    Paths begin with the API's name, where they do not by themselves: ``/sqladmin/v1/projects/acme/instances``
    (whose own path is ``/v1/projects/acme/instances``), ``/compute/v1/projects/acme``, ``/storage/v1/b``. A
    path may be a template (``/storage/v1/b/{bucket}/iam``), and may have a query, all of which must be in the
    request's."""


class GcpEmulator(Server):
    """A company's Google Cloud on a free port of 127.0.0.1."""

    def __init__(self, state: Estate) -> None:
        """Serve ``state``; changes made to it are seen at once."""
        super().__init__(_Handler, "gcp-emulator")
        self.state = state


class _Handler(Handler):
    emulator: GcpEmulator

    def get(self) -> None:
        self._serve("GET")

    def post(self) -> None:
        self.posted()
        self._serve("POST")

    def _serve(self, method: str) -> None:
        parts = urllib.parse.urlsplit(self.path)
        query = {k: v for k, v in urllib.parse.parse_qs(parts.query).items() if k != "$alt"}
        self.emulator.requests.append((method, self.path))
        fault = self.emulator.faults.take(self.path)
        found = _answer(self.emulator.state, urllib.parse.unquote(parts.path), query)
        if isinstance(found, Refusal):
            self._send(found.status, found.body(), fault)
        else:
            self._send(OK, _page(found, query), fault)

    def _send(self, status: int, body: object, fault: Fault | None) -> None:
        self.answer(status, (), body, fault, lambda code: Refusal(code).body())


def _answer(state: Estate, path: str, query: Mapping[str, list[str]]) -> Any:  # noqa: ANN401
    known = _lookup(state.answers, path, query)
    if known is not None:
        return known
    if found := re.fullmatch(r"/cloudasset/v1/(\w+/[^/]+)/assets", path):
        assets = _assets(state, found[1], query)
        if isinstance(assets, Refusal):
            return assets
        return {"readTime": "2026-01-01T00:00:00Z", "assets": assets}
    if found := re.fullmatch(r"/cloudresourcemanager/v3/(projects|folders)", path):
        return _children(state, found[1], query)
    if found := re.fullmatch(r"/cloudresourcemanager/v3/(\w+/[^/:]+)", path):
        return _node(state, found[1])
    return Refusal(404, message=f"{path} was not found.", errors=("notFound",))


def _lookup(answers: Mapping[str, Any], path: str, query: Mapping[str, list[str]]) -> Any:  # noqa: ANN401
    """The answer whose path is this, and of whose query the most is in the request's."""
    best, most = None, (-1, 0)
    for key, answer in answers.items():
        its_path, _, its_query = key.partition("?")
        wanted = urllib.parse.parse_qsl(its_query)
        if not all(value in query.get(name, []) for name, value in wanted):
            continue
        fits = (len(wanted), -its_path.count("{"))
        if fits > most and (its_path == path or ("{" in its_path and _fills(its_path, path))):
            best, most = answer, fits
    return best(path, query) if callable(best) else best


def _fills(template: str, path: str) -> bool:
    form = "".join(
        "[^/]+" if part.startswith("{") else re.escape(part)
        for part in re.split(r"({\w+})", template)
    )
    return re.fullmatch(form, path) is not None


def _assets(state: Estate, parent: str, query: Mapping[str, list[str]]) -> Any:  # noqa: ANN401
    sort, _, name = parent.partition("/")
    if sort == "projects" and name in state.projects:
        parent = str(state.projects[name]["name"])
    reaches = {f"organizations/{state.organization}", *state.folders}
    reaches |= {str(project["name"]) for project in state.projects.values()}
    if parent not in reaches:
        need = "cloudasset.assets.listResource"
        said = f"Permission '{need}' denied on resource '{parent}' (or it may not exist)."
        return Refusal(403, "IAM_PERMISSION_DENIED", said, {"permission": need, "resource": parent})
    content = query.get("contentType", [""])[0]
    keys = _CONTENTS.get(content, ())
    types = query.get("assetTypes", [])
    return [
        {name: asset[name] for name in (*_ALWAYS, *keys) if name in asset}
        for asset in state.assets
        if parent in asset.get("ancestors", ()) or asset.get("ancestors") is None
        if not types or any(re.fullmatch(one, str(asset.get("assetType"))) for one in types)
        if not keys or asset.keys() & {*keys}
    ]


def _children(state: Estate, sort: str, query: Mapping[str, list[str]]) -> Any:  # noqa: ANN401
    parent = query.get("parent", [""])[0]
    if parent != f"organizations/{state.organization}" and parent not in state.folders:
        return Refusal(
            403,
            "IAM_PERMISSION_DENIED",
            f"Permission 'resourcemanager.{sort}.list' denied on resource '{parent}'.",
            {"permission": f"resourcemanager.{sort}.list", "resource": parent},
        )
    listed = (state.projects if sort == "projects" else state.folders).values()
    deleted = query.get("showDeleted", [""])[0].lower() == "true"
    return {
        sort: [
            one
            for one in listed
            if one.get("parent") == parent and (deleted or one.get("state") == "ACTIVE")
        ]
    }


def _node(state: Estate, name: str) -> Any:  # noqa: ANN401
    if state.organization and name == f"organizations/{state.organization}":
        return {"name": name, "displayName": state.display_name, "state": "ACTIVE"}
    sort, _, short = name.partition("/")
    found = state.folders.get(name) or (state.projects.get(short) if sort == "projects" else None)
    return found or Refusal(
        403,
        "IAM_PERMISSION_DENIED",
        f"Permission denied on resource '{name}' (or it may not exist).",
    )


def _page(found: object, query: Mapping[str, list[str]]) -> object:
    """One page of an object with one list of objects."""
    if not isinstance(found, dict):
        return found
    lists = [k for k, v in found.items() if isinstance(v, list) and v]
    if len(lists) != 1:
        return {k: v for k, v in found.items() if v != []}
    items: Sequence[Any] = found[lists[0]]
    sizes = [*query.get("pageSize", []), *query.get("maxResults", []), str(LARGEST_PAGE)]
    token = query.get("pageToken", ["0"])[0]
    start = int(token) if token.isdigit() else 0  # a token that a test made up starts anew
    end = start + min(int(sizes[0]) or LARGEST_PAGE, LARGEST_PAGE)
    page = {**found, lists[0]: list(items[start:end])}
    return {**page, "nextPageToken": str(end)} if end < len(items) else page
