"""Tables of what people did and decided, and of what the evidence rests on: as known at the end of a report."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from soc2_pac.acts import attestations as handing
from soc2_pac.acts import reviews as reviewing
from soc2_pac.acts.controls import in_force
from soc2_pac.audit.controls import rules_of, versions
from soc2_pac.audit.deviations import waiver_ends
from soc2_pac.audit.projection import approved, columns
from soc2_pac.audit.spans import text_of
from soc2_pac.model import utc_time
from soc2_pac.report import Shape, Table
from soc2_pac.store import periods

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from soc2_pac.audit.measured import Measured
    from soc2_pac.report import Cell
    from soc2_pac.store.periods import Run

_NUMBER, _INSTANT, _DURATION = Shape.NUMBER, Shape.INSTANT, Shape.DURATION
_DIGEST, _STATUS = Shape.DIGEST, Shape.STATUS
_EVERYWHERE = "everywhere"


def waivers(measured: Measured) -> Table:
    """Every waiver that held at some time of the period."""
    touched = Counter(one.waiver for deviation in measured.deviations for one in deviation.waivers)
    return _waivers(measured, touched, text_of(measured.start), "Deviations that it covers")


def waivers_at(measured: Measured, covered: Mapping[str, int]) -> Table:
    """Every waiver that holds at an instant, with how many failures it covers then."""
    return _waivers(measured, covered, measured.at, "Failures that it covers")


def _waivers(measured: Measured, covered: Mapping[str, int], start: str, counted: str) -> Table:
    rows = []
    for one in measured.waivers:
        ends = waiver_ends(one)
        if ends is not None and ends <= start:
            continue
        left = one.rule not in measured.rules
        rows.append(
            (
                one.waiver, one.rule, one.scope or _EVERYWHERE, one.resource or one.pattern, one.reason, one.owner,
                approved(one), one.added_at, one.expires_at, one.revoked_at, one.revoked_by, one.revoked_because,
                None if left else covered.get(one.waiver, 0),
            )
        )  # fmt: skip
    return Table(
        "waivers",
        "Waivers",
        "Failures that somebody accepted: each waiver that held in the period, or at the instant. A waived failure "
        "stays a failure. Empty: there was none.",
        columns(
            ("waiver", "Waiver"),
            ("rule", "Rule"),
            ("scope", "Scope"),
            ("resource", "Resource"),
            ("reason", "Reason"),
            ("owner", "Accepted by"),
            ("approved_by", "Approved by"),
            ("added", "Added", _INSTANT),
            ("expires", "Expires", _INSTANT),
            ("revoked", "Revoked", _INSTANT),
            ("revoked_by", "Revoked by"),
            ("revoked_because", "Revoked because"),
            ("deviations", counted, _NUMBER),
        ),
        tuple(rows),
    )


def attestations(connection: Connection, measured: Measured) -> Table:
    """Evidence that people handed in."""
    held = {name: control for name, (_, control) in in_force(measured.acts).items()}
    found = list(handing.handed_in(measured.acts).values())
    sizes = periods.attachments(
        connection, {o.added.attachment for o in found if o.added.attachment}
    )
    at = utc_time(measured.at)
    rows = []
    for one in found:
        said = one.said
        control = held.get(said.control)
        until = one.holds_until(control.every_days if control else None)
        counts = one.revoked is None and until > at
        rows.append(
            (
                one.id, said.control, said.topic, said.covers_from, said.covers_to, said.valid_until,
                one.added.recorded_at, str(one.added.by), said.file_name, one.added.attachment,
                sizes.get(one.added.attachment or "", (None, ""))[0], "yes" if counts else "no",
                one.revoked.recorded_at if one.revoked else None,
                one.revoked.said(handing.Revoked).reason if one.revoked else None,
            )
        )  # fmt: skip
    return Table(
        "attestations",
        "Attestations",
        "Evidence that people handed in by the end of the report: the days that it covers, and when it was received. "
        "Empty: nobody handed anything in.",
        columns(
            ("attestation", "Attestation"),
            ("control", "Control"),
            ("topic", "Topic"),
            ("covers_from", "Covers from"),
            ("covers_to", "Covers to"),
            ("valid_until", "Valid until"),
            ("received", "Received", _INSTANT),
            ("by", "Handed in by"),
            ("file", "File"),
            ("digest", "Digest of the file", _DIGEST),
            ("bytes", "Bytes", _NUMBER),
            ("counts", "Counts at the end"),
            ("revoked", "Revoked", _INSTANT),
            ("revoked_because", "Revoked because"),
        ),
        tuple(rows),
    )


def reviews(measured: Measured) -> Table:
    """Access reviews."""
    rows = []
    at = utc_time(measured.at)
    for one in reviewing.reviews(measured.acts).values():
        choices = [made.decision.decision for made in one.decided.values()]
        ended = one.closed or one.cancelled
        rows.append(
            (
                one.id, ", ".join(one.said.systems), one.state, one.started.recorded_at, str(one.started.by),
                one.said.due, len(one.reviewers), one.said.rows, choices.count("keep"), choices.count("revoke"),
                choices.count("change"), one.open_rows, len(one.removed), len(one.overdue(at)),
                ended.recorded_at if ended else None, one.started.attachment, "; ".join(one.said.partial) or None,
            )
        )  # fmt: skip
    return Table(
        "reviews",
        "Access reviews",
        "Each access review that was started by the end of the report, with what was decided and what collections "
        "prove to be removed. Empty: there was none.",
        columns(
            ("review", "Review"),
            ("systems", "Systems"),
            ("state", "State", _STATUS),
            ("started", "Started", _INSTANT),
            ("by", "Started by"),
            ("due", "Due"),
            ("reviewers", "Reviewers", _NUMBER),
            ("rows", "Grants", _NUMBER),
            ("kept", "Kept", _NUMBER),
            ("revoked", "Revoked", _NUMBER),
            ("changed", "Changed", _NUMBER),
            ("undecided", "Not decided", _NUMBER),
            ("proved", "Removals that are proved", _NUMBER),
            ("overdue", "Removals that are late", _NUMBER),
            ("ended", "Ended", _INSTANT),
            ("population", "Digest of the population", _DIGEST),
            ("incomplete", "What was not complete at the start"),
        ),
        tuple(rows),
    )


def controls(measured: Measured, *, at_the_end: bool = False) -> Table:
    """Each version of each control in force at some time of the period, or (``at_the_end``) at its end."""
    end = measured.to.at
    start = end if at_the_end else text_of(measured.start)
    names = dict.fromkeys(act.subject for act in measured.acts if act.kind.startswith("control."))
    rows = []
    for name in sorted(names):
        for one in versions(measured.acts, name):
            if one.since > end or (one.until is not None and one.until <= start):
                continue
            said = one.control
            rules = rules_of(said.rules, measured.force.last)
            rows.append(
                (
                    name, said.wording, said.owner, said.frequency, ", ".join(said.criteria), ", ".join(rules),
                    ", ".join(said.attestations), ", ".join(said.populations), one.since, one.until, str(one.act.by),
                )
            )  # fmt: skip
    return Table(
        "controls",
        "Controls",
        "Each version of each control that was in force in the period, or at the instant, in the company's own words. "
        "Empty: no control was recorded, and the parts of the report are criteria.",
        columns(
            ("control", "Control"),
            ("wording", "Wording"),
            ("owner", "Owner"),
            ("frequency", "Frequency"),
            ("criteria", "Criteria"),
            ("rules", "Rules"),
            ("attestations", "Evidence of people"),
            ("populations", "Populations"),
            ("since", "In force from", _INSTANT),
            ("until", "Until", _INSTANT),
            ("by", "Recorded by"),
        ),
        tuple(rows),
    )


def runs(found: Sequence[Run], measured: Measured) -> Table:
    """Runs in the period."""
    start = text_of(measured.start)
    return Table(
        "runs",
        "Runs",
        "Each run that collected or judged in the period. Empty: there was none.",
        columns(
            ("run", "Run", _NUMBER),
            ("command", "Command"),
            ("started", "Started", _INSTANT),
            ("finished", "Finished", _INSTANT),
            ("status", "Status", _STATUS),
            ("tool_version", "Version of soc2-pac"),
            ("configuration", "Digest of the configuration", _DIGEST),
            ("collections", "Collections", _NUMBER),
            ("complete", "Complete", _NUMBER),
        ),
        tuple(
            (
                one.id, one.command, one.started_at, one.finished_at, one.status, one.tool_version, one.config,
                one.collections, one.complete,
            )
            for one in found
            if one.last >= start
        ),
    )  # fmt: skip


def checkpoints(connection: Connection, measured: Measured) -> Table:
    """Where the ledger stood, and which checkpoints were kept elsewhere."""
    end = periods.ledger_end(connection, measured.to.at)
    rows: list[tuple[Cell, ...]] = []
    if end is not None:
        rows.append(("ledger at the end", end.seq, end.recorded_at, end.hash, None, None, None))
    for one in sorted(measured.checkpoints, key=lambda one: one.seq):
        same = periods.ledger_hash(connection, one.seq) == one.head
        signed = "yes" if one.signed_by else "no"
        rows.append(
            (
                "checkpoint", one.seq, one.recorded_at, one.head, one.signed_by, signed,
                "yes" if same else "no",
            )
        )  # fmt: skip
    return Table(
        "checkpoints",
        "Checkpoints",
        "Where the ledger stood at the end, each checkpoint that was named for the report, and those that runs left "
        "by then. What was recorded before a checkpoint that is kept elsewhere cannot be changed unseen. Empty: "
        "nothing was recorded.",
        columns(
            ("what", "What"),
            ("seq", "Entry of the ledger", _NUMBER),
            ("recorded", "Recorded", _INSTANT),
            ("head", "Hash", _DIGEST),
            ("key", "Key"),
            ("signed", "Signed"),
            ("held", "The ledger holds that entry"),
        ),
        tuple(rows),
    )


def digests(connection: Connection, measured: Measured, found: Sequence[Run]) -> Table:
    """What the report rests on, by digest."""
    rows: list[tuple[Cell, ...]] = []
    end = periods.ledger_end(connection, measured.to.at)
    if end is not None:
        rows.append(("ledger", str(end.seq), end.hash))
    start = text_of(measured.start)
    configurations: dict[str, list[int]] = {}
    for run in found:
        if run.config is not None and run.last >= start:
            configurations.setdefault(run.config, []).append(run.id)
    rows += [
        ("configuration", f"runs {min(ids)} to {max(ids)}", digest)
        for digest, ids in configurations.items()
    ]
    rows += [("rule source", rule.rule, rule.version.source) for rule in measured.rules.values()]
    for one in handing.handed_in(measured.acts).values():
        if one.added.attachment:
            rows.append(("attestation", one.id, one.added.attachment))
    for review in reviewing.reviews(measured.acts).values():
        if review.started.attachment:
            rows.append(("population of a review", review.id, review.started.attachment))
    return Table(
        "digests",
        "Digests",
        "SHA-256 of what the report rests on. The documents of deviations stand in their table, roots of collections "
        "in theirs.",
        columns(("what", "What"), ("name", "Name"), ("digest", "Digest", _DIGEST)),
        tuple(rows),
    )


def collections(connection: Connection, measured: Measured) -> Table:
    """Each kind in each scope."""
    ages = {rule.kind: rule.fresh for rule in measured.rules.values() if rule.kind}
    longest: dict[tuple[str, int], int] = {}
    for gap in measured.gaps():
        longest[gap.cell] = max(gap.length, longest.get(gap.cell, 0))
    cells = [
        (cell, cover)
        for cell, cover in measured.knowledge.covers.items()
        if cell.scope in measured.scopes and measured.knowledge.lives(cell)
    ]
    ids = {
        n for _, cover in cells for n in (cover.first_within, cover.last_within) if n is not None
    }
    roots = periods.roots(connection, ids)
    rows = []
    for cell, cover in sorted(cells, key=lambda one: (one[0].kind, measured.name(one[0].scope))):
        first, last = cover.first_within, cover.last_within
        began = cover.seen(first) if first is not None else None
        ended = cover.seen(last) if last is not None else None
        last_source = cover.last.source if cover.last else None
        rows.append(
            (
                cell.kind, measured.name(cell.scope), ", ".join(cover.sources) or last_source,
                "yes" if cell.kind in ages else "no", cover.made, cover.failed,
                measured.knowledge.expected(cell, measured.cadence), longest.get(cell, 0), cover.requests,
                text_of(began.finished) if began else None, text_of(ended.finished) if ended else None,
                first, last, roots.get(first or 0), roots.get(last or 0),
            )
        )  # fmt: skip
    return Table(
        "collections",
        "Collections",
        "Each kind in each scope: how often it was collected in the period. How many were expected follows from the "
        "cadence of the configuration ([audit] cadence); without one it is unknown, and the cell is empty. Empty: "
        "nothing was collected.",
        columns(
            ("kind", "Kind"),
            ("scope", "Scope"),
            ("source", "Source"),
            ("judged", "A rule judges it"),
            ("complete", "Complete", _NUMBER),
            ("incomplete", "Not complete", _NUMBER),
            ("expected", "Expected", _NUMBER),
            ("longest_gap", "Longest gap", _DURATION),
            ("requests", "Requests", _NUMBER),
            ("first", "First complete one ended", _INSTANT),
            ("last", "Last complete one ended", _INSTANT),
            ("first_id", "First", _NUMBER),
            ("last_id", "Last", _NUMBER),
            ("first_root", "Root of the first", _DIGEST),
            ("last_root", "Root of the last", _DIGEST),
        ),
        tuple(rows),
    )


def decisions(connection: Connection, measured: Measured) -> Table:
    """Every decision of the configuration in force at the end."""
    adjusted = periods.adjustments(connection)
    names = {version.rule_id: rule for rule, version in measured.force.last.items()}
    touched: dict[tuple[str, str], int] = {}
    for one in periods.statuses(connection, measured.to, adjusted=True) if adjusted else ():
        if one.adjustment is not None:
            for line in adjusted[one.adjustment][2]:
                for rule in ("", names[one.rule]):
                    touched[rule, line] = touched.get((rule, line), 0) + one.number

    def count(rule: str, place: Mapping[str, Any]) -> int:
        said = f"{_where(place)}: {place['reason']} ({place['owner']}, {place['date']})"
        return sum(n for (name, line), n in touched.items() if name == rule and said in line)

    rows: list[tuple[Cell, ...]] = []
    for what, effect, place, said in _decided(measured.configuration):
        number = None
        if place is not None:
            number = count("" if what == "audit" else what, place)
        elif effect == "switched off":
            number = 0
        rows.append(
            (
                what, effect, _where(place) if place is not None else _EVERYWHERE, str(said.get("reason", "")),
                str(said.get("owner", "")), str(said.get("date", "") or ""), number,
            )
        )  # fmt: skip
    return Table(
        "decisions",
        "Decisions",
        "What the configuration at the end switches off, leaves out or makes looser, with the reason, who answers for "
        "it, and how many findings it touched then. Rules that are switched off have no findings. Empty: nothing is.",
        columns(
            ("what", "What"),
            ("effect", "Effect"),
            ("where", "Where"),
            ("reason", "Reason"),
            ("owner", "Owner"),
            ("date", "Date"),
            ("findings", "Findings", _NUMBER),
        ),
        tuple(rows),
    )


def _where(place: Mapping[str, Any]) -> str:
    parts = [f"scope {place['scope']}"] if place.get("scope") else []
    return " and ".join(parts + ([f"tag {place['tag']}"] if place.get("tag") else []))


def _decided(
    configuration: Mapping[str, Any],
) -> Iterator[tuple[str, str, Mapping[str, Any] | None, Mapping[str, Any]]]:
    """(what, effect, place, decision), in the order of the configuration."""
    for one in configuration.get("exclude", ()):
        yield one["rule"], "switched off", None, one
    if configuration.get("include"):
        named = ", ".join(configuration["include"])
        yield "rules.include", f"only these rules judge: {named}", None, {}
    for rule, said in sorted(configuration.get("rules", {}).items()):
        if said.get("decision"):
            off = said.get("enabled") is False
            yield rule, "switched off" if off else _settings(said), None, said["decision"]
        for place in said.get("where", ()):
            off = place.get("enabled", True) is False
            effect = "switched off there: judged, and not counted" if off else _settings(place)
            yield rule, effect, place, place
    audit = configuration.get("audit", {})
    for place in audit.get("include", ()):
        yield "audit", "inside of the system, and nothing else is", place, place
    for place in audit.get("exclude", ()):
        yield "audit", "outside of the system", place, place
    for table in ("evidence", "sla", "waivers", "reviews"):
        said = configuration.get(table, {})
        if said.get("reason"):
            kept = {k: v for k, v in said.items() if k not in ("reason", "owner", "date")}
            yield table, json.dumps(kept, sort_keys=True), None, said


def _settings(said: Mapping[str, Any]) -> str:
    parts = [
        f"{name} = {json.dumps(value)}"
        for name, value in sorted((said.get("thresholds") or {}).items())
    ]
    if said.get("severity"):
        parts.append(f"severity {said['severity']}")
    return ", ".join(parts) or "no setting that is looser"
