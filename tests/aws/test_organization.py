"""An organisation at once: which accounts, through which role, and what one denied account does."""

from __future__ import annotations

import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs

import pytest

from soc2_collectors.aws import AwsProvider
from soc2_collectors.aws.client import AwsConnection
from soc2_collectors.aws.settings import AwsSettings, ExcludedAccount
from soc2_pac import config, plugins
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Meter
from soc2_pac.collect.plan import make_plan
from soc2_pac.errors import ConfigError, CredentialsRejected, Denied, NotEnabled, Unexpected
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Scope, Selection, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

MANAGEMENT, SHOP, DATA, CLOSED, CLOSING, DENIED = (f"{n}00000000000" for n in range(3, 9))
ORGANIZATION = "o-exampleorgid"
ACCOUNTS = [
    {"Id": MANAGEMENT, "Status": "ACTIVE", "State": "ACTIVE"},
    {"Id": SHOP, "State": "ACTIVE"},
    {"Id": DATA, "Status": "ACTIVE"},
    {"Id": CLOSED, "Status": "SUSPENDED", "State": "CLOSED"},
    {"Id": CLOSING, "Status": "PENDING_CLOSURE"},
    {"Id": DENIED, "State": "ACTIVE"},
]
"""AWS is replacing Status by State: some answers have one, some both."""


class Organizations:
    """STS, Organizations and EC2's regions over HTTP, as far as discovery asks them."""

    def __init__(self, own: str = MANAGEMENT, accounts: list[dict[str, str]] | None = None) -> None:
        self.own = own
        self.accounts = ACCOUNTS if accounts is None else accounts
        self.in_use = True
        self.asked: list[tuple[str, str]] = []
        """(operation, the key that signed it)."""
        self.roles: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: two would wait for an acknowledgement

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
                form = {key: values[0] for key, values in parse_qs(body).items()}
                operation = target or form["Action"]
                key = self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
                outer.asked.append((operation, key))
                status, answer = outer.answer(operation, form, json.loads(body) if target else {})
                raw = answer.encode()
                self.send_response(status)
                kind = "application/x-amz-json-1.1" if target else "text/xml"
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, operation: str, form: dict[str, str], sent: dict[str, Any]) -> tuple[int, str]:
        if operation == "GetCallerIdentity":
            return 200, _xml(
                operation, f"<Arn>arn:aws:iam::{self.own}:user/a</Arn><Account>{self.own}</Account>"
            )
        if operation == "AssumeRole":
            self.roles.append(form["RoleArn"])
            account = form["RoleArn"].split(":")[4]
            if account == DENIED:
                return (
                    403,
                    "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
                )
            return 200, _xml(operation, (
                f"<Credentials><AccessKeyId>AKIA{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                "<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
            ))  # fmt: skip
        if operation == "DescribeOrganization":
            if not self.in_use:
                return 400, json.dumps({"__type": "AWSOrganizationsNotInUseException"})
            return 200, json.dumps(
                {"Organization": {"Id": ORGANIZATION, "MasterAccountId": MANAGEMENT}}
            )
        if operation == "ListAccounts":
            start = int(sent.get("NextToken", 0))
            page = {"Accounts": self.accounts[start : start + 2]}
            following = {"NextToken": str(start + 2)} if start + 2 < len(self.accounts) else {}
            return 200, json.dumps({**page, **following})
        if operation == "DescribeRegions":
            regions = "".join(
                f"<item><regionName>{name}</regionName></item>"
                for name in ("eu-west-1", "us-east-1")
            )
            return (
                200,
                f"<DescribeRegionsResponse><regionInfo>{regions}</regionInfo></DescribeRegionsResponse>",
            )
        return 200, f"<{operation}Response><volumeSet/></{operation}Response>"

    def connect(self, **given: Any) -> AwsConnection:
        chosen = {"organization": True, "role": "audit/reader", **given}
        return AwsConnection(AwsSettings(endpoint_url=self.url, max_attempts=1, **chosen))

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _xml(operation: str, result: str) -> str:
    return f"<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOWN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-real-secret-anywhere")
    fetch.forget_connections()
    yield
    fetch.forget_connections()


