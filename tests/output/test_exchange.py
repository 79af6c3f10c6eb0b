"""SARIF, JUnit and OCSF: what each verdict becomes, and that no name can break a document."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_pac.model import Severity, Status
from soc2_pac.output import junit, ocsf, sarif
from soc2_pac.output.exchange import Context, Words
from soc2_pac.store.queries import Finding
from soc2_pac.store.waivers import Waiver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SINCE = "2026-01-02T00:00:00.123Z"
WAIVER = Waiver(
    waiver="w-1", rule="fake-user-mfa", scope=None, resource=None, reason="sold soon", owner="Ann", added_at=SINCE,
    expires_at="2026-06-30T00:00:00.000Z", revoked_at=None, revoked_because=None, revoked_by=None, approver="Bob",
    pattern=None, os_user=None, login=None,
)  # fmt: skip
CONTEXT = Context(
    "1.2.3",
    "2026-02-01T00:00:00.000Z",
    {"fake-user-mfa": Words("Users have MFA", "passwords leak", "turn it on")},
    {"w-1": WAIVER},
)


def finding(status: Status = Status.FAIL, **values: Any) -> Finding:
    defaults: dict[str, Any] = {
        "fingerprint": "f" * 20, "rule": "fake-user-mfa", "title": "Users have MFA", "severity": Severity.HIGH,
        "criteria": ("CC6.1",), "thresholds": {}, "scope": "fake:acme/eu-west-1", "kind": "fake.user",
        "resource": "u1", "resource_name": "ann", "status": status, "message": "MFA is off", "evidence": "e" * 64,
        "since": SINCE, "failing_since": SINCE if status is Status.FAIL else None,
        "sla_due": None, "until": None, "waiver": None,
    }  # fmt: skip
    return Finding(**{**defaults, **values})


OUTSIDE = json.dumps({"because": ["sold (Ann, 2026-01-01)"]})
EVERY = [
    *(finding(status, fingerprint=f"{number:020}") for number, status in enumerate(Status)),
    finding(waiver="w-1", fingerprint="a" * 20),
    finding(outside=True, adjustment=OUTSIDE, fingerprint="b" * 20),
    finding(
        Status.INCONCLUSIVE,
        fingerprint="c" * 20,
        kind=None,
        resource=None,
        resource_name=None,
        evidence=None,
    ),
    *(
        finding(rule="other", severity=severity, fingerprint=f"d{number:019}")
        for number, severity in enumerate(Severity)
    ),
]


def _text(write: Callable[..., int], findings: Sequence[Finding]) -> str:
    stream = io.StringIO()
    assert write(findings, CONTEXT, stream) == len(findings)
    text = stream.getvalue()
    text.encode("utf-8")
    return text


def _sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    (run,) = json.loads(_text(sarif.write, findings))["runs"]
    found: dict[str, Any] = run
    return found


def _junit(findings: Sequence[Finding]) -> ET.Element:
    return ET.fromstring(_text(junit.write, findings))


def _ocsf(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _text(ocsf.write, findings).splitlines()]


# -- SARIF --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "level"),
    [
        (Status.FAIL, "fail", "error"),
        (Status.INCONCLUSIVE, "open", "none"),
        (Status.STALE, "open", "none"),
        (Status.ERROR, "open", "none"),
        (Status.PASS, "pass", "none"),
        (Status.NOT_APPLICABLE, "notApplicable", "none"),
    ],
)
def test_sarif_kinds(status: Status, kind: str, level: str) -> None:
    (result,) = _sarif([finding(status)])["results"]
    assert (result["kind"], result["level"]) == (kind, level)
    assert result["fingerprints"] == {"soc2Pac/v1": "f" * 20}
    assert "suppressions" not in result


def test_sarif_suppressions_say_who_and_why() -> None:
    waived, outside = _sarif([finding(waiver="w-1"), finding(outside=True, adjustment=OUTSIDE)])[
        "results"
    ]
    assert waived["kind"] == "fail"
    assert waived["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "waived (w-1): sold soon (owner Ann, approved by Bob, until 2026-06-30T00:00:00.000Z)",
        }
    ]
    assert outside["suppressions"][0]["justification"] == (
        "outside of the audited system: sold (Ann, 2026-01-01)"
    )


def test_sarif_rules_have_help_and_criteria() -> None:
    run = _sarif(EVERY)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["fake-user-mfa", "other"]
    assert rules[0]["help"]["text"] == "Users have MFA.\n\nWhy: passwords leak\n\nFix: turn it on"
    assert "CC6.1" in rules[0]["properties"]["tags"]
    assert rules[1]["help"]["text"].endswith("Fix: soc2-pac rules show other")
    assert {r["ruleId"] == rules[r["ruleIndex"]]["id"] for r in run["results"]} == {True}


def test_sarif_says_that_a_rule_broke() -> None:
    (invocation,) = _sarif([finding(Status.ERROR)])["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["associatedRule"] == {
        "id": "fake-user-mfa",
        "index": 0,
    }
    assert _sarif([finding()])["invocations"][0]["executionSuccessful"] is True


def test_sarif_text_is_no_link_and_its_path_is_one() -> None:
    hostile = finding(message="[click](https://evil.example)", resource="arn:aws:iam::1:user/a b")
    (result,) = _sarif([hostile])["results"]
    assert "](" not in result["message"]["text"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "fake/acme/eu-west-1/fake.user/arn%3Aaws%3Aiam%3A%3A1%3Auser%2Fa%20b"


# -- JUnit --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "element", "said"),
    [
        (finding(Status.PASS), None, None),
        (finding(), "failure", "MFA is off"),
        (finding(waiver="w-1"), "skipped", "fail, waived (w-1): sold soon"),
        (
            finding(outside=True, adjustment=OUTSIDE),
            "skipped",
            "fail, outside of the audited system",
        ),
        (finding(Status.INCONCLUSIVE), "skipped", "inconclusive: MFA is off"),
        (finding(Status.STALE), "skipped", "stale: MFA is off"),
        (finding(Status.NOT_APPLICABLE), "skipped", "not applicable: MFA is off"),
        (finding(Status.ERROR), "error", "MFA is off"),
    ],
)
def test_junit_children(one: Finding, element: str | None, said: str | None) -> None:
    (case,) = _junit([one]).iter("testcase")
    assert [child.tag for child in case] == ([element] if element else [])
    if said is not None:
        assert case[0].attrib["message"].startswith(said)


def test_junit_counts_are_those_of_the_cases() -> None:
    root = _junit(EVERY)
    assert [suite.attrib["name"] for suite in root] == ["fake-user-mfa", "other"]
    for suite in root:
        cases = suite.findall("testcase")
        children = [child.tag for case in cases for child in case]
        counts = {
            "tests": len(cases), "failures": children.count("failure"), "errors": children.count("error"),
            "skipped": children.count("skipped"),
        }  # fmt: skip
        assert {name: int(suite.attrib[name]) for name in counts} == counts
    # Nothing but a pass has no child.
    assert sum(len(case) == 0 for case in root.iter("testcase")) == 1


def test_junit_of_many_cases_is_kept_aside_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junit, "_IN_MEMORY", 100)
    assert len(list(_junit([finding()] * 50).iter("testcase"))) == 50


# -- OCSF ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.PASS, (1, "Pass")),
        (Status.FAIL, (3, "Fail")),
        (Status.INCONCLUSIVE, (2, "Warning")),
        (Status.STALE, (2, "Warning")),
        (Status.NOT_APPLICABLE, (99, "Not applicable")),
        (Status.ERROR, (99, "Error")),
    ],
)
def test_ocsf_statuses(status: Status, said: tuple[int, str]) -> None:
    (event,) = _ocsf([finding(status)])
    compliance = event["compliance"]
    assert (compliance["status_id"], compliance["status"]) == said
    assert compliance["status_code"] == status.value
    assert (event["class_uid"], event["type_uid"], event["metadata"]["version"]) == (
        2003,
        200301,
        "1.5.0",
    )
    assert event["time"] == 1767312000123


def test_ocsf_suppressed_failures_say_why() -> None:
    waived, plain_one = _ocsf([finding(waiver="w-1"), finding()])
    assert (waived["status_id"], waived["compliance"]["status"]) == (3, "Fail")
    assert waived["comment"].startswith("waived (w-1): sold soon")
    assert (plain_one["status_id"], "comment" in plain_one) == (1, False)


# -- whatever a provider's users write ----------------------------------------------------------------

HOSTILE = st.text(
    st.one_of(
        st.characters(codec=None, exclude_categories=()),
        st.sampled_from(
            "\0\x01\x1b\x7f\x85\ud800\udfff\u2028\u202e\ufffe\uffff]>&<\"'\\[()\n\r\t{}%"
        ),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(name=HOSTILE, uid=HOSTILE, message=HOSTILE, scope=HOSTILE, status=st.sampled_from(Status))
def test_no_text_breaks_a_format(
    name: str, uid: str, message: str, scope: str, status: Status
) -> None:
    one = finding(
        status,
        resource_name=name,
        resource=uid,
        message=message,
        scope=f"fake:{scope}",
        title=f"T {message}",
    )
    two = [one, finding(Status.PASS, fingerprint="0" * 20)]
    assert len(_sarif(two)["results"]) == 2
    assert len(_ocsf(two)) == 2
    first, _ = _junit(two).iter("testcase")
    assert len(first) == (status is not Status.PASS)


def test_very_long_text() -> None:
    one = finding(message="<&]]>\x1b" * 200_000, resource="r" * 100_000)
    assert (
        len(_sarif([one])["results"])
        == len(_ocsf([one]))
        == len(list(_junit([one]).iter("testcase")))
    )


def test_the_same_findings_give_the_same_bytes() -> None:
    for write in (sarif.write, junit.write, ocsf.write):
        assert _text(write, EVERY) == _text(write, EVERY)


def test_nothing_at_all() -> None:
    assert _sarif([])["results"] == []
    assert list(_junit([])) == []
    assert _ocsf([]) == []


# -- held against the schemas and readers of others ----------------------------------------------------


def _spoiled(value: dict[str, Any], *path: str | int, to: object) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(value))
    target: Any = copy
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = to
    return copy


def test_sarif_by_its_schema() -> None:
    """The models are generated from the schema of the standard, and take nothing that it does not name.

    They are of its last draft, in which the ``status`` of a suppression was still called ``state``.
    """
    model = pytest.importorskip("pydantic_sarif.model", reason="pydantic-sarif is not installed")
    schema = model.StaticAnalysisResultsFormatSarifVersion210JsonSchema
    text = _text(sarif.write, EVERY)
    log = json.loads(text.replace('"status": "accepted"', '"state": "accepted"'))
    schema.model_validate(log)
    for path in (("kind",), ("level",), ("nonsense",)):
        with pytest.raises(ValueError, match="validation error"):
            schema.model_validate(_spoiled(log, "runs", 0, "results", 0, *path, to="bad"))


def test_ocsf_by_its_schema() -> None:
    found = pytest.importorskip("ocsf_json_schema", reason="ocsf-json-schema is not installed")
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    raw = found.get_ocsf_schema(version="1.5.0")
    schema = found.OcsfJsonSchemaEmbedded(raw).get_class_schema(
        "compliance_finding", profiles=["cloud"]
    )
    validator = jsonschema.validators.validator_for(schema)(schema)
    events = _ocsf(EVERY)
    assert [error.message for event in events for error in validator.iter_errors(event)] == []
    for path, value in ((("class_uid",), 1), (("nonsense",), 1), (("compliance", "status_id"), 7)):
        assert list(validator.iter_errors(_spoiled(events[0], *path, to=value))), path


def test_ocsf_by_the_models_of_others() -> None:
    module = pytest.importorskip(
        "py_ocsf_models.events.findings.compliance_finding",
        reason="py-ocsf-models is not installed",
    )
    for event in _ocsf(EVERY):
        module.ComplianceFinding(**event)
    with pytest.raises(ValueError, match="validation error"):
        module.ComplianceFinding(**_spoiled(_ocsf(EVERY)[0], "time", to="soon"))


def test_junit_by_another_reader() -> None:
    junitparser = pytest.importorskip("junitparser", reason="junitparser is not installed")
    found = junitparser.JUnitXml.fromstring(_text(junit.write, EVERY).encode())
    said = [
        (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) for suite in found
    ]
    found.update_statistics()
    again = [
        (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) for suite in found
    ]
    assert said == again
    assert (found.tests, found.failures, found.errors) == (len(EVERY), 6, 1)
