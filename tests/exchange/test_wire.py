"""One exchange over loopback: how long, how large, where to, and what a failure is called."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi
import pytest
from hostile_answers import MODES, Hostile

from soc2_collectors.exchange import address, pages, wire
from soc2_collectors.exchange.answer import Answer
from soc2_collectors.exchange.attempts import attempted
from soc2_collectors.exchange.outside import Outside
from soc2_collectors.exchange.session import session
from soc2_collectors.exchange.wire import Wire
from soc2_pac.collect.fetch import Limits, Meter, stopping
from soc2_pac.errors import (
    CallRefused,
    ProviderError,
    Throttled,
    Unexpected,
    Unreachable,
)

if TYPE_CHECKING:
    from soc2_pac.model import Exchange

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Said:
    """A server that answers each connection once, with the bytes that it was given."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.requests: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        for answer in self._answers:
            connection, _ = self._listening.accept()
            with connection:
                self.requests.append(connection.recv(65536))
                connection.sendall(answer)
        self._listening.close()


def whole(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = (b"Content-Type: application/json", b"Content-Length: %d" % len(body), *headers)
    return b"HTTP/1.1 " + status + b"\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + body


def asks(url: str, seconds: float = 5) -> Wire[Answer]:
    return Wire("Acme", seconds, [url], Answer, posts="/query")


@pytest.mark.parametrize("mode", MODES)
def test_no_exchange_is_longer_or_larger_than_it_may_be(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LARGEST_ANSWER_BYTES", 1024 * 1024)
    with Hostile(mode) as server:
        began = time.monotonic()
        with pytest.raises(ProviderError, match=r"in time|more than 1 MiB|broke off"):
            asks(server.url, 1.5).exchange("GET", server.url + "/", {})
        assert time.monotonic() - began < 5


def test_an_exchange_ends_when_the_unit_must() -> None:
    with Hostile("drip-body") as server:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            asks(server.url, 60).exchange("GET", server.url + "/", {}, seconds=0.5)
        with pytest.raises(Unreachable, match="in time"):
            asks(server.url, 60).exchange("GET", server.url + "/", {}, seconds=-1)
        assert time.monotonic() - began < 5


def test_what_is_compressed_is_read() -> None:
    server = Said(whole(gzip.compress(b'{"a": 1}'), b"Content-Encoding: gzip"))
    assert asks(server.url).exchange("GET", server.url + "/x?y=1", {"A": "b"}).json("c") == {"a": 1}
    assert server.requests[0].startswith(b"GET /x?y=1 HTTP/1.1\r\n")
    assert b"A: b\r\n" in server.requests[0]


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (HEAD + b"Content-Length: 10\r\n\r\n{}", Unreachable, "broke off"),
        (b"", Unreachable, "broke off"),
        (b"no HTTP\r\n\r\n", Unreachable, "broke off"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", Unreachable, "broke off"),
        (whole(b"no gzip", b"Content-Encoding: gzip"), Unexpected, "decompressed"),
        (whole(b"{}"[:1] * 9, b"Content-Encoding: gzip"), Unexpected, "decompressed"),
    ],
)
def test_broken_answers(answer: bytes, kind: type[ProviderError], said: str) -> None:
    server = Said(answer)
    with pytest.raises(kind, match=said):
        asks(server.url).exchange("GET", server.url + "/", {})


class _Listening:
    """A meter that keeps what was answered."""

    def __init__(self, seconds: float = 60) -> None:
        self._seconds = seconds
        self.heard: list[Exchange] = []

    def left(self) -> float:
        return self._seconds

    def answered(self, exchange: Exchange) -> None:
        self.heard.append(exchange)


def test_a_unit_learns_what_its_calls_were_answered() -> None:
    meter: Any = _Listening()
    server = Said(whole(b'{"a": 1}', b"X-Limit: 5", status=b"404 Not Found"))
    asks(server.url).exchange(
        "GET", f"{server.url}/x", {"Authorization": "t"}, meter=meter, call="c"
    )
    (heard,) = meter.heard
    assert (heard.operation, heard.method, heard.url) == ("c", "GET", f"{server.url}/x")
    assert (heard.status, heard.headers["x-limit"], heard.body) == (404, "5", b'{"a": 1}')
    late: Any = _Listening(1)
    with Hostile("drip-body") as dripping, pytest.raises(Unreachable, match="in time"):
        asks(dripping.url).exchange("GET", f"{dripping.url}/", {}, meter=late, call="c")
    (heard,) = late.heard
    assert heard.status is None
    assert "in time" in heard.problem


@pytest.mark.parametrize("body", [b"", b"  \n"])
@pytest.mark.parametrize("status", [b"200 OK", b"202 Accepted", b"204 No Content"])
def test_an_answer_without_a_body_says_nothing(body: bytes, status: bytes) -> None:
    server = Said(whole(b"" if status[:3] == b"204" else body, status=status))
    answer = asks(server.url).exchange("GET", server.url + "/", {})
    assert answer.empty
    with pytest.raises(Unexpected, match="without a body"):
        answer.json("GET /x")
    with pytest.raises(Unexpected, match="without a body"):
        answer.object("GET /x")


@pytest.mark.parametrize(
    "body", [b"null", b"[]", b"{}", b'{"value": null}', b'{"value": {}}', b"3"]
)
def test_a_listing_is_a_list(body: bytes) -> None:
    with pytest.raises(Unexpected, match="no list"):
        pages.records(Answer(200, {}, body).json("c"), "value", "c") or pytest.fail("empty")


def test_json_that_is_too_deep() -> None:
    with pytest.raises(Unexpected, match="malformed"):
        Answer(200, {}, b"[" * 100_000 + b"]" * 100_000).json("c")


def test_a_redirection_is_an_answer_and_is_not_followed() -> None:
    elsewhere = Said(whole(b"{}"))
    location = b"Location: " + elsewhere.url.encode()
    server = Said(*[whole(b"", location, status=b"302 Found")] * 2)
    assert asks(server.url).exchange("GET", server.url + "/", {"Authorization": "t"}).status == 302
    # Nor by a library that uses the same wire.
    signing_in = Wire("Acme", 5, None, Answer)
    assert session(signing_in).get(server.url + "/").status_code == 302
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:1/",
        "http://elsewhere.example/",
        "https://elsewhere.example/",
        "{home}@elsewhere.example/",
        "http://u:p@{host}/",
        "http:{host}/",
        "//{host}/",
        "{home}.elsewhere.example/",
        "file:///etc/passwd",
        "http://\\elsewhere.example/",
        "http://127.0.0.1 .elsewhere.example/",
        "",
    ],
)
def test_credentials_go_to_the_configured_host_only(url: str) -> None:
    home = "http://127.0.0.1:9"
    given = url.format(home=home, host="127.0.0.1:9")
    with pytest.raises(Unexpected, match="refused before"):
        asks(home).exchange("GET", given, {"Authorization": "Bearer t"})
    if given:
        with pytest.raises(Unexpected, match="next page"):
            address.following(given, home, "GET /x")