def _excluded(account: str) -> ExcludedAccount:
    return ExcludedAccount(account=account, reason="training", owner="ciso", date=date(2026, 1, 5))


def test_accounts_are_found_and_each_that_cannot_be_read_is_told() -> None:
    with Organizations() as aws:
        connection = aws.connect(exclude_accounts=(_excluded(DATA),))
        found = list(connection.discover("account"))
    readable = [item.account for item in found if isinstance(item, Scope)]
    assert readable == [MANAGEMENT, SHOP]
    unread = {item.scope.account: item for item in found if isinstance(item, Unread)}
    assert {account: item.status for account, item in unread.items()} == {
        DATA: S.SKIPPED, CLOSED: S.SKIPPED, CLOSING: S.SKIPPED, DENIED: S.DENIED,
    }  # fmt: skip
    assert unread[DATA].reason == (
        f"account {DATA} is left out by exclude_accounts: training (ciso, 2026-01-05)"
    )
    assert "closed" in unread[CLOSED].reason
    assert "pending closure" in unread[CLOSING].reason
    assert unread[DENIED].permission == "sts:AssumeRole"
    roles = [f"arn:aws:iam::{account}:role/audit/reader" for account in (SHOP, DENIED)]
    assert sorted(aws.roles) == roles, "asked for side by side, each once"
    assert connection.spent == {
        "sts:GetCallerIdentity": 1, "organizations:ListAccounts": 3, "sts:AssumeRole": 2,
    }  # fmt: skip


def test_regions_are_asked_with_each_accounts_own_credentials() -> None:
    with Organizations() as aws:
        connection = aws.connect(regions=("eu-west-1", "ap-south-1"))
        found = list(connection.discover("region"))
        # A second sort of scope asks nothing again, the refused role included.
        list(connection.discover("account"))
    by_status: dict[str, set[str]] = {}
    for item in found:
        status = item.status.value if isinstance(item, Unread) else "readable"
        scope = item.scope if isinstance(item, Unread) else item
        by_status.setdefault(status, set()).add(scope.boundary)
    active = (MANAGEMENT, SHOP, DATA)
    assert by_status == {
        "readable": {f"{account}/eu-west-1" for account in active},
        "skipped": {f"{account}/ap-south-1" for account in active}
        | {f"{a}/{r}" for a in (CLOSED, CLOSING) for r in ("eu-west-1", "ap-south-1")},
        "denied": {f"{DENIED}/eu-west-1", f"{DENIED}/ap-south-1"},
    }
    signed = {key for operation, key in aws.asked if operation == "DescribeRegions"}
    assert signed == {"AKIAOWN", f"AKIA{SHOP}", f"AKIA{DATA}"}
    assert sorted(aws.roles) == sorted(set(aws.roles)), "each role is asked for once"


def test_only_the_chosen_accounts_are_asked() -> None:
    with Organizations() as aws:
        found = list(aws.connect().discover("region", Selection((DATA,), ("eu-west-1",))))
    assert found == [Scope("aws", f"{DATA}/eu-west-1")]
    assert [role.split(":")[4] for role in aws.roles] == [DATA]


def test_a_client_signs_for_the_account_of_its_scope() -> None:
    with Organizations() as aws:
        connection = aws.connect()
        allowed = frozenset({"ec2:DescribeVolumes"})
        listings = [
            connection.client(Scope("aws", f"{account}/eu-west-1"), Meter(Limits()), allowed).items(
                "ec2", "describe_volumes", "Volumes"
            )
            for account in (SHOP, DATA, MANAGEMENT)
        ]
        # Interleaved on one thread: who asks is known to each call, not to the client that they share.
        for listing in listings:
            assert list(listing) == []
        with pytest.raises(Denied, match="sts:AssumeRole"):
            list(
                connection.client(
                    Scope("aws", f"{DENIED}/eu-west-1"), Meter(Limits()), allowed
                ).items("ec2", "describe_volumes", "Volumes")
            )
    signed = [key for operation, key in aws.asked if operation == "DescribeVolumes"]
    assert signed == [f"AKIA{SHOP}", f"AKIA{DATA}", "AKIAOWN"]


