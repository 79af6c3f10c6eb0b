"""What each declared call was answered, as a recording holds it: status, the headers that matter, errors.

Documents are kept for themselves, so the body of an answer that was of use is not kept again; that of an
error is. Secrets are cut before anything is held; names are replaced when it is written.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
import threading
import urllib.parse
from typing import IO, TYPE_CHECKING, Any

import msgspec

from soc2_pac.collect import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.collect.disguise import Disguise
    from soc2_pac.model import Exchange

_SPOOL_BYTES = 1024 * 1024
_ERROR_BYTES = 64 * 1024
"""Of an error's body. Providers' own have a few hundred; a proxy's page may have more, and says little."""
_TEXT = 2000
"""Letters of an error that is no JSON."""
_ERROR = 400
_HEADERS = frozenset(
    {
        "content-type", "date", "deprecation", "link", "location", "retry-after", "server", "sunset", "warning",
        "www-authenticate",
        # Error codes, and the permission that was missing.
        "x-amzn-errortype", "x-ms-error-code", "x-accepted-github-permissions", "x-accepted-oauth-scopes",
        "x-oauth-scopes", "x-github-media-type", "x-github-sso", "x-amz-bucket-region",
    }
)  # fmt: skip
"""The headers that matter for how an answer is understood; ids of requests are not among them."""
_LIMIT = re.compile(r"(?:x-)?rate-?limit.*|x-ms-(?:ratelimit|user-quota).*|x-amzn-ratelimit.*")
_PLAIN = re.compile(
    # Numbers, an instant as HTTP writes it, a media type, an area: nobody's name.
    r"[\d.,;=: wq-]+|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT"
    r"|(?:application|text)/[\w.+-]+(?:; ?(?:charset|q|odata[.\w]*)=[\w.-]+)*|[a-z]{2}-[a-z]+-\d"
)
_CODES = frozenset(
    {"__type", "code", "error", "errorcode", "reason", "status", "type", "x-amzn-errortype", "x-ms-error-code"}
)  # fmt: skip
"""Where providers name the sort of an error, which no recording is worth anything without."""
_CODE = re.compile(r"(?:[a-z.]+#)?[A-Za-z]+(?:[._][A-Za-z]+)*\d{0,7}(?::http[\w:/.]*)?")
_TAG = re.compile(r"<([A-Za-z]\w*)>([^<>]*)</\1>")
_LINK = re.compile(r'<([^<>]*)>[^<]*?\brel="?([a-z]+)"?')
_PARAMETER = re.compile(r"[A-Za-z_$][\w$.-]*")
"""What names of parameters look like, which the provider gave."""
_OPAQUE = re.compile(r"[\w+/=%~.-]{24,}")
"""The name of a page: letters that may say in base64 what nobody is to read."""


class Answered(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line of a recording: a request and its answer."""

    call: str
    """The declared call."""
    method: str
    url: str
    status: int | None = None
    """Of HTTP; absent where nothing usable came."""
    headers: dict[str, str] = {}
    size: int = 0
    """Bytes of the answer's body, decompressed."""
    error: Any = None
    """The body of an error."""
    problem: str = ""
    """Why nothing usable came."""


def without_secrets(exchange: Exchange) -> Answered:
    """What is kept of an exchange, under its own names."""
    failed = exchange.status is not None and exchange.status >= _ERROR
    return Answered(
        call=exchange.operation,
        method=exchange.method,
        url=redact.scrub(exchange.url),
        status=exchange.status,
        headers={
            name: redact.scrub(value)
            for name, value in exchange.headers.items()
            if name in _HEADERS or _LIMIT.fullmatch(name)
        },
        size=len(exchange.body),
        error=_error(exchange.body) if failed and exchange.body else None,
        problem=redact.scrub(exchange.problem),
    )


def _error(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    text = body[:_ERROR_BYTES].decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):
        return redact.scrub_document(json.loads(text))
    named = {name: redact.scrub(said) for name, said in _TAG.findall(text)}
    # XML of AWS; of a page of some proxy the letters themselves.
    return named or redact.scrub(text[:_TEXT])


def disguised(said: Answered, disguise: Disguise) -> Answered:
    """The same under other names."""
    return msgspec.structs.replace(
        said,
        url=_address(said.url, disguise),
        headers={name: _header(name, value, disguise) for name, value in said.headers.items()},
        error=_renamed(said.error, "", disguise),
        problem=disguise.known(said.problem),
    )


def _header(name: str, value: str, disguise: Disguise) -> str:
    if _PLAIN.fullmatch(value) or (name in _CODES and _CODE.fullmatch(value)):
        return value
    if name == "location":
        return _address(value, disguise)
    if name == "link":
        return ", ".join(
            f'<{_address(target, disguise)}>; rel="{relation}"'
            for target, relation in _LINK.findall(value)
        )
    return disguise.text(value)


def _renamed(value: Any, key: str, disguise: Disguise) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        code = key.lower() in _CODES and _CODE.fullmatch(value)
        return value if code else disguise.text(value)
    if isinstance(value, list):
        return [_renamed(item, key, disguise) for item in value]
    if isinstance(value, dict):
        return {
            name if name.lower() in _CODES else next(iter(disguise.value({name: None}))): _renamed(
                item, name, disguise
            )
            for name, item in value.items()
        }
    return disguise.value(value, key)


def _address(url: str, disguise: Disguise) -> str:
    """An address whose every part is replaced like a name; what names a page is left out."""
    parts = urllib.parse.urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    path = "/".join(
        urllib.parse.quote(disguise.text(urllib.parse.unquote(one)), safe=":@$,;'()*!~=")
        for one in parts.path.split("/")
    )
    query = "&".join(
        f"{name if _PARAMETER.fullmatch(name) else disguise.text(name)}={_parameter(value, disguise)}"
        for name, value in urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
    )
    return urllib.parse.urlunsplit((parts.scheme, disguise.text(host), path, query, ""))


def _parameter(value: str, disguise: Disguise) -> str:
    if _OPAQUE.fullmatch(value):
        return f"[{len(value)} characters]"
    return urllib.parse.quote(disguise.text(value), safe=" :/@$,;'()*!~=[]")


class Exchanges:
    """What was answered in one unit of work: in memory while small. Safe to use from threads."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115
        self._lock = threading.Lock()

    def __del__(self) -> None:
        self._file.close()

    def add(self, exchange: Exchange) -> None:
        """Keep one."""
        line = msgspec.json.encode(without_secrets(exchange))
        with self._lock:
            self._file.write(line + b"\n")

    def __iter__(self) -> Iterator[Answered]:
        """In the order in which they were answered."""
        with self._lock:
            self._file.seek(0)
            for line in self._file:
                yield msgspec.json.decode(line, type=Answered)

    def __getstate__(self) -> bytes:
        """The bytes themselves: an executor in another process has other files."""
        with self._lock:
            self._file.seek(0)
            return self._file.read()

    def __setstate__(self, content: bytes) -> None:
        self.__init__()  # type: ignore[misc]
        self._file.write(content)
