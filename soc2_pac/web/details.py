"""One finding, rule, control, document or run, as facts and short tables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from soc2_pac.audit import requests, review_files, reviews
from soc2_pac.audit.approvals import rests_on
from soc2_pac.audit.controls import ByRule
from soc2_pac.criteria import CRITERIA
from soc2_pac.model import Status
from soc2_pac.store import queries, simulation, waivers
from soc2_pac.web import forms, lists

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from soc2_pac.web.forms import Form
    from soc2_pac.web.lists import Place, Row

_FEWEST = 8
"""Hexadecimal digits of a fingerprint or digest that name one."""


@dataclass(frozen=True, slots=True)
class Part:
    """A short table within a page."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, object]]
    empty: str = ""
    """What is said where there is no row; empty: nothing, and the table is left out."""


@dataclass(frozen=True, slots=True)
class Detail:
    """A page about one thing."""

    kind: str
    """What it is: ``Finding``."""
    title: str
    facts: Mapping[str, object]
    """Label -> value; those that are ``None`` or empty are not shown."""
    parts: tuple[Part, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    """Heading -> text that is shown as it is."""
    timeline: tuple[Row, ...] = ()
    """Periods with ``status``, ``valid_from`` and ``valid_to``, oldest first."""
    value: Mapping[str, object] = field(default_factory=dict)
    """What its JSON says."""
    form: Form | None = None
    """What can be done here, while it is shown as it is now."""
    sheet: Sheet | None = None
    """Rows that a reviewer decides."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of an access review that are open."""

    review: str
    rows: Sequence[Mapping[str, str]]
    columns: tuple[str, ...]


def overview(place: Place) -> dict[str, Any]:
    """What somebody wants to know first: what fails, what is overdue, what was not seen, how fresh it is."""
    connection = place.connection
    counted = place.tallied()
    waived, worst_of = place.known.worst(place)
    controls = ByRule(connection)
    worst = [{**lists.finding_row(first, controls), "others": others} for first, others in worst_of]
    runs = queries.runs(connection, limit=5)
    gaps = place.known.gaps(place)
    return {
        "statuses": lists.by_status(counted),
        "waived": waived,
        "worst": worst,
        "criteria": [row for row in lists.criteria_rows(place) if row["rules"]],
        "gaps": len(gaps),
        "gap_rows": gaps[:5],
        "runs": [asdict(run) for run in runs],
        "known_at": queries.last_instant(connection),
        "outdated": list(place.outdated()),
        "simulated": simulation.since(connection) is not None,
        "said_simulated": simulation.SAID,
    }


def finding(place: Place, fingerprint: str) -> Detail | None:
    """One finding with its history, its documents and its waiver; ``None``: there is none."""
    if len(fingerprint) < _FEWEST:
        return None
    found = list(queries.findings(place.connection, fingerprint=fingerprint, limit=2))
    if len(found) != 1:
        return None if found else _closed(place, fingerprint)
    (one,) = found
    history = queries.finding_history(place.connection, one.fingerprint)
    documents = queries.finding_documents(place.connection, one.fingerprint)
    row = lists.finding_row(one, ByRule(place.connection))
    waiver = next((w for w in waivers.listed(place.connection) if w.waiver == one.waiver), None)
    rule = place.work.registry.rules.get(one.rule) if place.lens is None else None
    facts: dict[str, object] = {
        "status": one.status.value + (" (waived)" if one.waiver else "") + (" (outside)" if one.outside else ""),
        "message": one.message,
        "rule": one.rule,
        "severity": one.severity.value,
        "criteria": list(one.criteria),
        "controls": row["controls"],
        "scope": one.scope,
        "kind": one.kind,
        "resource": one.resource,
        "name": one.resource_name,
        "since": one.since,
        "failing since": one.failing_since,
        "fix by": one.sla_due,
        "holds until": one.until,
        "decided": list(one.because),
        "fingerprint": one.fingerprint,
    }  # fmt: skip
    texts = {"Why it matters": rule.why, "How to fix it": rule.fix} if rule else {}
    if place.lens is not None:
        texts["Why it matters"] = NOT_KEPT
    parts = [
        Part(
            "Rests on",
            ("role", "kind", "scope", "resource", "digest", "collection"),
            [asdict(item) for item in documents],
            "No document: the finding is about a whole scope.",
        ),
        Part(
            "History",
            ("valid_from", "valid_to", "status", "message", "evidence"),
            [asdict(period) for period in reversed(history)],
        ),
    ]
    if waiver is not None:
        accepted = {**asdict(waiver), "approval": rests_on(waiver, None)}
        columns = ("waiver", "owner", "approver", "approval", "expires_at", "reason")
        parts.insert(0, Part("Accepted by a waiver", columns, [accepted]))
    body = _body(place, one.evidence)
    if body:
        texts["Evidence: the document that was judged"] = body
    return Detail(
        "Finding",
        one.title,
        facts,
        tuple(parts),
        texts,
        tuple(asdict(period) for period in history),
        {
            **row,
            "history": [asdict(p) for p in history],
            "rests_on": [asdict(d) for d in documents],
        },
        forms.waiving(one.fingerprint) if one.status is Status.FAIL and not one.waiver else None,
    )


def _closed(place: Place, fingerprint: str) -> Detail | None:
    """A finding that stands no more: what was said of it, and until when; ``None``: there never was one."""
    history = queries.finding_history(place.connection, fingerprint)
    if not history:
        return None
    last = history[-1]
    facts: dict[str, object] = {
        "status": f"closed: {last.status.value} until {last.valid_to}",
        "message": last.message,
        "rule": last.rule,
        "severity": last.severity,
        "scope": last.scope,
        "kind": last.kind,
        "resource": last.resource,
        "evidence": last.evidence,
        "fingerprint": fingerprint,
    }
    part = Part(
        "History",
        ("valid_from", "valid_to", "status", "message", "evidence"),
        [asdict(period) for period in reversed(history)],
    )
    texts = {}
    body = _body(place, last.evidence)
    if body:
        texts["Evidence: the document that was judged last"] = body
    periods = [asdict(period) for period in history]
    value = {**asdict(last), "closed": last.valid_to, "history": periods}
    return Detail("Closed finding", last.message, facts, (part,), texts, tuple(periods), value)


def _body(place: Place, digest: str | None) -> str:
    if digest is None:
        return ""
    found = queries.body(place.connection, digest)
    if found is None or not found[1]:
        return "The text of this document is not in the store any more: it was archived or erased."
    return _pretty(found[1])


def _pretty(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False)


NOT_KEPT = "What the rule said of itself at that instant is not kept: the store has the source that judged."


def rule(place: Place, rule_id: str) -> Detail | None:
    """One rule, with how many findings it has."""
    found = place.work.registry.rules.get(rule_id)
    if place.lens is not None:
        return _rule_then(place, rule_id)
    if found is None:
        return _counted(place, rule_id, "not installed here")
    rows = list(lists.rule_rows(place, rule_id))
    active = next((item for item in place.work.active if item.rule.id == rule_id), None)
    controls = ByRule(place.connection)
    facts: dict[str, object] = {
        "rule": found.id,
        "in force": "yes" if active else "no",
        "severity": (active.severity if active else found.severity).value,
        "criteria": list(found.criteria),
        "controls": controls.of(found.id) if controls else [],
        "judges": found.kind,
        "reads also": list(found.kinds[1:]),
        "thresholds": [f"{k} = {v}" for k, v in (active.thresholds if active else {}).items()],
        "known as": list(found.known_as),
    }
    texts = {
        "What it asks": "\n\n".join(found.notes),
        "Why it matters": found.why,
        "How to fix it": found.fix,
    }
    statuses = tuple(status.value for status in lists.STATUSES)
    parts = (Part("Findings now", statuses, rows, "It has judged nothing yet."),)
    shown = {name: text for name, text in texts.items() if text}
    return Detail(
        "Rule", found.title, facts, parts, shown, value={**facts, "title": found.title, **shown}
    )


def _counted(place: Place, rule_id: str, in_force: str) -> Detail | None:
    """A rule of which only its findings are known."""
    counted = [one for one in place.tallied() if one.rule == rule_id]
    if not counted:
        return None
    said = {"rule": rule_id, "in force": in_force}
    now = {"rule": rule_id, **lists.by_status(counted)}
    part = Part("Findings now", tuple(status.value for status in lists.STATUSES), [now])
    return Detail("Rule", rule_id, said, (part,), value={**said, **now})


def _rule_then(place: Place, rule_id: str) -> Detail | None:
    """A rule as it judged at an instant."""
    found = next((one for one in place.known.rules(place) if one.id == rule_id), None)
    if found is None:
        return _counted(place, rule_id, "no")
    controls = ByRule(place.connection)
    facts: dict[str, object] = {
        "rule": found.id,
        "in force": "yes",
        "severity": found.severity,
        "criteria": list(found.criteria),
        "controls": controls.of(found.id) if controls else [],
        "judges": found.kind,
        "thresholds": [f"{k} = {v}" for k, v in found.thresholds.items() if not k.startswith("$")],
        "source": found.source,
    }
    statuses = tuple(status.value for status in lists.STATUSES)
    rows = list(lists.rule_rows(place, rule_id))
    parts = (Part("Findings then", statuses, rows, "It had judged nothing yet."),)
    texts = {"What it asks": NOT_KEPT}
    return Detail(
        "Rule", found.title, facts, parts, texts, value={**facts, "title": found.title, **texts}
    )


def control(place: Place, control_id: str) -> Detail | None:
    """One control in force, with the evidence that there is for it."""
    states = {state.id: state for state in place.known.states(place)}
    found = states.get(control_id)
    if found is None:
        return None
    said = found.control
    facts: dict[str, object] = {
        "control": found.id,
        "state": found.state,
        "owner": said.owner,
        "frequency": said.frequency,
        "criteria": list(said.criteria),
        "rules": list(said.rules),
        "people show": list(said.attestations),
        "populations": list(said.populations),
        "missing": list(found.missing),
    }
    named = {one.rule for one in found.rules}
    rows = [row for row in lists.rule_rows(place) if row["rule"] in named]
    statuses = tuple(status.value for status in lists.STATUSES)
    parts = (Part("Rules", ("rule", "severity", *statuses), rows, "No rule in force serves it."),)
    form = forms.attesting(found.id, said.attestations) if said.attestations else None
    value = {**lists.control_row(found), "by_rule": rows}
    return Detail("Control", said.wording, facts, parts, value=value, form=form)


def criterion(place: Place, criterion_id: str) -> Detail | None:
    """One criterion with the rules and controls that serve it."""
    about = CRITERIA.get(criterion_id)
    if about is None:
        return None
    rules = [row for row in lists.rule_rows(place) if criterion_id in _texts(row["criteria"])]
    states = place.known.states(place)
    controls = [lists.control_row(s) for s in states if criterion_id in s.control.criteria]
    statuses = tuple(status.value for status in lists.STATUSES)
    facts: dict[str, object] = {
        "criterion": criterion_id, "rules": len(rules), "controls": len(controls),
    }  # fmt: skip
    parts = (
        Part("Controls", ("control", "state", "wording", "owner", "failures", "missing"), controls),
        Part(
            "Rules",
            ("rule", "severity", "title", *statuses),
            rows_worst_first(rules),
            "No rule looks at this criterion: it needs evidence from people.",
        ),
    )
    value = {**facts, "title": about.title, "by_rule": rules, "by_control": controls}
    return Detail("Criterion", about.title, facts, parts, value=value)


def rows_worst_first(rows: Iterable[Row]) -> list[Row]:
    """Rules with most failures first."""
    return sorted(rows, key=lambda row: (-int(str(row["fail"])), str(row["rule"])))


def _texts(values: object) -> list[str]:
    return values if isinstance(values, list) else []


def document(place: Place, digest: str) -> Detail | None:
    """One stored document, and where it was seen."""
    found = queries.body(place.connection, digest) if len(digest) >= _FEWEST else None
    if found is None:
        return None
    whole, text = found
    if place.lens is not None and not queries.was_seen(place.connection, whole):
        return None
    body = _pretty(text) if text else ""
    texts = {"Document": body} if body else {}
    facts: dict[str, object] = {
        "digest": whole,
        "text": None if text else "not in the store any more: it was archived or erased",
    }
    value = {"digest": whole, "body": json.loads(text) if text else None}
    return Detail("Document", "As the provider gave it", facts, (), texts, value=value)


def run(place: Place, run_id: str) -> Detail | None:
    """One run with its collections."""
    number = int(run_id) if lists.is_number(run_id) else 0
    runs = {one.id: one for one in queries.runs(place.connection, limit=_MOST_RUNS)}
    found = runs.get(number)
    if found is None:
        return None
    collections = [asdict(one) for one in queries.collections(place.connection, run=number)]
    short = [one for one in collections if one["status"] != "complete"]
    columns = ("kind", "scope", "status", "reason", "permission", "count", "gaps")
    parts = (Part("Not complete", columns, short, "Every collection was complete."),)
    return Detail(
        "Run", f"Run {number}", asdict(found), parts, value={**asdict(found), "not_complete": short}
    )


def waiver(place: Place, waiver_id: str) -> Detail | None:
    """One waiver, with the failures that it covers now."""
    rows = {str(row["waiver"]): row for row in lists.waiver_rows(place)}
    row = rows.get(waiver_id)
    if row is None:
        return None
    one = next(w for w in waivers.listed(place.connection) if w.waiver == waiver_id)
    facts = {
        "waiver": one.waiver, "state": row["state"], "rule": one.rule, "scope": one.scope, "resource": row["resource"],
        "owner": one.owner, "approver": one.approver, "approval": rests_on(one, None), "added at": one.added_at,
        "expires_at": one.expires_at, "revoked_at": one.revoked_at, "revoked because": one.revoked_because,
        "revoked by": one.revoked_by, "recorded by": one.login or f"user {one.os_user}",
    }  # fmt: skip
    covered = [
        asdict(found)
        for found in queries.findings(place.connection, rules=[one.rule], waived=True)
        if found.waiver == waiver_id
    ]
    columns = ("status", "severity", "rule", "scope", "resource_name", "message")
    part = Part("Covers now", columns, covered[:_MOST_SHOWN], "No current failure.")
    form = forms.revoking(one.waiver) if row["state"] == "active" else None
    value = {**row, "approval": facts["approval"], "covers": [c["fingerprint"] for c in covered]}
    return Detail(
        "Waiver", f"Waiver {one.waiver}", facts, (part,), {"Reason": one.reason}, (), value, form
    )


def review(place: Place, review_id: str) -> Detail | None:
    """One access review with its rows, and what was decided on each."""
    found = reviews.all_reviews(place.connection).get(review_id)
    if found is None:
        return None
    frozen = reviews.population(place.connection, found)
    rows = review_files.exported(found, frozen.rows, place.now)
    facts = dict(reviews.summary(found, place.now))
    columns = (
        "row", "reviewer", "account", "grant", "on", "flags", "state", "decision", "reason", "decided_by",
        "decided_proof", "gone_by",
    )  # fmt: skip
    title = (
        "Rows" if len(rows) <= _MOST_SHOWN else f"Rows: the first {_MOST_SHOWN} of {len(rows):,}"
    )
    part = Part(title, columns, rows[:_MOST_SHOWN], "It has no row.")
    undecided = [row for row in rows if row["state"] == "open"][:_MOST_SHOWN]
    sheet = None
    if found.state == "open" and undecided:
        sheet = Sheet(found.id, undecided, ("reviewer", "account", "grant", "on", "flags"))
    value = {**facts, "rows_of": rows}
    return Detail("Access review", f"Review {found.id}", facts, (part,), value=value, sheet=sheet)


def request(place: Place, number: str) -> Detail | None:
    """One request or note of an auditor."""
    until = None if place.auditor else place.at
    found = requests.rows(place.connection, auditor=place.auditor, until=until)
    row = next((row for row in found if str(row["number"]) == number), None)
    if row is None:
        return None
    facts = {k: v for k, v in row.items() if k not in ("said", "answer")}
    texts = {"Text": str(row["said"])}
    if row["answer"]:
        texts["Answer"] = str(row["answer"])
    title = f"{str(row['entry']).capitalize()} {number}"
    form = forms.answering(int(number))
    return Detail("Request", title, facts, (), texts, value=row, form=form)


_MOST_SHOWN = 300
"""Rows of a table within a page; its JSON has all."""
_MOST_RUNS = 100_000

KINDS = {
    "findings": finding,
    "rules": rule,
    "controls": control,
    "criteria": criterion,
    "documents": document,
    "runs": run,
    "waivers": waiver,
    "reviews": review,
    "requests": request,
}
"""List -> what reads one of it."""