def test_the_organisation_is_a_scope_of_its_own() -> None:
    with Organizations() as aws:
        connection = aws.connect()
        (scope,) = connection.discover("organization")
        assert scope == Scope("aws", ORGANIZATION)
        client = connection.client(
            scope, Meter(Limits()), frozenset({"organizations:ListAccounts"})
        )
        assert len(list(client.items("organizations", "list_accounts", "Accounts"))) == len(
            ACCOUNTS
        )
        assert client.account == ORGANIZATION
    assert {key for operation, key in aws.asked if operation == "ListAccounts"} == {"AKIAOWN"}


def test_a_single_account_and_its_organisation() -> None:
    alone = {"organization": False, "role": None}
    with Organizations() as aws:
        assert list(aws.connect(**alone).discover("organization")) == [Scope("aws", ORGANIZATION)]
        aws.own = SHOP
        (member,) = aws.connect(**alone).discover("organization")
        assert isinstance(member, Unread)
        assert (member.status, member.scope) == (S.SKIPPED, Scope("aws", f"{SHOP}/organization"))
        aws.in_use = False
        (none,) = aws.connect(**alone).discover("organization")
        # AWS said so: a look that is complete and saw nothing, not one that was never made.
        assert isinstance(none, Unread)
        assert none.status is S.COMPLETE


def test_without_an_organisation_nothing_is_called_read() -> None:
    with Organizations(accounts=[]) as aws, pytest.raises(Unexpected, match="no accounts"):
        list(aws.connect().discover("account"))
    with Organizations() as aws:
        aws.answer = lambda *_: (400, json.dumps({"__type": "AWSOrganizationsNotInUseException"}))  # type: ignore[method-assign]
        with pytest.raises(NotEnabled):
            list(aws.connect().discover("account"))


def test_a_plan_of_an_organisation() -> None:
    with Organizations() as aws:
        raw = {"provider": "aws", "organization": True, "role": "reader", "regions": ["eu-west-1"],
               "endpoint_url": aws.url, "max_attempts": 1}  # fmt: skip
        registry = plugins.load()
        sources = config.parse({"sources": {"all": raw}}, None).sources(registry.providers)
        kinds = ["aws.ec2.volume", "aws.iam.user"]
        plan = make_plan(kinds, registry.collectors, sources)
        chosen = make_plan(kinds, registry.collectors, sources, only=Selection((SHOP,)))
    assert {(unit.kind, unit.scope.account) for unit in plan.units} == {
        (kind, account) for kind in kinds for account in (MANAGEMENT, SHOP, DATA)
    }
    assert {(result.unit.kind, result.unit.scope.account) for result in plan.unread} == {
        (kind, account) for kind in kinds for account in (CLOSED, CLOSING, DENIED)
    }
    assert {unit.scope.account for unit in chosen.units} == {SHOP}
    assert chosen.unread == []


def _left_out(account: str, owner: str = "ciso") -> dict[str, object]:
    return {"account": account, "reason": "r", "owner": owner, "date": date(2026, 1, 5)}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"organization": True}, "needs role"),
        ({"organization": True, "role": "r", "accounts": [SHOP]}, "leave accounts out"),
        (
            {"organization": True, "role": "r", "exclude_accounts": [_left_out("12")]},
            "no account id",
        ),
        ({"exclude_accounts": [_left_out(SHOP)]}, "belongs to organization"),
        ({"organization": True, "role": "r", "exclude_accounts": [SHOP]}, "Expected `object`"),
        (
            {"organization": True, "role": "r", "exclude_accounts": [_left_out(SHOP, owner=" ")]},
            "owner is empty",
        ),
        ({"requests_per_second": 0}, "more than 0"),
        ({"total_requests_per_second": -1.0}, "more than 0"),
    ],
)
def test_wrong_settings(table: dict[str, object], said: str) -> None:
    parsed = config.parse({"sources": {"x": {"provider": "aws", **table}}}, None)
    with pytest.raises(ConfigError, match=said):
        parsed.sources({"aws": AwsProvider()})


def test_no_credentials_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with Organizations() as aws, pytest.raises(CredentialsRejected, match="no usable"):
        list(aws.connect().discover("account"))
