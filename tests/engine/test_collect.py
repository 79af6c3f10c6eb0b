"""One unit of work, however it ends, leaves a truthful record; and no secret is kept."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.collect import events, fetch
from soc2_pac.collect.fetch import Limits, Unit, UnitResult, run_unit
from soc2_pac.collect.plan import collect, make_plan
from soc2_pac.errors import ConfigError
from soc2_pac.merkle import collection_root
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Lacking, Listed, Scope, listed, strictly

from . import fakes

if TYPE_CHECKING:
    from soc2_pac.config import SourceSettings
    from soc2_pac.plugins import Registry

ACME = Scope("fake", "acme")


def source(scenario: str = "plain", **settings: Any) -> SourceSettings:
    found = fakes.config(scenario, source=settings).sources({"fake": fakes.FakeProvider()})
    return found["home"]


def unit(scenario: str = "plain") -> UnitResult:
    return run_unit(Unit("fake.thing", ACME, source(scenario)), Limits(pages=50))


def bodies(result: UnitResult) -> dict[str, dict[str, Any]]:
    return {record.uid: json.loads(record.body) for record in result.look().records}


def test_a_complete_look() -> None:
    result = unit()
    assert (result.status, result.count, result.gaps, result.requests) == (S.COMPLETE, 3, 0, 7)
    assert result.calls == {"fake:List": 1, "fake:GetDetail": 3, "fake:GetExtra": 3}
    records = list(result.look().records)
    assert [r.uid for r in records] == ["t1", "t2", "t3"]
    assert result.root == collection_root((r.uid, r.digest) for r in records)
    body = json.loads(records[0].body)
    assert body == {"name": "thing 1", "Detail": {"size": 1}, "Extra": 1}, (
        "volatile values are left out"
    )


def test_an_unchanged_look_has_the_same_root() -> None:
    assert unit().root == unit().root


@pytest.mark.parametrize(
    ("scenario", "status", "count", "reason"),
    [
        ("empty", S.COMPLETE, 0, ""),
        ("denied", S.DENIED, 0, "fake:List: no"),
        ("throttled", S.FAILED, 0, "throttled"),
        ("unreachable", S.FAILED, 0, "no answer"),
        ("not enabled", S.SKIPPED, 0, "the service is off"),
        ("a defect", S.FAILED, 0, "ZeroDivisionError"),
        ("denied detail", S.COMPLETE, 2, ""),
        ("expired in mid-run", S.COMPLETE, 3, ""),
        ("deleted meanwhile", S.COMPLETE, 1, "1 deleted between their listing and their details"),
        ("most deleted meanwhile", S.PARTIAL, 1, "6 of 7 resources were not found a moment after"),
        ("listed and not found", S.COMPLETE, 2, ""),
        ("a parent deleted meanwhile", S.COMPLETE, 2, ""),
        ("a parent that is not found", S.PARTIAL, 1, "gone"),
        ("not offered", S.SKIPPED, 0, "not offered here: no such"),
        ("an odd answer", S.COMPLETE, 1, ""),
        ("a record without its id", S.PARTIAL, 3, "2 records lack uid: kept as they came"),
        ("a document without its id", S.PARTIAL, 2, "1 record lacks an id"),
        ("broken page", S.PARTIAL, 2, "malformed page"),
        ("endless", S.PARTIAL, 49, "did not end within 50 pages"),
        ("duplicates", S.COMPLETE, 1, ""),
        ("conflicting duplicates", S.PARTIAL, 1, "came twice"),
        ("too large", S.PARTIAL, 1, "5,000,000"),
        ("not a number", S.PARTIAL, 1, "could not be kept"),
        ("no document", S.PARTIAL, 1, "yielded dict"),
    ],
)
def test_how_a_look_ends(scenario: str, status: S, count: int, reason: str) -> None:
    result = unit(scenario)
    assert (result.status, result.count) == (status, count), result.reason
    assert reason in result.reason
    assert len(list(result.look().records)) == count


def test_a_denied_list_names_the_permission() -> None:
    assert unit("denied").permission == "fake:List"


def test_a_denied_detail_becomes_a_gap() -> None:
    result = unit("denied detail")
    assert result.gaps == 1
    assert bodies(result)["t1"]["$gaps"]["Detail"] == {
        "operation": "fake:GetDetail",
        "permission": "fake:GetDetail",
        "reason": "fake:GetDetail: no",
        "status": "denied",
    }
    assert "Detail" not in bodies(unit("denied detail"))["t1"]


def test_a_fact_that_is_not_found_is_a_gap_of_what_is_listed_still() -> None:
    gap = bodies(unit("listed and not found"))["t1"]["$gaps"]["Detail"]
    assert (gap["status"], gap["operation"]) == ("failed", "fake:GetDetail")
    assert gap["reason"] == "gone: not found, though the resource was listed"


def test_an_odd_answer_is_a_gap() -> None:
    gap = bodies(unit("an odd answer"))["t1"]["$gaps"]["Detail"]
    assert gap["reason"] == "the answer is not as expected: TypeError"


def test_a_record_without_its_id_is_kept_as_it_came() -> None:
    result = unit("a record without its id")
    assert result.calls == {"fake:List": 1, "fake:GetExtra": 1}, "no fact of what has no id"
    found = bodies(result)
    assert found.pop("t1/x") == {"name": "a", "uid": "t1", "Extra": 1}
    assert all(uid.startswith("malformed:") for uid in found)
    assert [body for _, body in sorted(found.items(), key=str)] in (
        [{"name": "b"}, {}],
        [{}, {"name": "b"}],
    )


def test_a_fact_out_of_half_a_record_is_none() -> None:
    record = Listed(Name="a")
    assert Lacking.within(f"x/{record['Arn']}") == ["Arn"]
    with pytest.raises(KeyError, match="Arn"):
        list(record["Arn"])
    with strictly(), pytest.raises(KeyError, match="Arn"):
        record["Arn"]
    assert listed({"a": [{"b": [{}]}, None], "c": ["d", None]}) == {
        "a": [{"b": [{}]}, {}], "c": ["d", None],
    }  # fmt: skip


def test_names_that_steer_terminals_and_databases_are_tamed() -> None:
    (record,) = unit("odd names").look().records
    assert "\0" not in record.name
    assert record.name.encode()
    assert json.loads(record.body)["name"] == "a\0b\ud800\x1b[31m\u202e", (
        "evidence is what was said"
    )


def test_no_secret_is_kept_or_told() -> None:
    (record,) = unit("secrets").look().records
    assert b"ghp_" not in record.body
    body = json.loads(record.body)
    assert body["notes"] == "[redacted: found github-token]"
    assert body["comment"] == "see [redacted github-token] for more"
    assert "ghp_" not in unit("a secret in an error").reason


def test_a_unit_ends_when_its_time_is_spent() -> None:
    result = run_unit(Unit("fake.thing", ACME, source("slow")), Limits(seconds=0.2))
    assert result.status is S.PARTIAL
    assert "time allowed" in result.reason


def test_a_stop_ends_units_at_their_next_request() -> None:
    fetch.stopping.set()
    assert unit().status is S.FAILED


def test_results_survive_pickling() -> None:
    result = pickle.loads(pickle.dumps(unit()))
    assert bodies(result).keys() == {"t1", "t2", "t3"}


def test_units_run_in_another_process(registry: Registry) -> None:
    plan = make_plan(["fake.thing"], registry.collectors, {"home": source(scopes=("a", "b"))})
    assert pickle.loads(pickle.dumps(plan.units)) == plan.units
    with ProcessPoolExecutor(1) as pool:
        results = list(collect(plan, Limits(), executor=pool, workers=2))
    assert {str(r.unit.scope): (r.status, len(bodies(r))) for r in results} == {
        "fake:a": (S.COMPLETE, 3),
        "fake:b": (S.COMPLETE, 3),
    }


def test_a_plan_asks_only_for_what_is_needed(registry: Registry) -> None:
    plan = make_plan(
        ["fake.thing", "aws.s3.bucket", "fake.nothing"],
        registry.collectors,
        {"home": source("one off")},
    )
    assert [(u.kind, str(u.scope)) for u in plan.units] == [("fake.thing", "fake:acme")]
    assert [(r.status, str(r.unit.scope)) for r in plan.unread] == [(S.SKIPPED, "fake:attic")]
    assert plan.uncollected == ["aws.s3.bucket", "fake.nothing"]
    unsourced = make_plan(["fake.thing"], registry.collectors, {})
    assert unsourced.unsourced == {"fake": ["fake.thing"]}


def test_a_source_that_cannot_be_reached_leaves_records(registry: Registry) -> None:
    sources = {"home": source("rejected")}
    plan = make_plan(["fake.thing"], registry.collectors, sources)
    assert [(str(r.unit.scope), r.status) for r in plan.unread] == [("fake:?home", S.DENIED)]
    known = make_plan(
        ["fake.thing"], registry.collectors, sources, {("home", "fake.thing"): [ACME]}
    )
    assert [(str(r.unit.scope), r.status) for r in known.unread] == [("fake:acme", S.DENIED)]


def test_one_scope_through_two_sources_is_refused(registry: Registry) -> None:
    one, two = source(), fakes.config().sources({"fake": fakes.FakeProvider()})["home"]
    two = type(two)("away", two.provider, two.settings)
    with pytest.raises(ConfigError, match=r"sources\.away and sources\.home both reach fake:acme"):
        make_plan(["fake.thing"], registry.collectors, {"home": one, "away": two})


def test_one_failed_unit_stops_no_other(registry: Registry) -> None:
    seen: list[events.Event] = []
    sources = {
        "bad": type(source())("bad", "fake", fakes.FakeSettings("denied", scopes=("x",))),
        "good": type(source())("good", "fake", fakes.FakeSettings(scopes=("y",))),
    }
    plan = make_plan(["fake.thing", "fake.owner"], registry.collectors, sources)
    with ThreadPoolExecutor(2) as pool:
        results = {
            (r.unit.source.name, r.unit.kind): r.status
            for r in collect(plan, Limits(), executor=pool, listener=seen.append)
        }
    assert results == {
        ("bad", "fake.thing"): S.DENIED,
        ("bad", "fake.owner"): S.COMPLETE,
        ("good", "fake.thing"): S.COMPLETE,
        ("good", "fake.owner"): S.COMPLETE,
    }
    kinds = [type(event).__name__ for event in seen]
    assert (kinds[0], kinds.count("UnitStarted"), kinds.count("UnitFinished")) == ("Planned", 4, 4)


class _Dead(ThreadPoolExecutor):
    """An executor whose workers die."""

    def submit(self, *_args: Any, **_kwargs: Any) -> Any:
        return super().submit(_die)


def _die() -> None:
    msg = "worker lost"
    raise OSError(msg)


def test_a_worker_that_dies_is_a_failed_unit(registry: Registry) -> None:
    plan = make_plan(["fake.thing"], registry.collectors, {"home": source()})
    with _Dead(1) as pool:
        (result,) = collect(plan, Limits(), executor=pool)
    assert result.status is S.FAILED
    assert "the worker died: OSError: worker lost" in result.reason
