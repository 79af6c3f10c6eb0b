"""OSCAL as others read it: held against the models of compliance-trestle, and its numbers against the report's."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.output.reports import oscal_file, write

from .samples import ODD, report

if TYPE_CHECKING:
    from soc2_pac.report import Report

model = pytest.importorskip(
    "trestle.oscal.assessment_results", reason="compliance-trestle is not installed"
)


def oscal(made: Report) -> bytes:
    target = io.BytesIO()
    write(made, "oscal", target)
    return target.getvalue()


@pytest.mark.parametrize(("rows", "parts"), [(0, 0), (1, 1), (60, 6)])
def test_trestle_reads_it(rows: int, parts: int) -> None:
    content = oscal(report(rows, parts=parts))
    read = model.Model.model_validate_json(content).assessment_results
    assert oscal_file.VERSION == pytest.importorskip("trestle.oscal").OSCAL_VERSION
    (result,) = read.results
    assert len(result.observations or []) == rows
    assert len(result.findings or []) == parts


def test_a_wrong_document_is_refused_by_these_models() -> None:
    whole = json.loads(oscal(report(3)))
    whole["assessment-results"]["results"][0]["observations"][0]["methods"] = []
    with pytest.raises(ValueError, match="methods"):
        model.Model.model_validate_json(json.dumps(whole))


def test_every_reference_leads_somewhere() -> None:
    (result,) = json.loads(oscal(report(60)))["assessment-results"]["results"]
    observed = {one["uuid"] for one in result["observations"]}
    items = {one["uuid"] for one in result["local-definitions"]["inventory-items"]}
    assert len(observed) == 60
    for finding in result["findings"]:
        assert {one["observation-uuid"] for one in finding["related-observations"]} <= observed
    for one in result["observations"]:
        assert {subject["subject-uuid"] for subject in one["subjects"]} <= items


def test_statuses_are_those_of_the_parts_and_leave_the_conclusion_to_the_auditor() -> None:
    made = report(20)
    (result,) = json.loads(oscal(made))["assessment-results"]["results"]
    states: dict[str, dict[str, Any]] = {
        one["target"]["target-id"]: one["target"]["status"] for one in result["findings"]
    }
    for part in made.parts:
        said = states[part.id.lower()]
        assert said["state"] == ("satisfied" if part.state == "holds" else "not-satisfied")
        assert said["remarks"].endswith("The conclusion is the auditor's.")


def test_names_are_texts() -> None:
    text = oscal(report(3)).decode()
    shown = json.loads(text)["assessment-results"]["results"][0]["observations"][1]["description"]
    assert "<script>" in shown  # a text in JSON, which nobody renders as markup
    assert "\u202e" not in text
    assert ODD not in text
