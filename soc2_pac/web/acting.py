"""What people do on pages: by the functions of the command line, as who they signed in as.

A request that comes here is from a page of ours (:class:`soc2_pac.web.app.Guard`) and from somebody who is signed in.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from urllib.parse import parse_qs

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from soc2_pac import api
from soc2_pac.acts import Actor
from soc2_pac.audit import acceptance, attachments, attestations, reviews
from soc2_pac.audit import review_files as files
from soc2_pac.errors import UsageError
from soc2_pac.model import utc_time
from soc2_pac.store import messages
from soc2_pac.text import listed
from soc2_pac.web.render import address

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from soc2_pac.store import Store
    from soc2_pac.web.access import Session
    from soc2_pac.workspace import Workspace

_MOST_BYTES = 1024 * 1024
"""Of a form without a file."""
_MOST_WITH_FILE = attachments.INSIDE_BYTES + _MOST_BYTES
"""Larger files go in by the command line."""
_BOUNDARY = re.compile(
    r'multipart/form-data;\s*boundary="?([0-9A-Za-z\'()+_,./:=? -]{1,70})"?', re.ASCII
)
_NAME = re.compile(rb'[; ]name="([^"\r\n]*)"')
_FILE_NAME = re.compile(rb'[; ]filename="([^"\r\n]*)"')


class Sent(NamedTuple):
    """A file that came with a form."""

    name: str
    content: bytes


class Filled(NamedTuple):
    """A form as it was sent."""

    fields: Mapping[str, str]
    file: Sent | None = None

    def text(self, name: str) -> str:
        """What stands in a field. Raises UsageError where nothing does."""
        found = self.fields.get(name, "").strip()
        if not found:
            msg = f"{name}: fill it in"
            raise UsageError(msg)
        return found


_Act: TypeAlias = "Callable[[Request, Filled, Session], str]"
"""What is done; it returns where the answer is seen."""


class Acting:
    """The acts of one server."""

    def __init__(self, work: Workspace, store: Store) -> None:
        """``store``: where acts are recorded, open for as long as the server runs."""
        self._work = work
        self._store = store
        self._known = api.reviewing(work.config, work.registry)
        self.acts: dict[str, tuple[str, _Act]] = {
            "/requests": ("auditor", self.ask),
            "/requests/{number}/answer": ("operator", self.answer),
            "/findings/{fingerprint}/waive": ("operator", self.waive),
            "/waivers/{waiver}/revoke": ("operator", self.revoke),
            "/controls/{control}/attest": ("operator", self.attest),
            "/reviews/{review}/decide": ("operator", self.decide),
        }
        """Address -> (role, what is done there)."""

    def routes(self) -> list[Route]:
        """The addresses that forms are sent to."""
        return [
            Route(path, self._endpoint(role, act), methods=["POST"])
            for path, (role, act) in self.acts.items()
        ]

    def _endpoint(self, role: str, act: _Act) -> Callable[[Request], Awaitable[Response]]:
        """What does what a form asks for, and shows the page that it changed."""

        async def endpoint(request: Request) -> Response:
            session: Session = request.scope["soc2_session"]
            if session.role != role:
                raise HTTPException(403, f"Only {_A[role]} can do that.")
            filled = await _filled(request)
            where = await to_thread.run_sync(act, request, filled, session)
            return RedirectResponse(where, 303)

        return endpoint

    # -- auditors and their requests --------------------------------------------------------------------

    def ask(self, _request: Request, filled: Filled, session: Session) -> str:
        """Record a request or a note."""
        kind = filled.text("kind")
        if kind not in ("request", "note"):
            msg = f"kind: '{kind}' is neither request nor note"
            raise UsageError(msg)
        about = filled.fields.get("about", "").strip() or None
        if about is not None and (not about.startswith("/") or about.startswith("//")):
            msg = "about: write the address of a page from its first slash on, or nothing"
            raise UsageError(msg)
        with self._store.database.writing() as connection:
            messages.ask(
                connection,
                "request" if kind == "request" else "note",
                session.token or "",
                filled.text("said"),
                about=about,
                by=_who(session),
            )
        return address("requests")

    def answer(self, request: Request, filled: Filled, session: Session) -> str:
        """Record an answer."""
        number = request.path_params["number"]
        if not (number.isascii() and number.isdecimal() and len(number) < _DIGITS):
            raise HTTPException(404)
        with self._store.database.writing() as connection:
            messages.answer(connection, int(number), filled.text("said"), by=_who(session))
        return address("requests", number)

    # -- what operators do ------------------------------------------------------------------------------

    def waive(self, request: Request, filled: Filled, session: Session) -> str:
        """Accept one failure."""
        fingerprint = request.path_params["fingerprint"]
        found = [
            one for one in self._store.findings(fingerprint=fingerprint, limit=2)
            if one.fingerprint == fingerprint
        ]  # fmt: skip
        if not found:
            raise HTTPException(404)
        (one,) = found
        expires = filled.text("expires")
        try:
            ends = utc_time(expires)
        except ValueError as error:
            msg = f"expires: '{expires}' is no date. Write 2026-12-31"
            raise UsageError(msg) from error
        terms = acceptance.Terms(
            one.rule,
            filled.text("reason"),
            filled.text("owner"),
            filled.text("approver"),
            ends,
            one.scope,
            one.resource,
        )
        acceptance.accept(
            self._store,
            self._known,
            terms,
            longest=self._work.config.waivers.max_days,
            by=_who(session),
        )
        return address("findings", fingerprint)

    def revoke(self, request: Request, filled: Filled, session: Session) -> str:
        """End a waiver."""
        waiver = request.path_params["waiver"]
        reason, owner = filled.text("reason"), filled.text("owner")
        self._store.revoke_waiver(waiver, reason=reason, owner=owner, by=_who(session))
        return address("waivers", waiver)

    def attest(self, request: Request, filled: Filled, session: Session) -> str:
        """Hand in a file as evidence for a control."""
        control = request.path_params["control"]
        if filled.file is None or not filled.file.name:
            msg = "file: choose one"
            raise UsageError(msg)
        days = attestations.Days.parse(filled.text("covers"), "covers", attestations.today())
        until = attestations.a_day(filled.text("valid_until"), "valid_until")
        topic = filled.fields.get("topic") or None
        with self._store.reading() as connection:
            on = attestations.check(connection, control, topic, until, days)
        systems = attestations.systems_of(
            filled.fields.get("systems", "").split(","), on, self._work.held(self._store).systems
        )
        kept = attachments.inside(filled.file.name, filled.file.content)
        with self._store.database.writing() as connection:
            attestations.add(
                connection,
                control,
                topic=topic,
                covers=days,
                valid_until=until,
                file_name=filled.file.name,
                file=kept,
                note=filled.fields.get("note", "").strip(),
                by=_who(session),
                systems=systems,
            )
        return address("controls", control)

    def decide(self, request: Request, filled: Filled, session: Session) -> str:
        """Record what a reviewer decided on rows of theirs; other rows of theirs stay as they are."""
        name = request.path_params["review"]
        # Only who came by the printed link says who they are: a token or a proxy says it for everybody else.
        said = filled.fields.get("by", "").strip()
        by = _who(session) if session.proof or not said else Actor.here(said)
        with self._store.reading() as connection:
            review = reviews.one(connection, name)
            rows = reviews.population(connection, review).rows
        mine = [one for one in review.reviewers if one.called(by.claimed_name)]
        if len(mine) != 1:
            names = listed([one.name for one in review.reviewers])
            msg = f"'{by.claimed_name}' is no reviewer of {name}. Reviewers: {names}"
            raise UsageError(msg)
        own = reviews.rows_of(review, rows, mine[0].id)
        asked = {
            key.partition(".")[2]
            for key, value in filled.fields.items()
            if key.startswith("decision.") and value
        }
        if foreign := sorted(asked - {row.id for row in own}):
            msg = f"not {mine[0].name} decides on {listed(foreign)}"
            raise UsageError(msg)
        if not asked:
            msg = "nothing is decided: choose keep, revoke or change for at least one row"
            raise UsageError(msg)
        sheet = []
        for row in own:
            cells = files.fixed(review, row)
            before = review.decided.get(row.id)
            if row.id in asked:
                cells["decision"] = filled.fields[f"decision.{row.id}"]
                cells["reason"] = filled.fields.get(f"reason.{row.id}", "")
            else:
                cells["decision"] = before.decision.decision if before else ""
                cells["reason"] = before.decision.reason if before else ""
            sheet.append(cells)
        content = json.dumps({"rows": sheet}, ensure_ascii=False, sort_keys=True).encode()
        handed = files.HandedIn("the form", content, sheet)
        reviews.decide(self._store, self._known, handed, by=by)
        return address("reviews", name)


_A = {"auditor": "an auditor", "operator": "an operator"}
_DIGITS = 10


def _who(session: Session) -> Actor:
    """Who does something on a page: by their token or the proxy, or whoever opened the link on this computer."""
    if session.proof is None:
        return Actor.here()
    return Actor(session.name, "", session.proof)


# -- what a form sends ----------------------------------------------------------------------------------


async def _filled(request: Request) -> Filled:
    """A form. Raises HTTPException (413, 415) or UsageError."""
    sort = request.headers.get("content-type", "")
    if sort.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        body = await body_of(request, _MOST_BYTES)
        try:
            text = body.decode("utf-8")
            sent = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=5000)
        except ValueError as error:
            msg = "the form is not UTF-8, or has too many fields"
            raise UsageError(msg) from error
        return Filled(_once(sent))
    found = _BOUNDARY.fullmatch(sort.strip())
    if found is None:
        raise HTTPException(415)
    return _parted(await body_of(request, _MOST_WITH_FILE), found[1].encode())


async def body_of(request: Request, most: int) -> bytes:
    """What was sent. Raises HTTPException (413) where it is more than a form has."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise HTTPException(413)
        parts.append(part)
    return b"".join(parts)


