"""Plants a secret of its own in every place of an answer that people put secrets into, on its way to a client."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import re
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

from soc2_demo import aws_gaps, http

from ..engine.secret_forms import FORMS, Secret, plain  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pytest

_PER_PLACE = 3
_MOST = 1200
_FREE = frozenset(
    [
        "description",
        "title",
        "body",
        "note",
        "notes",
        "comment",
        "message",
        "displayname",
        "label",
        "purpose",
        "summary",
        "text",
        "reason",
        "documentation",
        "helptext",
        "statusmessage",
    ]
)
_HELD = frozenset(
    ["env", "environment", "environmentvariables", "variables", "args", "command", "substitutions"]
)
_NAMES = ("password", "client_secret", "apiKey", "accountKey", "connectionString", "authToken")
_XML_FREE = re.compile(rb"<((?:[Dd]escription|[Cc]omment|GroupDescription))>([^<]*)</\1>")
_XML_USER_DATA = re.compile(rb"(<userData>\s*<value>)[^<]*(</value>)")
_NOT_FREE = re.compile(r"^[\[{<]|^#|^on:|\n")
"""Documents within a text are left whole."""


class Planter:
    """What was planted, each secret once."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}
        """Core -> where."""
        self._number = itertools.count()
        self._places: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def places(self) -> set[str]:
        """Where something was planted, without the form."""
        return {where.rpartition(":")[0] or where for where in self.planted.values()}

    def _full(self, place: str) -> bool:
        """Whether a place has its plants: each is sought in every file afterwards."""
        with self._lock:
            self._places[place] += 1
            return self._places[place] > _PER_PLACE or len(self.planted) >= _MOST

    def _plant(self, make: Callable[[str], Secret], where: str) -> Secret:
        with self._lock:
            secret = make(f"plant {next(self._number)}")
            self.planted[secret.core] = where
        return secret

    def _any_form(self, where: str) -> Secret:
        forms = list(FORMS)
        form = forms[len(self.planted) % len(forms)]
        return self._plant(FORMS[form], f"{where}: {form}")

    def in_json(self, value: Any, where: str, under: str = "") -> Any:
        """A JSON answer with plants."""
        if isinstance(value, list):
            return [self.in_json(item, where, under) for item in value]
        if isinstance(value, str):
            if (
                under.lower() in _FREE
                and not _NOT_FREE.search(value)
                and not self._full(f"{where} {under}")
            ):
                return f"{value} {self._any_form(f'{where} {under}').text}"
            return value
        if not isinstance(value, dict):
            return value
        held = under.lower() in _HELD
        found: dict[str, Any] = {}
        for key, item in value.items():
            if (
                held
                and isinstance(item, str)
                and key.lower() not in ("name", "type", "key")
                and not self._full(f"{where} {under}")
            ):
                found[key] = self._plant(plain, f"{where} {under}.{key}").text
            elif (
                key.lower() in _HELD
                and isinstance(item, list)
                and all(isinstance(i, str) for i in item)
            ):
                found[key] = [self._plant(plain, f"{where} {key}").text for _ in item]
            else:
                found[key] = self.in_json(item, where, key)
        if "name" in value and "id" in value and not self._full(f"{where} {under} named"):
            name = _NAMES[len(self.planted) % len(_NAMES)]
            found.setdefault(name, self._plant(plain, f"{where} {name}").text)
        return found

    def in_xml(self, body: bytes, where: str) -> bytes:
        """An XML answer with plants."""

        def free(found: re.Match[bytes]) -> bytes:
            if self._full(f"{where} {found[1].decode()}"):
                return found[0]
            text = re.sub(r"[<>&]", "", self._any_form(f"{where} {found[1].decode()}").text)
            return b"<%s>%s %s</%s>" % (found[1], found[2], text.encode(), found[1])

        def user_data(found: re.Match[bytes]) -> bytes:
            secret = self._plant(plain, f"{where} packed user data")
            script = gzip.compress(f"#!/bin/sh\nexport DB_PASSWORD={secret.text}\n".encode())
            return found[1] + base64.b64encode(script) + found[2]

        return _XML_USER_DATA.sub(user_data, _XML_FREE.sub(free, body))

    def in_body(self, body: bytes, where: str) -> bytes:
        """An answer with plants; what is neither JSON nor XML stays."""
        start = body.lstrip()[:1]
        if start == b"<":
            return self.in_xml(body, where)
        if start not in (b"{", b"["):
            return body
        return json.dumps(self.in_json(json.loads(body), where)).encode()

    def refusal(self, where: str) -> str:
        """A message that quotes a secret of every form."""
        return " | ".join(
            self._plant(FORMS[form], f"{where} refusal: {form}").text for form in FORMS
        )

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Plant in everything that the emulated company answers from now on."""
        send = http.Handler.send

        def planting_send(
            handler: http.Handler,
            status: int,
            headers: Iterable[tuple[str, str]],
            body: bytes,
            fault: http.Fault | None,
        ) -> None:
            where = f"{type(handler).__name__} {handler.path.partition('?')[0]}"
            send(handler, status, headers, body if fault else self.in_body(body, where), fault)

        monkeypatch.setattr(http.Handler, "send", planting_send)
        answer = aws_gaps.Completed.__call__

        def planting_answer(self_: Any, environ: Any, start_response: Any) -> Iterable[bytes]:
            said: list[Any] = []
            body = b"".join(answer(self_, environ, lambda *given: said.append(given)))
            where = f"aws {environ.get('HTTP_X_AMZ_TARGET') or environ['PATH_INFO']}"
            body = self.in_body(body, where)
            status, headers, *rest = said[0]
            kept = [
                (n, v) for n, v in headers if n.lower() not in ("content-length", "x-amz-crc32")
            ]
            start_response(status, [*kept, ("Content-Length", str(len(body)))], *rest)
            return [body]

        monkeypatch.setattr(aws_gaps.Completed, "__call__", planting_answer)
