"""An AWS account of a test's own on moto, seeded through boto3 and read by our collectors, over HTTP."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.aws.client import AwsConnection
from soc2_collectors.aws.settings import AwsSettings
from soc2_demo.aws import know_public_snapshots
from soc2_pac import plugins
from soc2_pac.collect.fetch import Limits, Meter, resolve, to_record
from soc2_pac.config import SecretRef
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Document, Fact, Scope, Status
from soc2_pac.resources import view

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from soc2_pac.model import Verdict
    from soc2_pac.resources import Resource

HOME = "eu-west-1"
_NUMBERS = itertools.count(200_000_000_000)
_ROLE = "auditor"
_KEY, _SECRET = "TEST_AWS_KEY", "TEST_AWS_SECRET"


@dataclass(frozen=True)
class Seen:
    """A document as the store would keep it."""

    uid: str
    name: str
    body: bytes
    view: Any
    gaps: int


@dataclass
class Account:
    """One account of moto's; other accounts in the same process are not disturbed."""

    url: str
    number: str
    calls: dict[str, int] = field(default_factory=dict)
    """The requests of the last :meth:`collect`."""

    def client(self, service: str, region: str = HOME) -> Any:
        """A boto3 client to seed the account with."""
        import boto3

        keys = boto3.client(
            "sts", endpoint_url=self.url, region_name=region,
            aws_access_key_id="test", aws_secret_access_key="test",
        ).assume_role(RoleArn=f"arn:aws:iam::{self.number}:role/{_ROLE}", RoleSessionName="seed")[
            "Credentials"
        ]  # fmt: skip
        make: Any = boto3.client
        return make(
            service, endpoint_url=self.url, region_name=region,
            aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )  # fmt: skip

    @functools.cached_property
    def _connection(self) -> AwsConnection:
        return AwsConnection(
            AwsSettings(
                accounts=(self.number,), role=_ROLE, endpoint_url=self.url,
                access_key_id=SecretRef(env=_KEY), secret_access_key=SecretRef(env=_SECRET),
                max_attempts=1,
            )
        )  # fmt: skip

    def collect(self, kind: str, region: str = HOME) -> list[Seen]:
        """What the collector of a kind yields, its facts read, and what the view makes of it."""
        collector = plugins.load().collectors[kind]
        scope = Scope("aws", f"{self.number}/{region}")
        meter = Meter(Limits())
        aws = self._connection.client(scope, meter, frozenset(collector.calls))
        found = [_seen(collector, document) for document in collector.documents(aws)]
        self.calls = dict(meter.calls)
        assert set(self.calls) <= set(collector.calls)
        return found

    def one(self, kind: str, name: str, region: str = HOME) -> Seen:
        """The one of that name. Raises ValueError when there is another number of them."""
        (found,) = [seen for seen in self.collect(kind, region) if seen.name == name]
        return found

    def judge(self, rule_id: str, name: str, now: datetime, region: str = HOME) -> Verdict:
        """What a rule says of the one of that name, with all that it joins."""
        rule = plugins.load().rules[rule_id]
        seen = self.one(rule.kind, name, region)
        scope = Scope("aws", f"{self.number}/{region}")
        bodies = {
            needed.kind: [found.body for found in self.collect(needed.kind, region)]
            for needed in rule.needs
        }
        evidence = JoinedEvidence(rule, GivenDocuments(scope, bodies)).at(scope)
        verdict = judge(rule, seen.body, now=now, scope=scope, evidence=evidence)
        assert verdict.status is not Status.ERROR, verdict.message
        return verdict


def _seen(collector: Any, document: Document) -> Seen:
    body = {k: resolve(v) if isinstance(v, Fact) else v for k, v in document.body.items()}
    read = Document(document.uid, document.name, body, document.observed_at)
    record, gaps = to_record(collector, read, Limits())
    shown: Resource = view(collector.resource, record.body)
    return Seen(record.uid, record.name, record.body, shown, gaps)


@contextlib.contextmanager
def account() -> Iterator[Account]:
    """A new, empty account; use it from a fixture."""
    server_module = pytest.importorskip("moto.server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        patch.setitem(os.environ, _KEY, "test")
        patch.setitem(os.environ, _SECRET, "test")
        know_public_snapshots()
        server = server_module.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        try:
            host, port = server.get_host_and_port()
            yield Account(f"http://{host}:{port}", str(next(_NUMBERS)))
        finally:
            server.stop()
