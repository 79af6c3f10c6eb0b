"""Ways to sign in, and settings that cannot be honoured."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from soc2_collectors.gcp.client.identity import SCOPE, credentials, delegated, principal
from soc2_collectors.gcp.settings import GcpSettings
from soc2_pac.config import SecretRef
from soc2_pac.errors import ConfigError, CredentialsRejected, NotEnabled

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Source

KEY = {"env": "ACME_GCP_KEY"}
ADDRESS = "reader@acme-prod.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    "wrong",
    [
        {"organization": ""},
        {"projects": ["acme-prod"]},
        {"folders": ["1"]},
        {"organization": "acme-robotics.example"},
        {"organization": "organizations/1"},
        {"organization": "", "folders": ["folders/1"]},
        {"organization": "", "projects": ["projects/acme"]},
        {"organization": "", "projects": ["../acme"]},
        {"quota_project": "Acme"},
        {"impersonate": "reader"},
        {"key": KEY, "federation": "wif.json"},
        {"key": "hidden_in_the_file"},
        {"workspace_admin": "it@acme-robotics.example"},
        {"workspace_admin": "it", "key": KEY},
        {"workspace_admin": "it@acme-robotics.example", "key": KEY, "impersonate": ADDRESS},
        {"endpoint": "https://cloudasset.googleapis.com"},
        {"endpoint": "http://acme.example"},
        {"endpoint": "http://127.0.0.1.acme.example"},
        {"endpoint": "http://me:hidden@127.0.0.1:1"},
        {"endpoint": "http://127.0.0.1:1/v1"},
        {"endpoint": "http://127.0.0.1:port"},
        {"endpoint": "http://127.0.0.1:1", "key": KEY},
        {"endpoint": "http://127.0.0.1:1", "impersonate": ADDRESS},
        {"max_attempts": 0},
        {"timeout_seconds": 0},
        {"organisation": "1"},
    ],
)
def test_settings_that_cannot_be_honoured(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"organization": "429871003562", **wrong}, GcpSettings)
    assert "hidden_in" not in str(caught.value)


@pytest.mark.parametrize(
    "right",
    [
        {"organization": "1"},
        {"folders": ["1", "2"], "quota_project": "acme-tools"},
        {"projects": ["acme-prod", "acme.example:legacy-app"]},
        {"organization": "1", "key": KEY, "impersonate": ADDRESS},
        {"organization": "1", "key": KEY, "workspace_admin": "it@acme-robotics.example"},
        {"organization": "1", "endpoint": "http://localhost:8080/"},
    ],
)
def test_settings_that_can(right: dict[str, Any]) -> None:
    settings = msgspec.convert(right, GcpSettings)
    assert {name for name in right if getattr(settings, name)} == set(right)


def test_the_federation_file_stands_beside_the_configuration(tmp_path: Path) -> None:
    settings = GcpSettings(organization="1", federation="wif.json").beside(tmp_path)
    assert settings.federation == str(tmp_path / "wif.json")
    assert GcpSettings(organization="1").beside(tmp_path).federation == ""


# -- credentials ------------------------------------------------------------------------------------------


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> SecretRef:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode()
    info = {
        "type": "service_account",
        "client_email": ADDRESS,
        "private_key": pem,
        "private_key_id": "1",
        "token_uri": "http://127.0.0.1:1/token",
    }
    monkeypatch.setenv("ACME_GCP_KEY", json.dumps(info))
    return SecretRef(env="ACME_GCP_KEY")


def test_a_key(key: SecretRef) -> None:
    found = credentials(GcpSettings(organization="1", key=key, quota_project="acme-tools"))
    assert principal(found) == ADDRESS
    assert found.scopes == [SCOPE]
    assert found.quota_project_id == "acme-tools"


def test_acting_as_a_service_account(key: SecretRef) -> None:
    acting = "auditor@acme-prod.iam.gserviceaccount.com"
    found = credentials(GcpSettings(organization="1", key=key, impersonate=acting))
    assert principal(found) == acting


def test_in_an_administrators_name(key: SecretRef) -> None:
    admin = "it@acme-robotics.example"
    settings = GcpSettings(organization="1", key=key, workspace_admin=admin)
    found = delegated(settings, ["https://www.googleapis.com/auth/admin.directory.user.readonly"])
    assert found._subject == admin
    with pytest.raises(ConfigError, match="workspace_admin"):
        delegated(GcpSettings(organization="1", key=key), [])


@pytest.mark.parametrize("text", ["no json: hidden", "[]", '{"type": "hidden"}'])
def test_a_key_that_is_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ACME_GCP_KEY", text)
    with pytest.raises(CredentialsRejected, match="no key") as caught:
        credentials(GcpSettings(organization="1", key=SecretRef(env="ACME_GCP_KEY")))
    assert "hidden" not in str(caught.value)


def _federation(source: dict[str, Any], **other: Any) -> str:
    said = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": source,
        **other,
    }
    return json.dumps(said)


AWS = {
    "environment_id": "aws1",
    "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity",
}


@pytest.mark.parametrize("source", [{"file": "/run/token"}, {"url": "http://127.0.0.1:1/t"}, AWS])
def test_federation(tmp_path: Path, source: dict[str, Any]) -> None:
    path = tmp_path / "wif.json"
    other = {}
    if source is AWS:
        other = {"subject_token_type": "urn:ietf:params:aws:token-type:aws4_request"}
    path.write_text(_federation(source, **other))
    found = credentials(GcpSettings(organization="1", federation=str(path)))
    assert "external" in str(type(found).__mro__)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "no json",
        "[]",
        '{"type": "external_account"}',
        _federation({"executable": {"command": "rm"}}),
        _federation({"file": "/run/token"}, type="authorized_user"),
    ],
)
def test_federation_that_cannot_be_used(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "wif.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match="federation"):
        credentials(GcpSettings(organization="1", federation=str(path)))


def test_no_default_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(CredentialsRejected, match="application-default login"):
        credentials(GcpSettings(organization="1"))


def test_a_key_that_gets_no_token(gcp: Source, key: SecretRef) -> None:
    """What the token endpoint refuses is told as such, and is no answer of the inventory."""
    from soc2_collectors.gcp.methods import Request

    info = json.loads(key.resolve())
    connection = gcp.connect()
    settings = GcpSettings(organization="1", key=key)
    door = connection._door
    door.credentials = credentials(settings)
    door.credentials._token_uri = f"{gcp.url}/token"
    gcp.emulator.faults.add("/token", status=400, body='{"error": "invalid_grant"}')
    request = Request("GET", f"{gcp.url}/cloudasset/v1/organizations/1/assets", {}, None, ())
    with pytest.raises(CredentialsRejected, match="invalid_grant") as caught:
        door.exchange("c", request, gcp.meter)
    assert info["private_key"][40:80] not in str(caught.value)
    assert connection.spent["oauth2.token"] >= 1
    assert not [path for _, path in gcp.emulator.requests if "assets" in path]


def test_users_of_workspace_are_not_read_without_an_administrator(gcp: Source) -> None:
    from soc2_collectors.gcp.methods import Request

    connection = gcp.connect()
    door = connection._door
    door.settings = GcpSettings(organization="1")
    scopes = (
        "https://www.googleapis.com/auth/admin.directory.user",
        "https://www.googleapis.com/auth/admin.directory.user.readonly",
    )
    request = Request("GET", f"{gcp.url}/admin/directory/v1/users", {}, None, scopes)
    with pytest.raises(NotEnabled, match="workspace_admin"):
        door.exchange("c", request, gcp.meter)


# -- loading ------------------------------------------------------------------------------------------------


def test_the_sdk_is_not_loaded_before_it_is_needed() -> None:
    code = (
        "import sys; from soc2_pac import plugins; plugins.load(); "
        "from soc2_collectors.gcp import GcpProvider; GcpProvider().permissions([], 'text'); "
        "import soc2_collectors.gcp.client; "
        "print([m for m in ('google.auth', 'googleapiclient', 'grpc', 'requests', 'httplib2') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_provider_takes_less_than_50_ms() -> None:
    code = (
        "import time, soc2_pac.config, soc2_pac.hookspecs; began = time.process_time(); "
        "import soc2_collectors.gcp; print(time.process_time() - began)"
    )
    took = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        took.append(float(done.stdout))
    assert min(took) < 0.05