def test_plain_http_is_for_this_machine_and_its_link() -> None:
    for url, may in {
        "http://127.0.0.1/": True,
        "http://[::1]/": True,
        "http://169.254.169.254/latest": True,
        "http://metadata.google.internal/x": True,
        "http://10.0.0.1/": False,
        "http://127.0.0.1.example/": False,
        "http://elsewhere.example/": False,
    }.items():
        if may:
            address.check(url, None)
        else:
            with pytest.raises(Unexpected, match="without TLS"):
                address.check(url, None)
    with pytest.raises(Unexpected, match="without TLS"):
        address.check("http://169.254.169.254/", {address.origin("http://169.254.169.254")})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_nothing_but_reading_is_sent(method: str) -> None:
    with pytest.raises(CallRefused, match="may not only read"):
        asks("http://127.0.0.1:9").exchange(method, "http://127.0.0.1:9/query/x", {})
    with pytest.raises(Unreachable, match="could not be reached"):
        asks("http://127.0.0.1:9").exchange("POST", "http://127.0.0.1:9/query", {})


def test_a_proxy_is_asked_where_the_machine_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Said(whole(b"", status=b"403 Forbidden"))
    monkeypatch.setenv("https_proxy", proxy.url)
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(Unreachable):
        asks("https://api.example").exchange("GET", "https://api.example/", {"Authorization": "t"})
    assert proxy.requests[0].startswith(b"CONNECT api.example:443 ")
    assert b"Authorization" not in proxy.requests[0]
    # What is sent to this machine without TLS does not leave it.
    server = Said(whole(b"{}"))
    assert asks(server.url).exchange("GET", server.url + "/", {}).status == 200


# -- attempts, and who pays for the waiting ---------------------------------------------------------------


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr(stopping, "wait", waited.append)
    return waited


def test_a_call_that_never_works_is_not_tried_over_and_over(naps: list[float]) -> None:
    meter, worn = Meter(Limits()), set[str]()
    works = False

    def exchange() -> tuple[str, ProviderError | None]:
        return "x", None if works else Unreachable("500")

    def ask() -> Any:
        return attempted(meter, 4, "GET /x", exchange, lambda _: None, worn=worn)

    for count in (4, 5, 6):
        with pytest.raises(Unreachable):
            ask()
        assert meter.calls["GET /x"] == count
    works = True
    assert ask() == "x"
    works = False
    with pytest.raises(Unreachable):
        ask()
    assert meter.calls["GET /x"] == 11, "what works again is waited for again"


def test_a_server_in_trouble_spends_the_time_of_the_unit_and_a_rate_limit_does_not() -> None:
    for wrong, ends in ((Unreachable("503"), True), (Throttled("429"), False)):
        meter = Meter(Limits(seconds=0.3, waiting_seconds=2))

        def exchange(wrong: ProviderError = wrong) -> tuple[None, ProviderError | None]:
            return None, wrong

        with pytest.raises(ProviderError) as caught:
            attempted(meter, 2, "GET /x", exchange, lambda _: 0.4)
        assert ("time allowed" in str(caught.value)) is ends


def test_what_belongs_to_no_unit_ends_too() -> None:
    spent: list[str] = []
    meter = Meter(Limits(seconds=0.05, pages=2))
    outside = Outside(spent.append, meter)
    outside.request("a")
    outside.page()
    outside.page()
    with pytest.raises(Unexpected, match="2 pages"):
        outside.page()
    time.sleep(0.1)
    with pytest.raises(Unreachable, match="is spent"):
        outside.request("a")
    assert spent == ["a"]
    assert meter.calls == {"a": 1}


def test_authorities_are_read_once_and_anew_when_their_file_changes(tmp_path: Path) -> None:
    bundle = tmp_path / "authorities.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes())
    first = wire._trust(str(bundle))
    assert wire._trust(str(bundle)) is first
    assert first.verify_mode is ssl.CERT_REQUIRED
    assert first.check_hostname
    one, end = bundle.read_text(encoding="utf-8"), "-----END CERTIFICATE-----\n"
    bundle.write_text(one[: one.index(end) + len(end)], encoding="utf-8")
    os.utime(bundle, (1, 1))
    again = wire._trust(str(bundle))
    assert again is not first
    assert len(again.get_ca_certs()) == 1 < len(first.get_ca_certs())
    with pytest.raises(FileNotFoundError):
        wire._trust(str(tmp_path / "none.pem"))
