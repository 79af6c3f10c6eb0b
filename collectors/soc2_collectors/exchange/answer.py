"""One HTTP answer, and the JSON in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from soc2_pac.errors import Unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping

OK = range(200, 300)
ELSEWHERE = range(300, 400)
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
TIMED_OUT = 408
TOO_MANY = 429
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What came. Providers add what their errors say."""

    where: ClassVar[str] = ""
    """The setting that names the address, for whoever reads that a page of another server came."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; several of one name are joined by commas."""
    body: bytes

    @property
    def empty(self) -> bool:
        """Whether the answer has no body, whatever its status promises."""
        return not self.body.strip()

    def json(self, call: str) -> Any:  # noqa: ANN401 - any JSON value
        """The body. Raises Unexpected; also for an answer without one: it says nothing of what is there."""
        if self.empty:
            msg = f"{call} answered {self.status} without a body"
            raise Unexpected(msg, operation=call)
        if "json" not in self.headers.get("content-type", "application/json"):
            msg = f"{call} answered {self.sort} instead of JSON{self.where}"
            raise Unexpected(msg, operation=call)
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            msg = f"{call} answered malformed JSON"
            raise Unexpected(msg, operation=call) from error

    def object(self, call: str) -> dict[str, Any]:
        """The body, which must be an object. Raises Unexpected."""
        found = self.json(call)
        if not isinstance(found, dict):
            msg = f"{call} answered no object"
            raise Unexpected(msg, operation=call)
        return found

    @property
    def error(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body of an error, or ``None`` where it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def sort(self) -> str:
        """The media type."""
        return self.headers.get("content-type", "no type").partition(";")[0]
