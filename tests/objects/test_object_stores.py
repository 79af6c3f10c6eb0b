"""Object stores of three providers: put if absent, get by parts, with a credential of their own."""

from __future__ import annotations

import hashlib
import io
import time
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.aws.client.objects import S3Objects
from soc2_collectors.azure.client.objects import Container
from soc2_collectors.azure.objects import BlobSettings
from soc2_collectors.exchange import keeping
from soc2_collectors.exchange.keeping import KeepingWire, Objects
from soc2_collectors.exchange.wire import Wire
from soc2_collectors.gcp.client.objects import Bucket
from soc2_collectors.gcp.objects import GcsSettings
from soc2_pac import plugins
from soc2_pac.audit import attachments
from soc2_pac.config import SecretRef, parse
from soc2_pac.errors import (
    CallRefused,
    ConfigError,
    CredentialsRejected,
    Denied,
    Gone,
    IntegrityError,
    Throttled,
    Unexpected,
    Unreachable,
)

from .buckets import TOKEN, Buckets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from soc2_pac.hookspecs import ObjectStore

REGISTRY = plugins.load()
TENANT = "11111111-2222-3333-4444-555555555555"
NAME = "attachments/ab/abcd"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, dict[str, Any]]]:
    """(url, access) of a bucket of moto's."""
    import boto3
    from moto.server import ThreadedMotoServer

    monkeypatch.setenv("KEEPER_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("KEEPER_SECRET", "not-a-real-secret-anywhere")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket="acme-evidence")
    yield (
        "s3://acme-evidence/soc2",
        {
            "access_key_id": {"env": "KEEPER_ID"},
            "secret_access_key": {"env": "KEEPER_SECRET"},
            "region": "us-east-1",
            "endpoint_url": endpoint,
        },
    )
    client.close()
    server.stop()
    import moto.backends as all_backends

    all_backends.get_backend("s3").reset()


@pytest.fixture
def gcs() -> Iterator[Buckets]:
    with Buckets("gcp", "acme-evidence") as server:
        yield server


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Buckets]:
    monkeypatch.setenv("KEEPER_TOKEN", TOKEN)
    with Buckets("azure", "evidence") as server:
        yield server


def named(server: Buckets) -> tuple[str, dict[str, Any]]:
    """(url, access) of a bucket or container."""
    if server.kind == "gcp":
        return "gs://acme-evidence/soc2", {"endpoint": server.url}
    return (
        "https://acme.blob.core.windows.net/evidence/soc2",
        {"tenant": TENANT, "endpoint": server.url, "loopback_token": {"env": "KEEPER_TOKEN"}},
    )


