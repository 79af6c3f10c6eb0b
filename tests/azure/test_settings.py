"""Ways to sign in, clouds, and settings that cannot be honoured."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import jwt
import msgspec
import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import CredentialUnavailableError

from soc2_collectors.azure.client.signing import TOKEN_CALL, SignedIn, claims
from soc2_collectors.azure.settings import AzureSettings
from soc2_demo.azure_words import TENANT, azure_id
from soc2_pac.config import SecretRef
from soc2_pac.errors import ConfigError, CredentialsRejected, ProviderError, Unreachable

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Source

SECRET = {"env": "T"}
APP = azure_id("app")
HERE = {"arm_endpoint": "http://127.0.0.1:1", "graph_endpoint": "http://localhost:1"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"tenant": "acme.onmicrosoft.com"},
        {"subscriptions": ["production"]},
        {"subscriptions": "some"},
        {"cloud": "germany"},
        {"secret": SECRET},
        {"client_id": APP},
        {"client_id": APP, "secret": SECRET, "certificate": SECRET},
        {"client_id": APP, "secret": SECRET, "managed_identity": True},
        {"client_id": APP, "secret": "hidden"},
        {"arm_endpoint": "http://management.example"},
        {"arm_endpoint": "https://me:hidden@management.example"},
        {"arm_endpoint": "https://management.example/path"},
        {"arm_endpoint": "https://management.example:port"},
        {"authority": "http://127.0.0.1:1"},
        {"loopback_token": SECRET},
        {"loopback_token": SECRET, "arm_endpoint": "http://127.0.0.1:1"},
        {"loopback_token": SECRET, **HERE, "graph_endpoint": "https://127.0.0.1.example"},
        {"loopback_token": SECRET, **HERE, "managed_identity": True},
        HERE,
        {"client_id": APP, "secret": SECRET, **HERE},
        {"max_attempts": 0},
        {"timeout_seconds": 0},
        {"organisation": "acme"},
    ],
)
def test_settings_that_cannot_be_honoured(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"tenant": TENANT, **wrong}, AzureSettings)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "way",
    [
        {},
        {"client_id": APP, "secret": SECRET},
        {"client_id": APP, "certificate": SECRET},
        {"client_id": APP, "federated_token": {"file": "token"}},
        {"managed_identity": True},
        {"managed_identity": True, "client_id": APP},
        {"loopback_token": SECRET, **HERE},
        {"subscriptions": []},
        {"subscriptions": [APP]},
        {"cloud": "usgov", "graph_endpoint": "https://dod-graph.microsoft.us/"},
    ],
)
def test_settings_that_can(way: dict[str, Any]) -> None:
    settings = msgspec.convert({"tenant": TENANT, **way}, AzureSettings)
    assert not settings.arm.endswith("/")
    assert not settings.graph.endswith("/")


@pytest.mark.parametrize(
    ("cloud", "addresses"),
    [
        ("public", ("login.microsoftonline.com", "management.azure.com", "graph.microsoft.com")),
        ("usgov", ("login.microsoftonline.us", "management.usgovcloudapi.net", "graph.microsoft.us")),
        ("china", ("login.chinacloudapi.cn", "management.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn")),
    ],
)  # fmt: skip
def test_sovereign_clouds(cloud: str, addresses: tuple[str, ...]) -> None:
    settings = msgspec.convert({"tenant": TENANT, "cloud": cloud}, AzureSettings)
    said = (settings.login, settings.arm, settings.graph)
    assert said == tuple(f"https://{address}" for address in addresses)


def test_a_secret_that_is_not_there_is_told(azure: Source) -> None:
    with pytest.raises(ConfigError, match="NOBODY_SET_THIS"):
        azure.connect(loopback_token=SecretRef(env="NOBODY_SET_THIS"))


# -- tokens -------------------------------------------------------------------------------------------------


def token(tenant: str = TENANT, **said: object) -> str:
    return jwt.encode({"tid": tenant, **said}, "k" * 32, algorithm="HS256")


class Credential:
    """Stands for one of azure-identity's."""

    def __init__(self, gives: object, lasts: float = 1e12) -> None:
        self.gives = gives
        self.lasts = lasts
        self.asked: list[tuple[str, dict[str, str]]] = []

    def get_token(self, scope: str, **more: str) -> Any:
        self.asked.append((scope, more))
        if isinstance(self.gives, Exception):
            raise self.gives
        return SimpleNamespace(token=self.gives, expires_on=self.lasts)


