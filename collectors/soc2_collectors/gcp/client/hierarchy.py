"""Organisation, folders and projects, by Google's Resource Manager library over REST."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from soc2_collectors.exchange.attempts import attempted
from soc2_collectors.gcp.answers import Answer, problem, wait_asked
from soc2_collectors.gcp.permissions import grant
from soc2_pac.errors import ProviderError, Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.gcp.client.door import Door
    from soc2_pac.hookspecs import Meter

_PAGE = 300
DELETED = "DELETE_REQUESTED"


class Hierarchy:
    """Reads the resource hierarchy. The library is loaded with the first question."""

    def __init__(self, door: Door, meter: Meter) -> None:
        self._door = door
        self._meter = meter
        self._clients: dict[str, Any] = {}
        self._call = ""
        """What is asked at this moment."""

    def projects(self, parent: str) -> Iterator[dict[str, Any]]:
        """The projects directly under an organisation or folder, those marked for deletion too."""
        return self._listed("projects", parent, show_deleted=True)

    def folders(self, parent: str) -> Iterator[dict[str, Any]]:
        """The folders directly under an organisation or folder."""
        return self._listed("folders", parent, show_deleted=False)

    def project(self, project_id: str) -> dict[str, Any]:
        """One project. Raises ProviderError."""
        return self._got("projects", f"projects/{project_id}")

    def organization(self, name: str) -> dict[str, Any]:
        """One organisation, ``organizations/123``. Raises ProviderError."""
        return self._got("organizations", name)

    def _listed(self, sort: str, parent: str, *, show_deleted: bool) -> Iterator[dict[str, Any]]:
        call = f"cloudresourcemanager.{sort}.list"
        method = getattr(self._client(sort), f"list_{sort}")
        token, seen = "", set[str]()
        while True:
            asked = {
                "parent": parent,
                "page_size": _PAGE,
                "page_token": token,
                "show_deleted": show_deleted,
            }
            self._meter.page()
            page = self._ask(call, partial(self._page, method, asked))
            yield from (_plain(one) for one in getattr(page, sort))
            token = page.next_page_token
            if not token:
                return
            if token in seen:
                msg = f"{call} names a page as its next that was read before: it would never end"
                raise Unexpected(msg, operation=call)
            seen.add(token)

    def _got(self, sort: str, name: str) -> dict[str, Any]:
        method = getattr(self._client(sort), f"get_{sort.removesuffix('s')}")
        call = f"cloudresourcemanager.{sort}.get"
        return _plain(self._ask(call, lambda: method(request={"name": name}, **self._how())))

    def _page(self, method: Any, asked: dict[str, Any]) -> Any:  # noqa: ANN401 - the library's own
        """One page and no more: the library's pager would fetch the others without asking the meter."""
        return next(iter(method(request=asked, **self._how()).pages))

    def _how(self) -> dict[str, Any]:
        return {"retry": None, "timeout": self._door.settings.timeout_seconds}

    def _ask(self, call: str, ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - the library's messages
        """What the library answers, with attempts of our own."""
        from google.api_core.exceptions import GoogleAPICallError  # noqa: PLC0415

        found: list[Any] = []
        self._call = call

        def exchange() -> tuple[Answer, ProviderError | None]:
            found.clear()
            try:
                found.append(ask())
            except GoogleAPICallError as error:
                if error.response is None:
                    raise _unexpected(error) from error
                headers = {name.lower(): said for name, said in error.response.headers.items()}
                answer = Answer(error.response.status_code, headers, error.response.content)
                wrong = problem(answer, call, grant(call))
                msg = f"{call} answered {answer.status}"
                return answer, wrong or Unexpected(msg, operation=call)
            except Exception as error:
                raise self._door.refused(error) or _unexpected(error) from error
            return _FOUND, None

        attempts = self._door.settings.max_attempts
        attempted(self._meter, attempts, call, exchange, wait_asked)
        return found[0]

    def _client(self, sort: str) -> Any:  # noqa: ANN401 - one of the library's clients
        if sort not in self._clients:
            from google.cloud import resourcemanager_v3  # noqa: PLC0415

            kind = getattr(resourcemanager_v3, f"{sort.title()}Client")
            transport = kind.get_transport_class("rest")
            where: dict[str, Any] = {}
            if endpoint := self._door.settings.endpoint.rstrip("/"):
                scheme, _, host = endpoint.partition("://")
                where = {"host": f"{host}/cloudresourcemanager", "url_scheme": scheme}
            made = transport(credentials=self._door.credentials, **where)
            # The library offers no other way to bound its answers and to count what it asks.
            self._door.lend(made._session, self._meter, lambda: self._call)  # noqa: SLF001
            self._clients[sort] = kind(transport=made)
        return self._clients[sort]


def _unexpected(error: Exception) -> Unexpected:
    return Unexpected(f"Google's library could not read the answer ({type(error).__name__})")


def _plain(message: Any) -> dict[str, Any]:  # noqa: ANN401 - one of the library's messages
    """With Google's own names, as the API writes them."""
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415

    plain: dict[str, Any] = MessageToDict(type(message).pb(message))
    return plain


_FOUND = Answer(200, {}, b"{}")
"""Stands for an answer that the library has read."""
