"""Ways to sign in, and settings that cannot be honoured."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from soc2_collectors.github.settings import GithubSettings
from soc2_pac.config import SecretRef
from soc2_pac.errors import CredentialsRejected, Unexpected

if TYPE_CHECKING:
    from .conftest import Source

TOKEN = {"env": "T"}


def private_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"token": TOKEN, "app_id": 1, "installation_id": 2, "private_key": TOKEN},
        {"app_id": 1},
        {"app_id": 1, "private_key": TOKEN},
        {"token": TOKEN, "organization": "acme/api"},
        {"token": TOKEN, "base_url": "api.github.com"},
        {"token": TOKEN, "base_url": "http://github.acme.example/api/v3"},
        {"token": TOKEN, "base_url": "http://127.0.0.1.acme.example"},
        {"token": TOKEN, "max_attempts": 0},
        {"token": TOKEN, "organisation": "acme"},
        {"token": "ghp_written_into_the_file"},
    ],
)
def test_settings_that_cannot_be_honoured(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"organization": "acme", **wrong}, GithubSettings)
    assert "ghp_written" not in str(caught.value)


def test_an_app_signs_in_once(github: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", private_key())
    connection = github.connect(
        token=None, app_id=7, installation_id=8, private_key=SecretRef(env="ACME_KEY")
    )
    assert connection.whoami().principal == "app 7, installation 8"
    connection.whoami()
    signed_in = [path for method, path in github.emulator.requests if method == "POST"]
    assert signed_in == ["/app/installations/8/access_tokens"]


def test_a_key_that_cannot_sign(github: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "no key at all")
    connection = github.connect(
        token=None, app_id=7, installation_id=8, private_key=SecretRef(env="ACME_KEY")
    )
    with pytest.raises(CredentialsRejected) as caught:
        connection.whoami()
    assert "no key at all" not in str(caught.value)


def test_there_are_no_scopes_of_another_sort(github: Source) -> None:
    with pytest.raises(Unexpected):
        github.connect().discover("region")


def test_the_provider_is_listed_without_its_sdk() -> None:
    code = (
        "import importlib, sys; from soc2_collectors.github import GithubProvider as P;"
        "[importlib.import_module(m) for m in P().modules]; print('github' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