def signed_in(credential: Credential, **settings: Any) -> tuple[SignedIn, list[str]]:
    spent: list[str] = []
    given = {"tenant": TENANT, "managed_identity": True, **settings}
    made = SignedIn(AzureSettings(**given), spent.append)
    made._credential = credential
    return made, spent


def test_a_token_is_asked_for_once_for_each_address() -> None:
    credential = Credential(token())
    made, spent = signed_in(credential, managed_identity=False)
    assert made.token("https://a") == made.token("https://a") == made.token("https://b")
    assert credential.asked == [
        ("https://a/.default", {"tenant_id": TENANT}),
        ("https://b/.default", {"tenant_id": TENANT}),
    ]
    assert spent == [TOKEN_CALL, TOKEN_CALL]
    assert made.forget("https://a", token())
    made.token("https://a")
    assert len(spent) == 3


def test_a_token_is_renewed_before_it_expires() -> None:
    made, spent = signed_in(Credential(token(), lasts=0))
    made.token("https://a")
    made.token("https://a")
    assert len(spent) == 2


def test_a_token_of_another_tenant_is_not_used() -> None:
    made, _ = signed_in(Credential(token(azure_id("other"))))
    with pytest.raises(CredentialsRejected, match=azure_id("other")):
        made.token("https://a")


@pytest.mark.parametrize(
    ("error", "becomes", "said"),
    [
        (ClientAuthenticationError("AADSTS70002: hidden"), CredentialsRejected, "AADSTS70002"),
        (ClientAuthenticationError("hidden"), CredentialsRejected, "no credentials were found"),
        (CredentialUnavailableError("hidden"), CredentialsRejected, "no credentials were found"),
        (ServiceRequestError("hidden"), Unreachable, "could not be reached"),
        (ValueError("hidden"), CredentialsRejected, "ValueError"),
    ],
)  # fmt: skip
def test_signing_in_that_fails(error: Exception, becomes: type[ProviderError], said: str) -> None:
    made, _ = signed_in(Credential(error))
    with pytest.raises(becomes, match=said) as caught:
        made.token("https://a")
    assert "hidden" not in str(caught.value)


def test_each_way_makes_its_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("assertion")
    monkeypatch.setenv("T", "secret")

    def sort(**settings: Any) -> str:
        made = SignedIn(AzureSettings(tenant=TENANT, **settings), lambda _: None)
        return type(made._credential).__name__

    federated = SecretRef(file=str(tmp_path / "token"))
    assert sort() == "DefaultAzureCredential"
    assert sort(managed_identity=True) == "ManagedIdentityCredential"
    assert sort(client_id=APP, secret=SecretRef(env="T")) == "ClientSecretCredential"
    assert sort(client_id=APP, federated_token=federated) == "ClientAssertionCredential"
    with pytest.raises(CredentialsRejected, match="certificate"):
        sort(client_id=APP, certificate=SecretRef(env="T"))


def test_what_a_token_says_of_itself() -> None:
    assert claims(token(upn="a@b"))["upn"] == "a@b"
    for nothing in ("", "a.b", "a.b.c", "a.bnVsbA.c"):
        assert claims(nothing) == {}


def test_who_am_i_names_what_the_token_lacks(azure: Source) -> None:
    connection = azure.connect()
    given = token(appid="app-1", roles=["Directory.Read.All", "Policy.Read.All"])
    azure.emulator.state.token = given
    connection._door.signed_in._credential = Credential(given)
    identity = connection.whoami()
    assert identity.principal == "app-1"
    missing = identity.details["missing_graph_permissions"].split(", ")
    assert "AuditLog.Read.All" in missing
    assert "Policy.Read.All" not in missing
    assert "User.Read.All" not in missing


# -- loading ------------------------------------------------------------------------------------------------


def test_the_sdk_is_not_loaded_before_it_is_needed() -> None:
    code = (
        "import sys; from soc2_pac import plugins; plugins.load(); "
        "from soc2_collectors.azure import AzureProvider; AzureProvider().permissions([], 'text'); "
        "import soc2_collectors.azure.client; "
        "print([m for m in ('azure.core', 'azure.identity', 'msal', 'requests') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_is_imported_in_a_moment() -> None:
    code = (
        "import time, msgspec, soc2_pac.config, soc2_pac.hookspecs, soc2_pac.resources; "
        "began = time.process_time(); import soc2_collectors.azure; "  # whatever else the machine does
        "print(time.process_time() - began)"
    )
    command = [sys.executable, "-c", code]
    seconds = min(
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    )
    assert seconds < 0.05