@pytest.fixture(params=["aws", "gcp", "azure"])
def place(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Each object store, as a configuration names it."""
    if request.param == "aws":
        found: tuple[str, dict[str, Any]] = request.getfixturevalue("s3")
        return found
    return named(request.getfixturevalue("gcs" if request.param == "gcp" else "azure"))


def outside(place: tuple[str, dict[str, Any]]) -> attachments.Outside:
    url, access = place
    config = parse({"attachments": {"url": url, "access": access}}, None)
    found = attachments.outside(config, REGISTRY)
    assert found is not None
    return found


def store(place: tuple[str, dict[str, Any]]) -> ObjectStore:
    return outside(place).place


# -- what all of them do --------------------------------------------------------------------------------


def test_what_is_put_comes_back(
    place: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PART_BYTES", 1000)
    monkeypatch.setattr("soc2_collectors.aws.client.objects.PART_BYTES", 1000)
    content = bytes(range(256)) * 13
    kept = store(place)
    assert kept.put(NAME, io.BytesIO(content), len(content)) is True
    parts = list(kept.get(NAME))
    assert b"".join(parts) == content
    assert [len(part) for part in parts] == [1000, 1000, 1000, 328]


def test_what_is_there_is_not_overwritten(place: tuple[str, dict[str, Any]]) -> None:
    kept = store(place)
    assert kept.put(NAME, io.BytesIO(b"first"), 5) is True
    assert kept.put(NAME, io.BytesIO(b"other"), 5) is False
    assert b"".join(kept.get(NAME)) == b"first"


def test_what_is_not_there_is_gone(place: tuple[str, dict[str, Any]]) -> None:
    with pytest.raises(Gone):
        list(store(place).get(NAME))


def test_an_attachment_goes_there_and_back(
    place: tuple[str, dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(b"x" * (attachments.INSIDE_BYTES + 1))
    where = outside(place)
    file = attachments.keep(path, where)
    assert file.location == f"{place[0]}/attachments/{file.digest[:2]}/{file.digest}"
    assert attachments.keep(path, where) == file, "what is there already is read, and is the same"
    assert sum(map(len, attachments.read(file, where))) == file.size


def test_something_else_under_its_name_is_no_place_for_a_file(
    place: tuple[str, dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(b"x" * (attachments.INSIDE_BYTES + 1))
    where = outside(place)
    name = attachments.object_name(hashlib.sha256(path.read_bytes()).hexdigest())
    where.place.put(name, io.BytesIO(b"planted"), 7)
    with pytest.raises(IntegrityError, match="is not the one that was handed in"):
        attachments.keep(path, where)


def test_a_place_that_does_not_exist(place: tuple[str, dict[str, Any]]) -> None:
    url, access = place
    with pytest.raises(Unexpected, match=r"no bucket|no such place"):
        store((url.replace("evidence", "elsewhere"), access)).put(NAME, io.BytesIO(b"a"), 1)


# -- whose credential -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "access", "said"),
    [
        ("s3://acme-evidence", {}, "name a credential that may write there"),
        ("s3://acme-evidence", {"secret_access_key": "AKIA"}, "a secret must not stand in the file"),
        ("s3://acme-evidence", {"profil": "x"}, r"access\.profil: unknown key. Did you mean 'profile'"),
        (
            "s3://acme-evidence",
            {"profile": "x", "access_key_id": {"env": "A"}, "secret_access_key": {"env": "B"}},
            "exclude each other",
        ),
        ("gs://acme-evidence", {}, "name exactly one service account that may write there"),
        ("gs://acme-evidence", {"endpoint": "https://evil.example"}, "is not of the form http://127"),
        ("https://acme.blob.core.windows.net/e", {"tenant": TENANT}, "name an identity that may write"),
        (
            "https://acme.blob.core.windows.net/e",
            {"tenant": TENANT, "loopback_token": {"env": "A"}, "endpoint": "https://evil.example"},
            "loopback_token is for emulators",
        ),
        ("https://acme.blob.core.windows.net", {}, "is of no known object store"),
        ("https://acme.blob.core.windows.net.evil.example/e", {}, "is of no known object store"),
        ("s3://UPPER", {}, "is of no known object store"),
        ("gs://acme-evidence/../b", {}, "is of no known object store"),
        ("s3://acme-evidence/./b", {}, "is of no known object store"),
        ("https://acme.blob.core.windows.net/e/..", {}, "is of no known object store"),
    ],
)  # fmt: skip
def test_wrong_settings(url: str, access: dict[str, Any], said: str) -> None:
    config = parse({"attachments": {"url": url, "access": access}}, None)
    with pytest.raises(ConfigError, match=said):
        attachments.check(config, REGISTRY)


def test_a_secret_in_plain_text_stops_every_command_before_it_is_recorded() -> None:
    from soc2_pac import api

    table = {"url": "s3://acme-evidence", "access": {"secret_access_key": "hunter2hunter2"}}
    with pytest.raises(ConfigError, match="a secret must not stand in the file") as raised:
        api.make_workspace(parse({"attachments": table}, None), REGISTRY, sources_needed=False)
    assert "hunter2" not in str(raised.value)


def test_a_role_is_assumed(s3: tuple[str, dict[str, Any]]) -> None:
    url, access = s3
    role = "arn:aws:iam::123456789012:role/evidence-writer"
    kept = store((url, {**access, "role_arn": role, "external_id": "acme"}))
    assert isinstance(kept, S3Objects)
    assert kept.put(NAME, io.BytesIO(b"a"), 1) is True
    keys = kept._client()._request_signer._credentials
    assert keys.token
    assert keys.access_key != "AKIAIOSFODNN7EXAMPLE"
    assert kept._client() is kept._client()
    kept._ends = 0.0
    before = kept._client()
    kept._ends = 0.0
    assert kept._client() is not before, "keys of a role are asked for again before they end"


def test_a_key_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPER_KEY", "no key")
    with pytest.raises(CredentialsRejected, match="is no key of a service account"):
        store(("gs://acme-evidence", {"key": {"env": "KEEPER_KEY"}}))


def test_a_profile_that_is_not_there() -> None:
    with pytest.raises(CredentialsRejected, match="profile"):
        store(("s3://acme-evidence", {"profile": "nobody-has-this"}))


def test_a_token_that_is_not_accepted(azure: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPER_TOKEN", "another")
    with pytest.raises(CredentialsRejected):
        store(named(azure)).put(NAME, io.BytesIO(b"a"), 1)
    assert azure.held == {}


# -- what may be sent -----------------------------------------------------------------------------------


def test_s3_refuses_every_other_operation(s3: tuple[str, dict[str, Any]]) -> None:
    kept = store(s3)
    assert isinstance(kept, S3Objects)
    key = {"Bucket": "acme-evidence", "Key": "x"}
    for act, asked in (
        ("delete_object", key),
        ("head_object", key),
        ("put_object_acl", key),
        ("list_objects_v2", {"Bucket": "acme-evidence"}),
        ("copy_object", {**key, "CopySource": "a/b"}),
    ):
        with pytest.raises(CallRefused, match="neither keeps nor reads a file"):
            getattr(kept._client(), act)(**asked)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/c/p/x"),
        ("POST", "/c/p/x"),
        ("PUT", "/c/other"),
        ("PUT", "/c/p/../other"),
        ("PUT", "/c/p/x?comp=lease"),
        ("GET", "/c/p"),
        ("GET", "/c/p/?restype=container&comp=list"),
        ("PUT", "/c/pp/x"),
    ],
)
def test_the_wire_keeps_and_reads_files_below_its_address_only(method: str, path: str) -> None:
    wire = KeepingWire("Acme", 5, "http://127.0.0.1:9/c/p")
    with pytest.raises(CallRefused, match="refused before it was sent"):
        wire.exchange(method, f"http://127.0.0.1:9{path}", {})
    with pytest.raises(Unexpected, match="not the configured host"):
        wire.exchange("PUT", "http://127.0.0.1:8/c/p/x", {})


def test_the_wire_of_collectors_still_refuses_to_put() -> None:
    from soc2_collectors.exchange.answer import Answer

    wire = Wire("Acme", 5, ["http://127.0.0.1:9"], Answer, posts="/query")
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        with pytest.raises(CallRefused):
            wire.exchange(method, "http://127.0.0.1:9/x", {}, io.BytesIO(b"a"))


# -- trouble --------------------------------------------------------------------------------------------


def patient(server: Buckets) -> tuple[Objects, list[float]]:
    waits: list[float] = []
    if server.kind == "gcp":
        one: Any = Bucket("acme-evidence/soc2", GcsSettings(endpoint=server.url))
    else:
        settings = BlobSettings(
            tenant=TENANT, endpoint=server.url, loopback_token=SecretRef(env="KEEPER_TOKEN")
        )
        one = Container("https://acme.blob.core.windows.net/evidence/soc2", settings)
    return Objects(one, KeepingWire("Acme", 5, one.base), waits.append), waits


@pytest.mark.parametrize("server", ["gcs", "azure"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_is_waited_out(server: str, status: int, request: pytest.FixtureRequest) -> None:
    there: Buckets = request.getfixturevalue(server)
    objects, waits = patient(there)
    there.answers = [(status, {}), (status, {})]
    assert objects.put(NAME, io.BytesIO(b"content"), 7) is True
    assert list(there.held.values()) == [b"content"], "each attempt sends all of it"
    there.answers = [(status, {})]
    assert b"".join(objects.get(NAME)) == b"content"
    assert len(waits) == 3
    there.answers = [(status, {})] * 3
    with pytest.raises(Throttled if status == 429 else Unreachable):
        objects.put(NAME, io.BytesIO(b"content"), 7)


def test_what_is_refused_is_not_tried_again(gcs: Buckets) -> None:
    objects, waits = patient(gcs)
    gcs.answers = [(403, {})]
    with pytest.raises(Denied) as raised:
        objects.put(NAME, io.BytesIO(b"a"), 1)
    assert raised.value.permission == "storage.objects.create"
    assert waits == []


def test_a_conflict_that_is_none_of_names_is_no_success(azure: Buckets) -> None:
    objects, _ = patient(azure)
    azure.answers = [(409, {"x-ms-error-code": "BlobImmutableDueToPolicy"})]
    with pytest.raises(Unexpected, match="answered 409 to PUT"):
        objects.put(NAME, io.BytesIO(b"a"), 1)


@pytest.mark.parametrize(
    "said",
    [{"Content-Range": "bytes 0-0/9"}, {"Content-Range": "bytes 7-9/10"}, {"Content-Range": "x"}],
)
def test_another_part_than_was_asked_for_is_refused(gcs: Buckets, said: dict[str, str]) -> None:
    objects, _ = patient(gcs)
    gcs.answers = [(206, said)]
    with pytest.raises(Unexpected, match="another part"):
        list(objects.get(NAME))


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    one = Bucket("acme-evidence", GcsSettings(endpoint="http://127.0.0.1:9"))
    objects = Objects(one, KeepingWire("Acme", 1, one.base), waits.append)
    began = time.monotonic()
    with pytest.raises(Unreachable):
        objects.put(NAME, io.BytesIO(b"a"), 1)
    assert len(waits) == 2
    assert time.monotonic() - began < 10