def _once(sent: Mapping[str, list[str]]) -> dict[str, str]:
    for name, values in sent.items():
        if len(values) > 1:
            msg = f"{name}: stands there {len(values)} times"
            raise UsageError(msg)
        if "\0" in name or "\0" in values[0]:
            msg = f"{name}: no text has a character of code 0"
            raise UsageError(msg)
    return {name: values[0] for name, values in sent.items()}


def _parted(body: bytes, boundary: bytes) -> Filled:
    """A form with a file, by RFC 7578."""
    fields: dict[str, list[str]] = {}
    file: Sent | None = None
    first, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if first or not parts or not parts[-1].startswith(b"--"):
        msg = "the form was cut short"
        raise UsageError(msg)
    for part in parts[:-1]:
        head, blank, content = part.partition(b"\r\n\r\n")
        name, file_name = _NAME.search(head), _FILE_NAME.search(head)
        if not blank or name is None:
            msg = "a part of the form has no name"
            raise UsageError(msg)
        try:
            if file_name is None:
                fields.setdefault(name[1].decode(), []).append(content.decode())
            elif file is None:
                # A name, and not where it stood on somebody's disk.
                said = re.split(r"[/\\]", file_name[1].decode())[-1]
                file = Sent(said, content)
            else:
                msg = "there is more than one file"
                raise UsageError(msg)
        except UnicodeDecodeError as error:
            msg = "the form is not UTF-8"
            raise UsageError(msg) from error
    return Filled(_once(fields), file)
