"""Files into an object store, and back: the only exchange that writes, and it only adds.

Nothing that collects may import this (a contract in ``pyproject.toml``): it is for the object stores of
``[attachments]``, with a credential of their own. What may be sent is a PUT or a GET below one address.
"""

from __future__ import annotations

import random
import time
import urllib.parse
from typing import IO, TYPE_CHECKING, Protocol

from soc2_collectors.exchange import address
from soc2_collectors.exchange.answer import (
    FORBIDDEN,
    NOT_FOUND,
    OK,
    SERVER_ERROR,
    TIMED_OUT,
    TOO_MANY,
    UNAUTHORIZED,
    Answer,
)
from soc2_collectors.exchange.wire import Wire
from soc2_pac.errors import (
    CallRefused,
    CredentialsRejected,
    Denied,
    Gone,
    ProviderError,
    Throttled,
    Unexpected,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PART_BYTES = 8 * 1024 * 1024
"""Read at once: an answer is held in memory."""
_ATTEMPTS = 3
_BACK_OFF_SECONDS = 1.0
_NO_SUCH_PART = 416


class KeepingWire(Wire[Answer]):
    """The one exchange, that may also put files below one address."""

    def __init__(self, name: str, timeout_seconds: float, base: str) -> None:
        """Load the library; make no call. ``base``: below it everything is."""
        super().__init__(name, timeout_seconds, [base], Answer)
        self._below = urllib.parse.urlsplit(base).path.rstrip("/") + "/"

    def _check(self, method: str, url: str) -> None:
        address.check(url, self._homes)
        parts = urllib.parse.urlsplit(url)
        inside = parts.path.startswith(self._below) and ".." not in parts.path.split("/")
        # A query could mean another act: a copy, a lock, a list of who may read.
        if method not in ("GET", "PUT") or not inside or parts.query:
            msg = f"{method} {parts.path} does not keep or read a file: refused before it was sent"
            raise CallRefused(msg)


class Store(Protocol):
    """What differs between object stores."""

    name: str
    """As errors name it."""
    base: str
    """The address below which files are."""
    put_only_new: Mapping[str, str]
    """Headers that make a PUT fail where something has the name."""
    needs: Mapping[str, str]
    """Method -> what must be granted for it."""

    def headers(self) -> dict[str, str]:
        """Who asks. Raises CredentialsRejected, Unreachable."""

    def taken(self, answer: Answer) -> bool:
        """Whether an answer to a PUT says that something has the name."""


class Objects:
    """:class:`soc2_pac.hookspecs.ObjectStore` by plain HTTP."""

    def __init__(
        self, store: Store, wire: KeepingWire, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._store = store
        self._wire = wire
        self._sleep = sleep

    def put(self, name: str, content: IO[bytes], size: int) -> bool:
        """Keep a file under a name that nothing has yet; False where something has it."""
        start = content.tell()
        for attempt in range(1, _ATTEMPTS + 1):
            content.seek(start)
            try:
                answer = self._asked("PUT", name, self._store.put_only_new, content, size)
            except Unreachable:
                if attempt == _ATTEMPTS:
                    raise
            else:
                if answer.status in OK:
                    return True
                if self._store.taken(answer):
                    # After an attempt that broke off this may be our own: whoever reads it checks its digest.
                    return False
                wrong = self._meaning("PUT", answer)
                if not wrong.retryable or attempt == _ATTEMPTS:
                    raise wrong
            self._sleep(_BACK_OFF_SECONDS * 2**attempt + random.uniform(0, 1))  # noqa: S311 - jitter
        raise AssertionError  # the last attempt returned or raised

    def get(self, name: str) -> Iterator[bytes]:
        """The file of a name, in parts. Raises Gone where there is none."""
        at, total = 0, 1
        while at < total:
            asks = {"Range": f"bytes={at}-{at + PART_BYTES - 1}", "Accept-Encoding": "identity"}
            answer = self._again(name, asks)
            if answer.status == NOT_FOUND:
                msg = f"{self._store.name} has no {name}"
                raise Gone(msg, operation="GET")
            if answer.status == _NO_SUCH_PART and at == 0:
                return  # an empty file has no first byte
            if answer.status not in OK:
                wrong = self._meaning("GET", answer)
                raise wrong
            total = self._total(answer, at)
            at += len(answer.body)
            yield answer.body

    def _total(self, answer: Answer, at: int) -> int:
        """How large the file is, as a part of it says."""
        if at == 0 and "content-range" not in answer.headers:
            return len(answer.body)  # all of it, at once
        said = answer.headers.get("content-range", "")
        begins, _, total = said.removeprefix("bytes ").partition("/")
        if not total.isdigit() or begins.partition("-")[0] != str(at) or not answer.body:
            msg = f"{self._store.name} answered another part of a file than was asked for"
            raise Unexpected(msg, operation="GET")
        return int(total)

    def _again(self, name: str, asks: Mapping[str, str]) -> Answer:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = self._asked("GET", name, asks)
            except Unreachable:
                if attempt == _ATTEMPTS:
                    raise
            else:
                if attempt == _ATTEMPTS or not self._meaning("GET", answer).retryable:
                    return answer
            self._sleep(_BACK_OFF_SECONDS * 2**attempt + random.uniform(0, 1))  # noqa: S311 - jitter
        raise AssertionError  # the last attempt returned or raised

    def _asked(
        self,
        method: str,
        name: str,
        more: Mapping[str, str],
        content: IO[bytes] | None = None,
        size: int = 0,
    ) -> Answer:
        url = f"{self._store.base}/{urllib.parse.quote(name)}"
        headers = {**self._store.headers(), **more}
        if content is not None:
            headers |= {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        return self._wire.exchange(method, url, headers, content)

    def _meaning(self, method: str, answer: Answer) -> ProviderError:
        """What an answer that is no success means."""
        status, name = answer.status, self._store.name
        if status == UNAUTHORIZED:
            return CredentialsRejected(f"{name} does not accept the credentials", operation=method)
        if status == FORBIDDEN:
            needed = self._store.needs[method]
            return Denied(f"{name} refused {method}", operation=method, permission=needed)
        if status == TOO_MANY:
            return Throttled(f"{name} asks to wait", operation=method)
        if status >= SERVER_ERROR or status == TIMED_OUT:
            return Unreachable(f"{name} answered {status}", operation=method)
        if status == NOT_FOUND:
            what = f"there is no such place at {name}: {self._store.base}"
            return Unexpected(what, operation=method)
        return Unexpected(f"{name} answered {status} to {method}", operation=method)
