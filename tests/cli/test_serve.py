"""``serve`` as a process: its link, its refusals, its end."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org", ""])
def test_it_serves_this_machine_alone(cli: Callable[..., Ended], host: str) -> None:
    ended = cli("serve", "--store", "sqlite:///none.db", "--host", host)
    assert ended.code == 2
    assert "is no loopback address" in ended.err


def test_without_the_extra_it_says_what_to_install(
    cli: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "soc2_pac.web.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    ended = cli("serve", "--store", "sqlite:///none.db")
    assert ended.code == 2
    assert "pip install 'soc2-pac[web]'" in ended.err


def test_without_a_store_it_says_so(cli: Callable[..., Ended]) -> None:
    ended = cli("serve", "--store", "sqlite:///none.db")
    assert ended.code == 2
    assert "Next: soc2-pac run" in ended.err


def test_a_taken_port_is_named(cli: Callable[..., Ended]) -> None:
    assert cli("db", "upgrade", "--store", "sqlite:///a.db").code == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = cli("serve", "--store", "sqlite:///a.db", "--port", port)
    assert ended.code == 2
    assert "Next: --port 0" in ended.err


@pytest.mark.enable_socket
def test_its_link_opens_the_pages_and_a_signal_ends_it(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'a.db'}"
    command = [sys.executable, "-m", "soc2_pac"]
    subprocess.run([*command, "db", "upgrade", "--store", store], check=True, capture_output=True)
    before = (tmp_path / "a.db").read_bytes()
    with subprocess.Popen(
        [*command, "serve", "--store", store, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as server:
        try:
            assert server.stdout is not None
            assert "Serving sqlite:" in server.stdout.readline()
            (link,) = re.findall(r"http://\S+", server.stdout.readline())
            base = link.partition("/login")[0]
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(f"{base}/")
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            page = opener.open(link).read().decode()
            assert "Nothing was judged yet" in page
            with pytest.raises(urllib.error.HTTPError, match="503") as refused:
                opener.open(f"{base}/findings.json")
            assert b"nothing was judged yet" in refused.value.read()
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
        assert server.stderr is not None
        assert "Traceback" not in server.stderr.read()
    assert (tmp_path / "a.db").read_bytes() == before
