"""What it means when GitHub gives an App no token: not every trouble is the credentials' fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from soc2_pac.config import SecretRef
from soc2_pac.errors import CredentialsRejected, ProviderError, Throttled, Unexpected, Unreachable

if TYPE_CHECKING:
    from .conftest import Source

APP = {"token": None, "app_id": 7, "installation_id": 8, "private_key": SecretRef(env="ACME_KEY")}

REFUSALS = [
    (401, '{"message": "Bad credentials"}', CredentialsRejected),
    (403, '{"message": "This installation has been suspended"}', CredentialsRejected),
    (403, '{"message": "API rate limit exceeded for installation ID 8"}', Throttled),
    (404, '{"message": "Not Found"}', CredentialsRejected),
    (429, '{"message": "slow down"}', Throttled),
    (500, '{"message": "oops"}', Unreachable),
    (200, '{"token": ', Unexpected),
]


@pytest.fixture(scope="module")
def key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


@pytest.mark.parametrize(
    ("status", "body", "error"), REFUSALS, ids=[f"{s}-{e.__name__}" for s, _, e in REFUSALS]
)
def test_a_refused_token_is_told_from_a_passing_trouble(
    github: Source,
    naps: list[float],
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    status: int,
    body: str,
    error: type[ProviderError],
) -> None:
    monkeypatch.setenv("ACME_KEY", key)
    github.emulator.faults.add("access_tokens", status=status, body=body)
    with pytest.raises(error) as caught:
        github.connect(**APP).whoami()
    assert type(caught.value) is error
    assert "PRIVATE KEY" not in str(caught.value)
    assert "ID 8" not in str(caught.value)


def test_a_passing_trouble_is_tried_again(
    github: Source, naps: list[float], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("ACME_KEY", key)
    github.emulator.faults.add("access_tokens", status=500, times=1)
    assert github.connect(**APP).whoami().principal == "app 7, installation 8"
    assert len(naps) == 1
