"""A recording tells nobody whose it is, and is judged like what it was made of."""

from __future__ import annotations

import ipaddress
import json
import pickle
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_pac.collect import recording
from soc2_pac.collect.answers import Answered, Exchanges, disguised, without_secrets
from soc2_pac.collect.disguise import Disguise
from soc2_pac.errors import UsageError
from soc2_pac.model import Exchange

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"k" * 32
WORDS = frozenset(
    {"administratoraccess", "role", "bucket", "enabled", "security", "mark", "arn", "aws", "iam"}
)


def disguise(texts: frozenset[str] = frozenset()) -> Disguise:
    return Disguise(WORDS, texts, KEY)


@pytest.mark.parametrize(
    "text",
    [
        "jane.doe@widgets.com",
        "mark@widgets.com",
        "Widgets Holding",
        "111122223333",
        "0b1f6471-1bf0-4dda-aec3-cb9272f09590",
        "i-0abc123def4567890",
        "arn:aws:iam::111122223333:role/payroll",
        "widgets-payroll",
        "WidgetsPayroll",
        "8.8.8.8",
        "2a00:1450:4001:82b::200e",
    ],
)
def test_what_is_a_companys_own_becomes_something_else_of_the_same_form(text: str) -> None:
    map_ = disguise()
    new = map_.text(text)
    assert new != text
    assert map_.text(text) == new
    assert Disguise(WORDS, frozenset(), b"another").text(text) != new
    for part in ("jane", "doe", "widgets", "payroll", "111122223333", "0b1f6471", "0abc123"):
        assert part not in new.lower()
    assert ("mark" not in new) if text.startswith("mark@") else True, (
        "a person's name may be a word"
    )
    if ":" not in text and "." not in text:
        assert [c if not c.isalnum() else "x" for c in new] == [
            c if not c.isalnum() else "x" for c in text
        ]
        assert [c.isupper() for c in new] == [c.isupper() for c in text]


@pytest.mark.parametrize(
    "text",
    [
        "AdministratorAccess", "ENABLED", "2026-01-02T03:04:05Z", "2026-01-02", "0.0.0.0/0", "::/0", "10.1.2.3",
        "10.0.0.0/8", "192.168.1.0/24", "127.0.0.1", "::1", "169.254.169.254", "192.0.2.7", "443", "tcp",
        "0.0.0.0/1", "128.0.0.0/1", "[redacted: found github-token]", "fe80::1", "", "eu-west-1",
    ],
)  # fmt: skip
def test_what_rules_may_compare_with_stays(text: str) -> None:
    assert disguise(frozenset({"tcp"})).text(text) == text or text == "tcp"


def test_one_name_is_one_everywhere() -> None:
    new = disguise().value(
        {
            "name": "payroll",
            "arn": "arn:aws:iam::111122223333:role/payroll",
            "Account": "111122223333",
            "policy": '{"arn": "arn:aws:iam::111122223333:role/Payroll"}',
            "labels": {"payroll": "on"},
            "retentionPeriod": "31536000",
            "id": 123456789,
            "owner_id": "123456789",
            "size": 123456789,
        }
    )
    name, account = new["name"], new["Account"]
    assert new["arn"] == f"arn:aws:iam::{account}:role/{name}"
    assert json.loads(new["policy"])["arn"] == f"arn:aws:iam::{account}:role/{name.title()}"
    assert list(new["labels"]) == [name]
    assert new["retentionPeriod"] == "31536000"
    assert str(new["id"]) == new["owner_id"] != "123456789"
    assert new["size"] == 123456789


ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address),
    st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address),
    st.integers(0x2000 << 112, 0x3FFF << 112).map(ipaddress.IPv6Address),
)


