"""HTTP: a session for each thread, answers up to a bound, no redirections, nothing logged."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from soc2_collectors.gcp.answers import Answer
from soc2_pac.errors import ProviderError, Unexpected, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import requests

LARGEST_ANSWER_BYTES = 128 * 1024 * 1024
"""No page of a listing comes near it; an answer beyond it is refused while it is read."""


class Wire:
    """Sends requests. Safe to use from threads: each has a session of its own."""

    def __init__(self, timeout_seconds: int) -> None:
        """Load the library; make no call."""
        import requests  # noqa: F401, PLC0415 - so that its absence is told at once

        self.timeout_seconds = timeout_seconds
        self._local = threading.local()

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None
    ) -> Answer:
        """One HTTP exchange. Raises Unreachable, Unexpected."""
        try:
            response = self.session().request(
                method,
                url,
                headers=dict(headers),
                data=body,
                timeout=self.timeout_seconds,
                allow_redirects=False,
            )
        except Exception as error:
            raise unreachable(error) from error
        return answered(response)

    def session(self) -> requests.Session:
        """This thread's session."""
        found: requests.Session | None = getattr(self._local, "session", None)
        if found is None:
            import requests  # noqa: PLC0415

            found = requests.Session()
            found.auth = _as_it_is  # or the machine's .netrc would take the header's place
            bound(found)
            self._local.session = found
        return found


def _as_it_is(request: Any) -> Any:  # noqa: ANN401 - requests' own interface
    return request


def bound(session: requests.Session) -> None:
    """Make a session refuse answers beyond the bound."""
    from requests.adapters import HTTPAdapter  # noqa: PLC0415

    class Bounded(HTTPAdapter):
        """Reads an answer up to the bound."""

        def send(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401
            response = super().send(*args, **kwargs)
            stream = response.raw.stream

            def bounded(*how: Any, **what: Any) -> Iterator[bytes]:  # noqa: ANN401
                size = 0
                for part in stream(*how, **what):
                    size += len(part)
                    if size > LARGEST_ANSWER_BYTES:
                        response.raw.close()
                        most = LARGEST_ANSWER_BYTES // 1024 // 1024
                        msg = f"the answer has more than {most} MiB"
                        raise Unexpected(msg)
                    yield part

            response.raw.stream = bounded
            return response

    session.mount("https://", Bounded())
    session.mount("http://", Bounded())


def answered(response: requests.Response) -> Answer:
    """What came, without the library's own words."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, response.content)


def unreachable(error: Exception) -> ProviderError:
    """What a failed exchange means."""
    import requests  # noqa: PLC0415

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, requests.exceptions.Timeout):
        return Unreachable("Google did not answer in time")
    if isinstance(error, requests.exceptions.SSLError):
        return Unreachable("the TLS certificate was not accepted")
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return Unreachable("the answer broke off")
    if isinstance(error, requests.exceptions.ConnectionError):
        return Unreachable("Google could not be reached, or closed the connection")
    return Unexpected(f"the exchange with Google failed ({type(error).__name__})")
