"""Ways to sign in, and settings that cannot be honoured."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from soc2_collectors.okta.settings import OktaSettings
from soc2_pac.config import SecretRef
from soc2_pac.errors import ConfigError, Unexpected
from soc2_pac.model import Scope, Selection

if TYPE_CHECKING:
    from .conftest import Source

TOKEN = {"env": "T"}
APP = {"client_id": "0oa1", "private_key": {"file": "key.pem"}}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"token": TOKEN, **APP},
        {"client_id": "0oa1"},
        {"private_key": TOKEN},
        {"token": TOKEN, "org_url": "acme.okta.com"},
        {"token": TOKEN, "org_url": "http://acme.okta.com"},
        {"token": TOKEN, "org_url": "http://127.0.0.1.okta.com"},
        {"token": TOKEN, "org_url": "ftp://acme.okta.com"},
        {"token": TOKEN, "org_url": "https://acme.okta.com/api/v1"},
        {"token": TOKEN, "org_url": "https://acme.okta.com?x=1"},
        {"token": TOKEN, "org_url": "https://me:hidden@acme.okta.com"},
        {"token": TOKEN, "org_url": "https://acme.okta.com:port"},
        {"token": TOKEN, "org_url": "https://"},
        {"token": TOKEN, "org_url": "https://acme-admin.okta.com"},
        {"token": TOKEN, "rate_limit_share": 0},
        {"token": TOKEN, "rate_limit_share": 1.5},
        {"token": TOKEN, "max_attempts": 0},
        {"token": TOKEN, "timeout_seconds": 0},
        {"token": TOKEN, "plugin_scopes": ["okta.users.manage"]},
        {"token": TOKEN, "plugin_scopes": ["okta.users.read okta.users.manage"]},
        {"token": TOKEN, "organisation": "acme"},
        {"token": TOKEN, "organization": "https://acme.okta.com"},
        {"token": "00hidden_in_the_file"},
    ],
)
def test_settings_that_cannot_be_honoured(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"org_url": "https://acme.okta.com", **wrong}, OktaSettings)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("way", [{"token": TOKEN}, APP, {**APP, "key_id": "k"}])
@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://ACME.okta.com", "acme.okta.com"),
        ("https://login.acme.example/", "login.acme.example"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://localhost:8080", "localhost:8080"),
    ],
)
def test_settings_that_can(way: dict[str, Any], url: str, host: str) -> None:
    settings = msgspec.convert({"org_url": url, **way}, OktaSettings)
    assert settings.host == host


def test_an_org_is_its_host(okta: Source) -> None:
    connection = okta.connect()
    host = okta.url.removeprefix("http://")
    assert connection.scope == Scope("okta", host)
    assert list(connection.discover("organization")) == [connection.scope]
    assert list(connection.discover("organization", Selection(accounts=("other",)))) == []
    with pytest.raises(Unexpected, match="per organization"):
        connection.discover("region")
    assert connection.spent == {}
    assert okta.emulator.requests == []


def test_an_org_behind_another_address_keeps_its_name(okta: Source) -> None:
    connection = okta.connect(organization="Acme.okta.com")
    assert connection.scope == Scope("okta", "acme.okta.com")
    assert connection.whoami().account == "acme.okta.com"
    client = connection.client(connection.scope, okta.meter, frozenset({"GET /api/v1/org"}))
    assert client.organization == "acme.okta.com"
    assert client.ask("/api/v1/org")["companyName"] == "Acme Robotics"


def test_a_secret_that_is_not_there_is_told(okta: Source) -> None:
    with pytest.raises(ConfigError, match="NOBODY_SET_THIS"):
        okta.connect(token=SecretRef(env="NOBODY_SET_THIS"))


def test_the_sdk_is_not_loaded_before_it_is_needed() -> None:
    code = (
        "import sys; from soc2_pac import plugins; plugins.load(); "
        "from soc2_collectors.okta import OktaProvider; OktaProvider().permissions([], 'text'); "
        "import soc2_collectors.okta.client; "
        "print([m for m in ('okta', 'aiohttp', 'jwt', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['asyncio']")


def test_the_sdks_own_client_is_never_loaded(okta: Source) -> None:
    list(okta.client("GET /api/v1/users").items("/api/v1/users"))
    assert "okta.client" not in sys.modules