@settings(deadline=None, max_examples=100)
@given(ADDRESSES, st.integers(0, 128))
def test_addresses_keep_their_class_and_their_networks(address: Any, length: int) -> None:
    map_ = disguise()
    network = ipaddress.ip_network((address, min(length, address.max_prefixlen)), strict=False)
    new, new_network = map_.text(str(address)), map_.text(str(network))
    moved = ipaddress.ip_address(new)
    assert moved in ipaddress.ip_network(new_network), (
        "no bit is set behind the mask, and it holds the same"
    )
    for what in (
        "is_private",
        "is_global",
        "is_loopback",
        "is_link_local",
        "is_multicast",
        "is_reserved",
    ):
        assert getattr(moved, what) == getattr(address, what), what
    assert ipaddress.ip_network(new_network).prefixlen == network.prefixlen
    assert ipaddress.ip_network(new_network).is_private == network.is_private


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32 - 1), st.integers(0, 100_000))
def test_a_range_of_addresses_stays_one(first: int, size: int) -> None:
    start = ipaddress.IPv4Address(first)
    end = ipaddress.IPv4Address(min(first + size, 2**32 - 1))
    a, b = disguise().text(f"{start}-{end}").split("-")
    assert int(ipaddress.IPv4Address(b)) - int(ipaddress.IPv4Address(a)) == int(end) - int(start)
    assert disguise().value({"startIpAddress": str(start), "endIpAddress": str(end)}) == {
        "startIpAddress": a,
        "endIpAddress": b,
    }


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=4),
        unique_by=str.lower,
    )
)
def test_two_names_never_become_one(words: list[str]) -> None:
    map_ = disguise()
    assert len({map_.text(word).lower() for word in words}) == len(words)


def test_a_reason_stays_readable() -> None:
    map_ = disguise()
    name = map_.text("payroll")
    said = map_.known("jane@widgets.com may not read payroll in 111122223333: access was denied")
    assert said.endswith("access was denied")
    assert name in said
    for part in ("jane", "payroll", "111122223333"):
        assert part not in said


# -- files ------------------------------------------------------------------------------------------------------


def _written(directory: Path, map_: Disguise | None = None) -> recording.Writer:
    writer = recording.Writer(directory, map_)
    said = recording.Collected(
        source="prod", provider="aws", kind="aws.s3.bucket", scope="aws:111122223333", status="partial",
        reason="111122223333 was denied",
    )  # fmt: skip
    gaps = {"GetBucketPolicy": {"status": "denied", "reason": "denied for payroll"}}
    body = {"Name": "payroll", "$gaps": gaps}
    writer.write(said, [recording.Kept(uid="payroll", name="payroll", body=body)])
    return writer


def _closed(directory: Path, map_: Disguise | None = None) -> None:
    _written(directory, map_).close(
        made_by="soc2-pac 1",
        providers=["aws"],
        thresholds={"a-rule": {"domains": ["widgets.com"], "days": 90}},
        now=datetime(2026, 1, 2, tzinfo=UTC),
    )


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    _closed(tmp_path / "new")
    read = recording.read(tmp_path / "new")
    assert read.now == datetime(2026, 1, 2, tzinfo=UTC)
    ((said, (kept,)),) = read.collections
    assert (said.status, said.scope, kept.uid) == ("partial", "aws:111122223333", "payroll")
    assert kept.body["$gaps"]["GetBucketPolicy"]["status"] == "denied"
    for path in (tmp_path / "new").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, "nobody else may read it"


def test_nothing_of_a_company_is_in_a_file(tmp_path: Path) -> None:
    _closed(tmp_path / "new", disguise())
    whole = "".join(p.read_text() for p in (tmp_path / "new").rglob("*") if p.is_file())
    for part in ("payroll", "111122223333", "widgets"):
        assert part not in whole
    ((said, (kept,)),) = recording.read(tmp_path / "new").collections
    assert kept.uid == kept.name == kept.body["Name"]
    assert said.reason.endswith("was denied")
    assert kept.body["$gaps"]["GetBucketPolicy"]["reason"] == f"denied for {kept.uid}"


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no recording"):
        recording.read(tmp_path)
    _written(tmp_path / "cut off")
    with pytest.raises(UsageError, match="holds no recording"):
        recording.read(tmp_path / "cut off")
    with pytest.raises(UsageError, match="not empty"):
        recording.Writer(tmp_path / "cut off", None)
    _closed(tmp_path / "new")
    (path,) = (tmp_path / "new" / "collections").iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(UsageError, match="is broken"):
        recording.read(tmp_path / "new")
    (tmp_path / "new" / "recording.json").write_text(
        '{"format": 99, "made_by": "", "now": "", "providers": []}'
    )
    with pytest.raises(UsageError, match="format 99"):
        recording.read(tmp_path / "new")


# -- answers ----------------------------------------------------------------------------------------------------

