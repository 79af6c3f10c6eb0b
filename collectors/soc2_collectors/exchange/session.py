"""The same wire for libraries that sign in, or ask, by a session of ``requests``."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from soc2_collectors.exchange.wire import Wire
    from soc2_pac.hookspecs import Meter


class _Body(io.BytesIO):
    """A body that was read; libraries set attributes of urllib3's on it."""


def session(wire: Wire[Any], left: Callable[[], float] | None = None) -> requests.Session:
    """A session that asks by the wire; it keeps no cookies and takes no credentials from this machine."""
    import requests  # noqa: PLC0415

    made = requests.Session()
    made.trust_env = False  # the wire knows of proxies; a .netrc would take the place of the token
    mount(made, wire, left)
    return made


def mount(
    made: requests.Session,
    wire: Wire[Any],
    left: Callable[[], float] | None = None,
    meter: Meter | None = None,
    call: Callable[[], str] = str,
) -> None:
    """Make a session ask by the wire. Errors are those of the wire, never the library's own.

    Args:
        made: the session.
        wire: by which it asks from now on.
        left: seconds that remain to whoever asks.
        meter: in its place: of the unit of work, which learns what was answered too.
        call: for ``meter``, the declared call that is asked at this moment.
    """
    from http.cookiejar import DefaultCookiePolicy  # noqa: PLC0415

    import requests  # noqa: PLC0415
    from requests.adapters import BaseAdapter  # noqa: PLC0415
    from requests.structures import CaseInsensitiveDict  # noqa: PLC0415

    class Adapter(BaseAdapter):
        """One exchange of the wire, as ``requests`` hands it out."""

        def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:  # noqa: ANN401
            answer = wire.exchange(
                request.method,
                request.url,
                dict(request.headers),
                request.body,
                seconds=left() if left else None,
                meter=meter,
                call=call(),
            )
            response = requests.Response()
            response.request, response.url = request, request.url
            response.status_code = answer.status
            # The body is decompressed already, and nobody is to follow a redirection.
            dropped = ("location", "content-encoding", "content-length", "set-cookie")
            response.headers = CaseInsensitiveDict(
                {name: value for name, value in answer.headers.items() if name not in dropped}
            )
            response.raw = _Body(answer.body)
            return response

        def close(self) -> None:
            """Connections belong to the wire."""

    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    made.mount("https://", Adapter())
    made.mount("http://", Adapter())
