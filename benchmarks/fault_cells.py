"""Fault cells: each declared call of each kind answers in each wrong way, and no failure becomes a pass.

A cell is one call of one kind of resource with one fault. The kind is collected anew while the call has the
fault, through the real collector, client and exchange; only what comes over the wire is replaced. The rules
over the kind, those that join it with others too, are judged before and after. A cell is wrong where

- a resource that failed a rule passes it, or is gone from a collection that calls itself complete;
- a rule over the whole scope, or over other kinds, that failed passes;
- the engine raises, or a rule breaks;
- another kind, collected right afterwards over the same connection, has other documents than without the fault.

    python benchmarks/fault_cells.py [--kinds 'okta.*'] [--modes '404*'] [--every 1] [PROVIDER ...]
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import itertools
import json
import os
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from soc2_collectors.exchange.wire import Late, Wire
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Meter, Unit, run_unit
from soc2_pac.config import parse
from soc2_pac.errors import Unexpected
from soc2_pac.evaluate.evidence import Held, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus, Scope, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from soc2_pac.collect.fetch import UnitResult
    from soc2_pac.config import SourceSettings
    from soc2_pac.rules import Rule

NOW = datetime.now(UTC)
_ERROR = json.dumps(
    {
        "message": "Not Found",
        "__type": "AccessDeniedException",
        "errorCode": "E0000007",
        "errorSummary": "Not found: Resource not found: x",
        "error": {"code": "NotFound", "status": "NOT_FOUND", "message": "it was not found"},
    }
).encode()
_WAYS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "200 empty": (200, lambda _: b""),
    "204": (204, lambda _: b""),
    "null": (200, lambda _: b"null"),
    "null list": (200, lambda body: _lists(body, lambda _: None)),
    "empty object": (200, lambda _: b"{}"),
    "null record": (200, lambda body: _lists(body, lambda found: [None, *found])),
    "wrong type": (200, lambda body: _lists(body, lambda _: "text")),
    "html": (200, lambda _: b"<html><body>Sign in</body></html>"),
    "truncated": (200, lambda body: body[: len(body) // 2]),
    "401": (401, lambda _: _ERROR),
    "403": (403, lambda _: _ERROR),
    "404": (404, lambda _: _ERROR),
    "404 html": (404, lambda _: b"<html>no such page</html>"),
    "429": (429, lambda _: _ERROR),
    "500": (500, lambda _: _ERROR),
}
MODES = (*_WAYS, "drip", "huge")
NEIGHBOURS = 2
"""Other kinds that are collected after each cell; the cells of a kind take them in turn."""
NO_FAULTS = {
    ("logging.entries.list", "empty object"),
    ("apigateway:GET", "empty object"),
    # "it will return success (HTTP 200) but no content" to whoever reports to nobody: botocore's description
    ("guardduty:GetAdministratorAccount", "empty object"),
}
"""How a provider says that there is nothing: Google leaves out what is empty, the list of entries too, and so
do both versions of API Gateway."""


def _lists(body: bytes, change: Any) -> bytes:
    """The body with each of its lists, from the outside, changed; as it is where it is no JSON."""

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return change(value)
        if isinstance(value, dict):
            return {key: walk(one) for key, one in value.items()}
        return value

    try:
        return json.dumps(walk(json.loads(body))).encode()
    except ValueError:
        return body


# -- the fault, between the exchange and whoever asked ----------------------------------------------------


def _at_once(timeout: float | None = None) -> bool:
    """Waits for nothing."""
    del timeout
    return False


class Injected:
    """Replaces what the wire hands over for one call."""

    def __init__(self) -> None:
        self.call, self.mode = "", ""
        self.hits = 0
        self._local = threading.local()
        self._request, self._exchange = Meter.request, Wire.exchange

    @contextlib.contextmanager
    def installed(self) -> Iterator[Injected]:
        """For the time of the block. Nobody waits in it."""
        injected, local = self, self._local
        ask: Any = self._request
        hand_over: Any = self._exchange

        def request(meter: Meter, operation: str) -> None:
            local.call = operation
            ask(meter, operation)

        def exchange(wire: Wire[Any], *args: Any, **kwargs: Any) -> Any:
            answer = hand_over(wire, *args, **kwargs)
            if not injected.call or getattr(local, "call", "") != injected.call:
                return answer
            injected.hits += 1
            if injected.mode == "drip":
                msg = "it did not answer in time"
                raise Late(msg)
            if injected.mode == "huge":
                msg = "the answer has more than 32 MiB"
                raise Unexpected(msg)
            status, change = _WAYS[injected.mode]
            html = injected.mode.endswith("html")
            headers = {**answer.headers, "content-type": "text/html"} if html else answer.headers
            return type(answer)(status, headers, change(answer.body))

        waits = fetch.stopping.wait
        setattr(Meter, "request", request)  # noqa: B010 - a method is not assigned
        setattr(Wire, "exchange", exchange)  # noqa: B010
        setattr(fetch.stopping, "wait", _at_once)  # noqa: B010
        try:
            yield self
        finally:
            setattr(Meter, "request", self._request)  # noqa: B010
            setattr(Wire, "exchange", self._exchange)  # noqa: B010
            setattr(fetch.stopping, "wait", waits)  # noqa: B010


# -- sources ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def source(provider: str) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """(the settings of an emulated source, sort of scope -> a scope's boundary)."""
    os.environ["CELLS_TOKEN"] = "demo-token-that-opens-nothing"  # noqa: S105 - it opens nothing
    token = {"env": "CELLS_TOKEN"}
    with contextlib.ExitStack() as running:
        if provider == "github":
            from soc2_demo.github import GithubEmulator  # noqa: PLC0415
            from soc2_demo.github_company import acme_robotics as company_of_acme  # noqa: PLC0415

            url = running.enter_context(GithubEmulator(company_of_acme()))
            own = {"organization": "acme-robotics", "enterprise": "acme-holding", "base_url": url}
            yield {**own, "token": token}, {"organization": "acme-robotics"}
        elif provider == "okta":
            from soc2_demo.okta import OktaEmulator  # noqa: PLC0415
            from soc2_demo.okta_company import acme_robotics as org_of_acme  # noqa: PLC0415

            url = running.enter_context(OktaEmulator(org_of_acme()))
            host = url.removeprefix("http://")
            yield {"org_url": url, "token": token}, {"organization": host}
        elif provider == "azure":
            from soc2_demo import azure_words  # noqa: PLC0415
            from soc2_demo.azure import AzureEmulator  # noqa: PLC0415
            from soc2_demo.azure_company import acme_robotics as tenant_of_acme  # noqa: PLC0415

            url = running.enter_context(AzureEmulator(tenant_of_acme()))
            tenant = azure_words.TENANT
            own = {"tenant": tenant, "arm_endpoint": url, "graph_endpoint": url}
            of = {"tenant": tenant, "subscription": f"{tenant}/{azure_words.PRODUCTION}"}
            yield {**own, "loopback_token": token}, of
        elif provider == "gcp":
            from soc2_demo import gcp_words as cloud  # noqa: PLC0415
            from soc2_demo.gcp import GcpEmulator  # noqa: PLC0415
            from soc2_demo.gcp_company import acme_robotics as estate_of_acme  # noqa: PLC0415

            url = running.enter_context(GcpEmulator(estate_of_acme()))
            of = {
                "organization": f"organizations/{cloud.ORGANIZATION}",
                "project": cloud.PRODUCTION,
            }
            yield {"organization": cloud.ORGANIZATION, "endpoint": url}, of
        else:
            from tests.aws import walk  # noqa: PLC0415
            from tests.aws.synthetic import SyntheticAws  # noqa: PLC0415

            server = SyntheticAws(answers=walk.ANSWERS, services=walk.SERVICES)
            running.enter_context(server)
            made: dict[str, Any] = {"endpoint_url": server.url, "regions": ["eu-west-1"]}
            yield {**made, "access_key_id": token, "secret_access_key": token}, walk.SCOPES


# -- cells ------------------------------------------------------------------------------------------------


@dataclass
class Seen:
    """What one collection of a kind holds."""

    result: UnitResult
    bodies: dict[str, bytes]


@dataclass
class Tally:
    """What the cells showed."""

    cells: Counter[str] = field(default_factory=Counter)
    """By provider: those whose fault was met."""
    not_met: int = 0
    failures: int = 0
    """Verdicts that were fails before."""
    others: int = 0
    """Collections of other kinds that were compared with those without a fault."""
    wrong: list[str] = field(default_factory=list)


class Documents:
    """What rules join: every kind as it was, but one."""

    def __init__(self, seen: dict[str, Seen]) -> None:
        self._seen = seen

    def looks(self, kind: str) -> Iterable[tuple[Scope, str | None]]:
        """Each kind in its one scope."""
        if kind in self._seen:
            result = self._seen[kind].result
            known = result.status is CollectionStatus.COMPLETE
            yield result.unit.scope, None if known else f"{result.status}: {result.reason}"

    def bodies(self, kind: str) -> Iterable[Held]:
        """The documents of a kind."""
        if kind not in self._seen:
            return []
        one = self._seen[kind]
        return [Held(one.result.unit.scope, body, uid) for uid, body in one.bodies.items()]


class Cells:
    """All cells of one provider."""

    def __init__(self, provider: str, home: SourceSettings, scopes: dict[str, str]) -> None:
        registry = fetch.registry()
        self.provider = provider
        self._home = home
        self._scopes = scopes
        self.kinds = {
            kind: one for kind, one in registry.collectors.items() if one.provider == provider
        }
        self._rules = [r for r in registry.rules.values() if r.kind in self.kinds]
        self.before = {kind: self.seen(kind) for kind in self.kinds}
        # What an emulator itself gives otherwise each time cannot be compared.
        self.steady = [kind for kind in self.kinds if self._same(kind)]
        self._turns = {kind: itertools.cycle(self._neighbours(kind)) for kind in self.kinds}
        self._status = {rule.id: self._judged(rule, self.before) for rule in self._rules}

    def _neighbours(self, kind: str) -> list[str]:
        """The other kinds; first those that share a call, or the service, with one."""
        own = set(self.kinds[kind].calls)
        service = kind.split(".")[:2]
        return sorted(
            (other for other in self.steady if other != kind),
            key=lambda o: (own.isdisjoint(self.kinds[o].calls), o.split(".")[:2] != service),
        )

    def _same(self, kind: str) -> bool:
        """Whether a kind is what it was before any fault."""
        now, before = self.seen(kind, anew=False), self.before[kind]
        return (now.result.status, now.bodies) == (before.result.status, before.bodies)

    def seen(self, kind: str, *, anew: bool = True) -> Seen:
        """Collect a kind; ``anew``: over a connection that remembers nothing."""
        if anew and self.provider == "azure":
            fetch.forget_connections()  # what subscriptions share is read anew
        scope = Scope(self.provider, self._scopes[self.kinds[kind].per])
        result = run_unit(Unit(kind, scope, self._home), Limits(seconds=60, pages=50))
        assert result.spool is not None  # noqa: S101 - run_unit makes it
        return Seen(result, {record.uid: record.body for record in result.spool.records()})

    def cell(self, kind: str, call: str, mode: str, injected: Injected, tally: Tally) -> None:
        """One cell."""
        injected.call, injected.mode, injected.hits = call, mode, 0
        try:
            after = {**self.before, kind: self.seen(kind)}
        finally:
            injected.call = ""
        if not injected.hits:
            tally.not_met += 1
            return
        tally.cells[self.provider] += 1
        for other in itertools.islice(self._turns[kind], NEIGHBOURS):
            tally.others += 1
            if not self._same(other):
                tally.wrong.append(
                    f"{kind} {call} [{mode}]: {other} has other documents afterwards"
                )
        complete = after[kind].result.status is CollectionStatus.COMPLETE
        for rule in self._rules:
            if kind not in {rule.kind, *rule.kinds}:
                continue
            now = self._judged(rule, after)
            for uid, status in self._status[rule.id].items():
                tally.failures += status is Status.FAIL
                where = f"{kind} {call} [{mode}]: {rule.id} on {uid or 'the scope'}"
                if status is Status.FAIL and now.get(uid) is Status.PASS:
                    tally.wrong.append(f"{where}: fail became pass")
                gone = uid and uid not in now and rule.kind == kind and complete
                if status is Status.FAIL and gone:
                    tally.wrong.append(f"{where}: gone, and the collection is complete")
                if now.get(uid) is Status.ERROR and status is not Status.ERROR:
                    tally.wrong.append(f"{where}: the rule broke")

    def _judged(self, rule: Rule, seen: dict[str, Seen]) -> dict[str, Status]:
        """By uid; the empty one is the scope itself, of a kind of which there is nothing."""
        if rule.kind not in seen:
            return {}
        one = seen[rule.kind]
        scope = one.result.unit.scope
        if one.result.status is CollectionStatus.COMPLETE and not one.bodies:
            return {"": rule.when_empty().status}
        found = {}
        evidence = JoinedEvidence(rule, Documents(seen)).at(scope) if rule.joins else None
        for uid, body in one.bodies.items():
            found[uid] = judge(
                rule, body, now=NOW, scope=scope, evidence=evidence, thresholds=rule.settle({})
            ).status
        return found


def run(provider: str, tally: Tally, *, kinds: str = "*", every: int = 1, modes: str = "*") -> None:
    """All cells of a provider, or every n-th of them."""
    with source(provider) as (settings, scopes), Injected().installed() as injected:
        raw = {"provider": provider, "max_attempts": 1, **settings}
        registry = fetch.registry()
        (home,) = parse({"sources": {"home": raw}}, None).sources(registry.providers).values()
        cells = Cells(provider, home, scopes)
        todo = [
            (kind, call, mode)
            for kind, one in cells.kinds.items()
            if fnmatch.fnmatchcase(kind, kinds)
            for call in sorted(cells.before[kind].result.calls)
            if call in one.calls
            for mode in fnmatch.filter(MODES, modes)
            if (call, mode) not in NO_FAULTS
        ]
        for kind, call, mode in todo[::every]:
            cells.cell(kind, call, mode, injected, tally)
        if moving := cells.kinds.keys() - cells.steady:
            print(f"{provider}: not compared afterwards: {', '.join(sorted(moving))}", flush=True)
    fetch.forget_connections()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Every call of every kind in every wrong way.")
    parser.add_argument("providers", nargs="*", help="all when none is named")
    parser.add_argument("--kinds", default="*")
    parser.add_argument("--modes", default="*")
    parser.add_argument("--every", type=int, default=1, help="only each n-th cell")
    given = parser.parse_args()
    tally = Tally()
    for provider in given.providers or ("aws", "azure", "gcp", "github", "okta"):
        began = time.monotonic()
        run(provider, tally, kinds=given.kinds, every=given.every, modes=given.modes)
        count, seconds = tally.cells[provider], time.monotonic() - began
        print(f"{provider}: {count} cells in {seconds:.0f} s, {len(tally.wrong)} wrong", flush=True)
    for wrong in tally.wrong:
        print(wrong)
    print(
        f"{sum(tally.cells.values())} cells, {tally.failures} failures judged again, "
        f"{tally.others} collections of other kinds compared, "
        f"{len(tally.wrong)} wrong; {tally.not_met} faults were not met"
    )
    sys.exit(bool(tally.wrong))


if __name__ == "__main__":
    main()
