"""Signing in as a service app: what is signed, what is asked for, and what a refusal means."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from soc2_collectors.okta.permissions import NEEDS
from soc2_pac.config import SecretRef
from soc2_pac.errors import (
    ConfigError,
    CredentialsRejected,
    Denied,
    ProviderError,
    Throttled,
    Unexpected,
    Unreachable,
)

from .conftest import TOKEN

if TYPE_CHECKING:
    from .conftest import Source

CLIENT = "0oaacmecollector1"
APP: dict[str, Any] = {"token": None, "client_id": CLIENT, "private_key": SecretRef(env="ACME_KEY")}
USERS = "GET /api/v1/users"
ROLES = "GET /api/v1/users/{userId}/roles"
TOKEN_CALL = "POST /oauth2/v1/token"


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP384R1())


@pytest.fixture
def app(okta: Source, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setenv("ACME_KEY", pem(RSA_KEY))
    okta.emulator.state.apps[CLIENT] = public(RSA_KEY)
    return okta


def users(app: Source, **settings: Any) -> list[dict[str, Any]]:
    return list(app.client(USERS, **{**APP, **settings}).items("/api/v1/users"))


def tokens(app: Source) -> int:
    return sum(method == "POST" for method, _ in app.emulator.requests)


def test_a_service_app_signs_in_once_for_each_scope(app: Source) -> None:
    connection = app.connect(**APP)
    for _ in "12":
        client = connection.client(connection.scope, app.meter, frozenset({USERS, ROLES}))
        found = list(client.items("/api/v1/users", limit=10))
        app.emulator.state.answers[f"/api/v1/users/{found[0]['id']}/roles"] = []
        fact = client.list_fact("/api/v1/users/{userId}/roles", userId=found[0]["id"])
        assert fact.call() == []
    assert tokens(app) == 2
    scopes = [sorted(scopes) for scopes in app.emulator.tokens.values()]
    assert scopes == [["okta.users.read"], ["okta.roles.read"]]
    assert connection.spent == {TOKEN_CALL: 2}
    assert TOKEN_CALL not in app.meter.calls


def test_what_is_signed(app: Source) -> None:
    users(app, key_id="key-1")
    (claims,) = app.emulator.assertions
    assert claims["iss"] == claims["sub"] == CLIENT
    assert claims["aud"] == f"{app.url}/oauth2/v1/token"
    assert 0 < claims["exp"] - claims["iat"] <= 3600


def test_every_assertion_is_for_one_use(app: Source) -> None:
    users(app)
    users(app)
    first, second = app.emulator.assertions
    assert first["jti"] != second["jti"]


@pytest.mark.parametrize("form", ["RSA PEM", "EC PEM", "RSA JWK", "EC JWK"])
def test_keys_in_the_forms_that_okta_makes(
    app: Source, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    key = RSA_KEY if "RSA" in form else EC_KEY
    if "JWK" in form:
        algorithm: Any = (
            jwt.algorithms.RSAAlgorithm if "RSA" in form else jwt.algorithms.ECAlgorithm
        )
        made = algorithm.to_jwk(key, as_dict=True) | {"kid": "key-7", "use": "sig"}
        text = json.dumps(made, indent=2)
    else:
        text = pem(key)
    monkeypatch.setenv("ACME_KEY", text)
    app.emulator.state.apps[CLIENT] = public(key)
    assert users(app)


@pytest.mark.parametrize(
    "key",
    [
        "no key",
        "{}",
        '{"kty": "RSA"}',
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        public(RSA_KEY),
    ],
)
def test_a_key_that_cannot_sign(app: Source, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("ACME_KEY", key)
    with pytest.raises(CredentialsRejected, match="cannot sign") as caught:
        app.connect(**APP)
    assert "AAAA" not in str(caught.value)
    assert app.emulator.requests == []


def test_a_key_of_somebody_else(app: Source) -> None:
    app.emulator.state.apps[CLIENT] = public(EC_KEY)
    with pytest.raises(CredentialsRejected, match="not accept"):
        users(app)
    assert tokens(app) == 1


def test_a_scope_that_was_not_granted_is_named(app: Source) -> None:
    app.emulator.state.granted = {"okta.groups.read"}
    with pytest.raises(Denied) as caught:
        users(app)
    assert caught.value.permission is not None
    assert "okta.users.read" in caught.value.permission
    assert caught.value.operation == TOKEN_CALL


def test_a_scope_that_is_missing_spoils_only_what_needs_it(app: Source) -> None:
    app.emulator.state.granted = {"okta.users.read"}
    client = app.client(USERS, ROLES, **APP)
    assert len(list(client.items("/api/v1/users"))) == len(
        app.emulator.state.answers["/api/v1/users"]
    )
    with pytest.raises(Denied, match=r"okta\.roles\.read"):
        client.list_fact("/api/v1/users/{userId}/roles", userId="00u1").call()


def test_no_scope_that_writes_is_ever_asked_for() -> None:
    for need in NEEDS.values():
        assert need.scope.startswith("okta.")
        assert need.scope.endswith(".read")


def test_calls_of_plugins_have_scopes_of_the_settings(app: Source) -> None:
    app.emulator.state.answers["/api/v1/things"] = [{"id": "t"}]
    client = app.client("GET /api/v1/things", **APP, plugin_scopes=("okta.things.read",))
    assert list(client.items("/api/v1/things")) == [{"id": "t"}]
    assert list(app.emulator.tokens.values()) == [{"okta.things.read"}]


# -- tokens that end ----------------------------------------------------------------------------------


def test_an_expired_token_is_renewed_once(app: Source) -> None:
    client = app.client(USERS, **APP)
    list(client.items("/api/v1/users"))
    app.emulator.tokens.clear()
    assert len(list(client.items("/api/v1/users"))) == len(
        app.emulator.state.answers["/api/v1/users"]
    )
    assert tokens(app) == 2
    assert app.meter.calls == {USERS: 3}, "the refused request is counted too"


def test_a_token_that_is_refused_again_is_not_renewed_for_ever(app: Source) -> None:
    app.emulator.faults.add("/users", status=401)
    with pytest.raises(CredentialsRejected):
        users(app)
    assert tokens(app) == 2


def test_a_feature_that_is_missing_is_no_expired_token(app: Source) -> None:
    text = '{"errorCode": "E0000015", "errorSummary": "You do not have permission to access it"}'
    app.emulator.faults.add("/users", status=401, body=text)
    with pytest.raises(ProviderError, match="E0000015"):
        users(app)
    assert tokens(app) == 1


def test_an_api_token_is_not_renewed(okta: Source) -> None:
    client = okta.client(USERS)
    okta.emulator.state.token = "another"
    with pytest.raises(CredentialsRejected):
        list(client.items("/api/v1/users"))
    assert len(okta.emulator.requests) == 1


def test_a_token_is_renewed_before_it_ends(app: Source, naps: list[float]) -> None:
    client = app.client(USERS, **APP)
    list(client.items("/api/v1/users"))
    naps.append(3541)
    list(client.items("/api/v1/users"))
    assert tokens(app) == 2
    assert app.meter.calls == {USERS: 2}


# -- clocks that differ -------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [-7200, -400, 400, 7200])
def test_a_clock_that_differs_is_told_by_the_answer(app: Source, ahead: int) -> None:
    app.emulator.now = lambda: time.time() + ahead
    client = app.client(USERS, **APP)
    assert list(client.items("/api/v1/users"))
    assert tokens(app) <= 2
    spent = tokens(app)
    app.emulator.tokens.clear()
    assert list(client.items("/api/v1/users"))
    assert tokens(app) == spent + 1, "what was learned of the clock is kept"


# -- refusals -----------------------------------------------------------------------------------------


REFUSALS = [
    (401, '{"error": "invalid_client", "error_description": "no"}', CredentialsRejected),
    (400, '{"errorCode": "E0000021", "errorSummary": "Bad request"}', CredentialsRejected),
    (400, '{"error": "invalid_dpop_proof", "error_description": "no"}', CredentialsRejected),
    (404, "<html>not here</html>", Unexpected),
    (429, '{"errorCode": "E0000047", "errorSummary": "too many"}', Throttled),
    (500, '{"errorCode": "E0000009", "errorSummary": "oops"}', Unreachable),
    (200, '{"access_token": ', Unexpected),
    (200, '{"token_type": "Bearer", "expires_in": 3600}', Unexpected),
    (200, '{"access_token": "t", "expires_in": "soon"}', Unexpected),
    (200, "[]", Unexpected),
    (200, '{"access_token": "t", "token_type": "DPoP", "expires_in": 3600}', CredentialsRejected),
]


@pytest.mark.parametrize(
    ("status", "body", "error"), REFUSALS, ids=[f"{n}-{r[0]}" for n, r in enumerate(REFUSALS)]
)
def test_a_refused_token_is_told_from_a_passing_trouble(
    app: Source, naps: list[float], status: int, body: str, error: type[ProviderError]
) -> None:
    app.emulator.faults.add("token", status=status, body=body)
    with pytest.raises(error) as caught:
        users(app)
    assert type(caught.value) is error
    assert "eyJ" not in str(caught.value)
    assert tokens(app) == (2 if error in (Throttled, Unreachable) else 1)


def test_a_passing_trouble_is_tried_again(app: Source, naps: list[float]) -> None:
    app.emulator.faults.add("token", status=503, times=1)
    assert users(app)
    assert len(naps) == 1


# -- who am I -----------------------------------------------------------------------------------------


def test_who_a_token_is(okta: Source) -> None:
    connection = okta.connect()
    identity = connection.whoami()
    assert identity.principal == "fatima.haddad@acme-robotics.example"
    assert identity.account == okta.url.removeprefix("http://")
    assert identity.details["org_id"].startswith("00o")
    assert connection.spent == {
        "GET /api/v1/users/me": 1, "GET /.well-known/okta-organization": 1,
    }  # fmt: skip


def test_who_a_service_app_is(app: Source) -> None:
    connection = app.connect(**APP)
    identity = connection.whoami()
    assert identity.principal == f"service app {CLIENT}"
    assert identity.details == {"org_id": identity.details["org_id"], "org_pipeline": "idx"}
    assert connection.spent == {TOKEN_CALL: 1, "GET /.well-known/okta-organization": 1}


def test_a_service_app_is_told_which_scopes_it_lacks(app: Source) -> None:
    every = {need.scope for need in NEEDS.values()}
    app.emulator.state.granted = every - {"okta.logs.read", "okta.roles.read"}
    identity = app.connect(**APP).whoami()
    assert identity.details["missing_scopes"] == "okta.logs.read, okta.roles.read"


def test_whoami_tells_wrong_credentials(app: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    app.emulator.state.apps.clear()
    with pytest.raises(CredentialsRejected):
        app.connect(**APP).whoami()
    app.emulator.state.token = "another"
    with pytest.raises(CredentialsRejected) as caught:
        app.connect().whoami()
    assert TOKEN not in str(caught.value)
    monkeypatch.setenv("ACME_OKTA_TOKEN", "two words")
    with pytest.raises(ConfigError):
        app.connect()