ASKED = Exchange(
    "s3:GetBucketPolicy",
    "GET",
    "https://payroll.s3.amazonaws.com/widgets-payroll/jane%40widgets.com?policy&max=100"
    "&token=ghp_0123456789abcdefghijklmnopqrstuvwxyzAB&after=amFuZS5kb2VAd2lkZ2V0cy5jb20gcGF5cm9sbA%3D%3D",
)
HEADERS = {
    "content-type": "application/json; charset=utf-8",
    "date": "Mon, 30 Nov 2026 20:30:54 GMT",
    "retry-after": "30",
    "x-ratelimit-reset": "1796070660",
    "x-ms-ratelimit-remaining-subscription-reads": "11999",
    "x-amzn-errortype": "PayrollLockedException",
    "x-request-id": "8f14e45f-ceea-467f-ab2c-111122223333",
    "set-cookie": "session=payroll",
    "link": '<https://api.widgets.com/repos/payroll?page=2&cursor=abcdefghijklmnopqrstuvwxyz>; rel="next"',
}
NAMES = (
    "payroll",
    "widgets",
    "jane",
    "111122223333",
    "ghp_",
    "amFuZS5kb2VA",
    "abcdefghijklm",
    "8f14e45f",
)


ERROR_JSON = json.dumps(
    {
        "__type": "PayLockedException",
        "message": "jane@widgets.com of 111122223333 may not read payroll",
        "details": [{"code": "SomethingNew", "token": "widgets-payroll-0123456789"}],
    }
).encode()
ERROR_XML = (
    b"<Error><Code>PolicyOdd</Code><Message>no policy of payroll</Message>"
    b"<Resource>/payroll</Resource><HostId>111122223333</HostId></Error>"
)


def _answered(body: bytes, status: int = 403) -> Answered:
    given = Exchange(ASKED.operation, ASKED.method, ASKED.url, status, HEADERS, body)
    return disguised(without_secrets(given), disguise())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (ERROR_JSON, "PayLockedException"),
        (ERROR_XML, "PolicyOdd"),
        (b"<html>jane of widgets: payroll 111122223333", ""),
        (b"\xff\xfe payroll", ""),
    ],
)
def test_an_answer_says_what_happened_and_to_whom_it_does_not(body: bytes, code: str) -> None:
    said = _answered(body)
    whole = msgspec.json.encode(said).decode()
    for name in NAMES:
        assert name not in whole.replace("PayrollLockedException", "")
    assert code in whole
    assert (said.call, said.status, said.size) == ("s3:GetBucketPolicy", 403, len(body))
    assert said.error
    kept = {n: v for n, v in HEADERS.items() if n not in ("x-request-id", "set-cookie", "link")}
    assert said.headers == {**kept, "link": said.headers["link"]}
    assert said.headers["link"].endswith('cursor=[26 characters]>; rel="next"')
    assert said.url.startswith("https://")
    assert "max=100" in said.url


def test_one_name_is_one_in_documents_and_answers() -> None:
    map_ = disguise()
    new = map_.value({"name": "payroll"})["name"]
    said = disguised(without_secrets(ASKED), map_)
    assert said.url.startswith(f"https://{new}.s3.")


def test_the_body_of_an_answer_that_was_of_use_is_not_kept_twice() -> None:
    said = _answered(b'{"Policy": "{}"}', 200)
    assert (said.error, said.size) == (None, 16)


def test_a_request_without_an_answer_says_why() -> None:
    failed = Exchange(
        "c", "GET", "https://payroll.com/", problem="payroll.com did not answer in time"
    )
    said = disguised(without_secrets(failed), disguise())
    assert said.status is None
    assert said.problem.endswith("did not answer in time")
    assert "payroll" not in said.problem


def test_answers_are_written_beside_their_collection(tmp_path: Path) -> None:
    kept = Exchanges()
    kept.add(ASKED)
    kept.add(Exchange("c", "GET", "https://payroll.com/", 200))
    copied: Exchanges = pickle.loads(pickle.dumps(kept))  # as an executor hands it over
    writer = recording.Writer(tmp_path / "new", disguise())
    said = recording.Collected(
        source="prod", provider="aws", kind="aws.s3.bucket", scope="aws:1", status="complete"
    )
    writer.write(said, [], copied)
    (path,) = (tmp_path / "new" / "exchanges").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert [json.loads(line)["call"] for line in path.read_bytes().splitlines()] == [
        "s3:GetBucketPolicy",
        "c",
    ]
    assert writer.answers == 2
    assert path.name == "0001-aws.s3.bucket.jsonl"


def test_a_name_that_was_met_nowhere_is_none_in_a_reason() -> None:
    said = disguise().known(
        "User: arn:aws:iam::111122223333:user/payroll is not authorized by 'widgets' (Jane Doe)"
    )
    for name in ("payroll", "widgets", "Jane", "Doe", "111122223333"):
        assert name not in said
    assert "is not authorized by" in said
