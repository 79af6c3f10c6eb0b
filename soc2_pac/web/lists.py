"""Every list: one function reads it for the page, the JSON and the CSV."""

from __future__ import annotations

import base64
import itertools
import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from soc2_pac import api, clock
from soc2_pac.audit import (
    access,
    accounts,
    attestations,
    controls,
    exported,
    history,
    past,
    populations,
    requests,
    reviews,
    samples,
)
from soc2_pac.audit.controls import READ, ByRule
from soc2_pac.audit.gaps import gaps as found_gaps
from soc2_pac.criteria import CRITERIA
from soc2_pac.errors import StoreError, UsageError
from soc2_pac.evaluate.people import read as read_people
from soc2_pac.model import Severity, Status, utc_text, utc_time
from soc2_pac.output.metrics import FindingCounts
from soc2_pac.output.summary import WORST
from soc2_pac.store import (
    acts,
    checkpoint,
    counts,
    differences,
    ledger,
    messages,
    periods,
    queries,
    waivers,
)
from soc2_pac.store.gaps import run_started
from soc2_pac.store.lens import look_through
from soc2_pac.web.forms import ASK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.audit.bounds import Bounds
    from soc2_pac.audit.controls import State
    from soc2_pac.evaluate.people import People
    from soc2_pac.store.lens import Lens
    from soc2_pac.web.forms import Form
    from soc2_pac.workspace import Workspace

ROWS = 100
"""Rows of a page where no other number is asked for."""
MOST_CHANGES = 200_000
"""Findings that came or went between two states that are compared: the server holds them meanwhile."""
_DIGITS = 9
_FOREVER = "9999"
"""Behind every instant."""
_TOO_MUCH = 2**63
"""No id of a row is as high."""
_KEPT = 60
"""Things that are kept at most, over all states of the past."""
NOTHING = "nothing was judged yet. Next: soc2-pac run"
CHOOSE = "Say which population, which period, how many events and which seed: the same ones are drawn by the same seed."
LEFT_OUT = "Rules that serve none of your criteria are left out, also where a control names them."
NO_SOURCES = (
    "Which rules had no source at that instant is not recorded: none of them is named here."
)
MOST_ROWS = 1000
"""Rows of a page at most."""

Row = dict[str, object]
T = TypeVar("T")


class Known:
    """What takes long to work out, kept until the store changes; or, where it depends on the clock, for a minute.

    Each state of the past and each auditor's part of it is kept apart. Safe to use from threads: at worst two work out
    the same.
    """

    def __init__(self, work: Workspace) -> None:
        self._given = work
        self._kept: dict[tuple[str, str | None, Bounds | None], tuple[tuple[int, int], Any]] = {}

    def place(
        self,
        connection: Connection,
        at: str | None = None,
        bounds: Bounds | None = None,
        auditor: str | None = None,
    ) -> Place:
        """Where rows come from.

        Args:
            connection: of one transaction that reads. With ``at``, all that it reads is read as of then.
            at: the instant, UTC text; ``None``: now.
            bounds: of an auditor, whose pages always have an instant.
            auditor: the id of their access.

        Raises:
            UsageError: the store knew nothing then.
        """
        now, head = clock.now(), ledger.head(connection).seq
        if at is None:
            return Place(self, connection, now, head)
        place = Place(self, connection, utc_time(at), head, at, bounds, auditor)
        rules = self._given.registry.rules
        found = self.of("lens", place, lambda: past.lens(connection, at, rules, bounds))
        look_through(connection, found)
        return replace(place, lens=found)

    def work(self, place: Place) -> Workspace:
        """The rules in force, by the configuration and by what people did."""
        return self.of(
            "work",
            place,
            lambda: self._given.implying(acts.listed(place.connection)),
            clocked=False,
        )

    def rules(self, place: Place) -> list[RuleInForce]:
        """The rules in force now, or those that judged then."""
        return self.of("rules", place, lambda: list(self._rules(place)), clocked=False)

    def _rules(self, place: Place) -> Iterator[RuleInForce]:
        if place.lens is None:
            for item in place.work.active:
                rule = item.rule
                yield RuleInForce(
                    rule.id, item.severity.value, rule.title, rule.criteria, rule.kind, item.thresholds, None
                )  # fmt: skip
            return
        installed = self._given.registry.rules
        for number, version in sorted(periods.versions(place.connection).items()):
            if number in place.lens.versions and version.rule in place.lens.active:
                kind = installed[version.rule].kind if version.rule in installed else None
                yield RuleInForce(
                    version.rule, version.severity, version.title, version.criteria, kind, version.thresholds,
                    version.source,
                )  # fmt: skip

    def tallied(self, place: Place) -> list[counts.Tallied]:
        """How many findings there are, by rule and status."""
        return self.of("tallied", place, lambda: counts.tallied(place.connection), clocked=False)

    def worst(self, place: Place) -> tuple[int, list[tuple[queries.Finding, int]]]:
        """How many failures are waived, and the worst of the others, each with how many more its rule has."""
        return self.of("worst", place, lambda: self._worst(place))

    def _worst(self, place: Place) -> tuple[int, list[tuple[queries.Finding, int]]]:
        accepted = counts.waived(place.connection)
        worst = counts.worst(place.connection, self.tallied(place), accepted, WORST)
        return accepted.total(), list(worst)

    def counted(self, place: Place) -> tuple[FindingCounts, float]:
        """Findings that count by status, severity and waiver, and as of when they were judged (Unix time).

        Raises:
            StoreError: nothing was judged yet.
        """
        return self.of("counted", place, lambda: self._counted(place))

    def _counted(self, place: Place) -> tuple[FindingCounts, float]:
        judged = queries.last_instant(place.connection)
        if judged is None:
            raise StoreError(NOTHING)
        by: Counter[tuple[Status, Severity, bool]] = Counter()
        for one in self.tallied(place):
            if not one.outside:
                by[one.status, one.severity, False] += one.findings
        for (_, severity), number in counts.waived(place.connection).items():
            by[Status.FAIL, severity, True] += number
            by[Status.FAIL, severity, False] -= number
        return FindingCounts(by, None), utc_time(judged).timestamp()

    def states(self, place: Place) -> list[State]:
        """The controls in force with their evidence."""
        return self.of("states", place, lambda: self._states(place))

    def _states(self, place: Place) -> list[State]:
        kinds = self._given.registry.kinds
        rules, off = place.work.registry.rules, place.work.not_judged
        if place.lens is not None:
            return controls.states(
                place.connection, place.lens.active, {}, place.now, None, lambda: kinds
            )
        return controls.states(place.connection, rules, off, place.now, None, lambda: kinds)

    def people(self, place: Place) -> People:
        """Who works here, and whose each account is."""
        registry, days = self._given.registry, self._given.config.evidence.max_age_days
        return self.of(
            "people",
            place,
            lambda: read_people(
                place.connection,
                registry.kinds,
                place.now,
                timedelta(days=days),
                registry.joined_identities,
            ),
        )

    def population(
        self, place: Place, kind: str, period: populations.AuditPeriod
    ) -> populations.Population:
        """The events of a period: of a kind that a provider lists, or derived from the history."""
        registry = self._given.registry
        if kind in history.KINDS:
            known = api.reviewing(self._given.config, registry)
            return history.population(place.connection, known, kind, period)
        shapes = {one.kind: one for one in registry.kinds}
        return populations.population(
            place.connection, kind, period, shapes.get(kind), others=tuple(history.KINDS)
        )

    def checkpoints(self) -> list[str]:
        """The texts of the checkpoints that runs left in the configured folder, oldest first."""
        return list(exported.read(exported.kept(self._given.config)))

    def gaps(self, place: Place) -> list[Row]:
        """What could not be seen, and is not known now."""
        return self.of("gaps", place, lambda: self._gaps(place))

    def _gaps(self, place: Place) -> list[Row]:
        if place.lens is None:
            reads = api.reads(place.work)
        else:
            reads = past.reads(place.connection, place.lens, self._given.registry.rules)
        return [asdict(gap) for gap in found_gaps(place.connection, reads, place.now, None)]

    def of(self, name: str, place: Place, read: Callable[[], T], *, clocked: bool = True) -> T:
        """Something by its name: as it is kept, or as it is read."""
        state = place.head, int(clock.now().timestamp() // 60) if clocked and not place.at else 0
        key = name, place.at, place.bounds
        kept = self._kept.get(key)
        if kept is None or kept[0] != state:
            kept = self._kept[key] = (state, read())
            for old in list(self._kept)[:-_KEPT]:
                self._kept.pop(old, None)
        found: T = kept[1]
        return found


class RuleInForce(NamedTuple):
    """A rule with what held of it."""

    id: str
    severity: str
    title: str
    criteria: tuple[str, ...]
    kind: str | None
    """``None``: it is installed no more, and the store knows no resource that it judged."""
    thresholds: Mapping[str, Any]
    source: str | None
    """Of the past: SHA-256 of what judged."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rows come from."""

    known: Known
    connection: Connection
    """Of one transaction that reads; of the past it reads nothing later."""
    now: datetime
    """The instant that is shown."""
    head: int
    """The last entry of the ledger, of today."""
    at: str | None = None
    """The instant, UTC text, where the store is shown as it was; ``None``: as it is."""
    bounds: Bounds | None = None
    """Of an auditor."""
    auditor: str | None = None
    """The id of their access."""
    lens: Lens | None = None

    @property
    def work(self) -> Workspace:
        """Configuration and plugins of today, with the rules in force."""
        return self.known.work(self)

    @property
    def known_rules(self) -> AbstractSet[str]:
        """The rules that can be named: those that are installed, or those that had judged by then."""
        if self.lens is None:
            return self.work.registry.rules.keys()
        return {version.rule for version in periods.versions(self.connection).values()}

    def tallied(self) -> list[counts.Tallied]:
        """How many findings there are, by rule and status."""
        return self.known.tallied(self)

    def outdated(self) -> tuple[str, ...]:
        """What is to be said where nobody judged anew for too long."""
        days = self.work.config.evidence.max_age_days
        said = queries.outdated(self.connection, utc_text(self.now), days)
        return () if said is None else (said,)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of a list."""

    filters: Mapping[str, str]
    """Name -> value; none is empty."""
    limit: int = ROWS
    after: str | None = None
    """Where the page before ended."""

    def several(self, name: str) -> list[str]:
        """A filter that takes a list: ``fail,stale``."""
        return [one for one in self.filters.get(name, "").replace(" ", "").split(",") if one]


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of a list."""

    rows: list[Row]
    after: str | None
    """Where it goes on; ``None``: nowhere."""
    notes: tuple[str, ...] = ()
    """What must be said with it."""
    lead: str = ""
    """What the rows are about, where the address does not say it."""
    form: Form | None = None
    """What can be done here."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Something that a list can be narrowed by."""

    name: str
    label: str
    choices: tuple[str, ...] = ()
    """All values that it takes; empty: any text."""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    name: str
    """Its address: ``/name``, ``/name.json``, ``/name.csv``."""
    title: str
    says: str
    """What it shows, in a sentence."""
    columns: tuple[str, ...]
    """Of the page and of the CSV; JSON has all that there is."""
    read: Callable[[Place, Asked], Answer]
    filters: tuple[Filter, ...] = ()
    team: bool = False
    """It is about who may see the pages: no auditor sees it."""


def visible(auditor: bool) -> dict[str, Listing]:  # noqa: FBT001 - a template asks
    """The lists that somebody may open, by name."""
    return {name: one for name, one in LISTINGS.items() if not (auditor and one.team)}


def is_number(text: str) -> bool:
    """Whether a text is a number that rows may have."""
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS


# -- paging ---------------------------------------------------------------------------------------------


def _token(place: tuple[Any, ...]) -> str:
    text = json.dumps(place, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _behind(asked: Asked, place: type[Any]) -> Any:  # noqa: ANN401 - of the type that is given
    if asked.after is None:
        return None
    try:
        text = base64.urlsafe_b64decode(f"{asked.after}===")
        found = msgspec.json.decode(text, type=place)
    except (ValueError, msgspec.MsgspecError) as error:
        raise _no_place(asked) from error
    for value in found:
        # Neither database takes these, and no place has them.
        if (isinstance(value, int) and not 0 <= value < _TOO_MUCH) or "\0" in str(value):
            raise _no_place(asked)
    return found


def _no_place(asked: Asked) -> UsageError:
    return UsageError(f"after: '{asked.after}' is no place in this list")


def _start(asked: Asked) -> int:
    """How many rows are before the page. Raises UsageError where its place is no number."""
    said = asked.after or "0"
    if not is_number(said):
        raise _no_place(asked)
    return int(said)


def _page_of(rows: Iterable[Row], asked: Asked, *notes: str) -> Answer:
    """A page of a list that is short enough to be read whole: its place is a number of rows."""
    start = _start(asked)
    found = list(itertools.islice(rows, start, start + asked.limit + 1))
    more = len(found) > asked.limit
    return Answer(found[: asked.limit], str(start + asked.limit) if more else None, notes)


def _keyed(
    found: Iterator[Any], asked: Asked, place: type[Any], row: Callable[[Any], Row]
) -> Answer:
    """A page of a list that is found by keys."""
    items = list(itertools.islice(found, asked.limit + 1))
    shown = items[: asked.limit]
    after = _token(place.of(shown[-1])) if len(items) > asked.limit else None
    return Answer([row(item) for item in shown], after)


# -- findings and evidence ------------------------------------------------------------------------------

_FINDING = tuple(field.name for field in fields(queries.Finding))


def finding_row(finding: queries.Finding, controls: ByRule) -> Row:
    """A finding with its controls, all that there is to say of it."""
    row: Row = {name: getattr(finding, name) for name in _FINDING}
    row["controls"] = controls.of(finding.rule) if controls else []
    row["because"] = list(finding.because)
    row["waived"] = finding.waiver is not None
    return row


def _chosen(asked: Asked, name: str, values: Iterable[str]) -> list[str]:
    known = list(values)
    found = asked.several(name)
    for one in found:
        if one not in known:
            msg = f"{name}: '{one}' is none of {', '.join(known)}"
            raise UsageError(msg)
    return found


def _yes(asked: Asked, name: str) -> bool | None:
    said = _chosen(asked, name, ("yes", "no"))
    return None if not said else said[0] == "yes"


def _known(asked: Asked, name: str, values: Iterable[str], what: str) -> str | None:
    """A filter whose values are known: a typing error is no empty list."""
    said = asked.filters.get(name)
    if said is not None and said not in values:
        msg = f"{name}: there is no {what} '{said}'"
        raise UsageError(msg)
    return said


def _kind(place: Place, asked: Asked, known: queries.Known) -> str | None:
    """A kind that the store holds, or that somebody could collect; of the past one that it held."""
    could = place.work.registry.collectors.keys() if place.lens is None else frozenset[str]()
    return _known(asked, "kind", known.kinds | could, "kind")


def _scope(asked: Asked, known: queries.Known) -> str | None:
    said = asked.filters.get("scope")
    if said is not None and not queries.matches_any(said, known.scopes):
        msg = f"scope: no scope of the store is '{said}'"
        raise UsageError(msg)
    return said


def criteria_of(asked: Asked, name: str = "criterion") -> list[str]:
    """Criteria and series that are asked for. Raises UsageError where one does not exist."""
    known = {*CRITERIA, *(one.partition(".")[0] for one in CRITERIA)}
    return _chosen(asked, name, sorted(known))


def _findings(place: Place, asked: Asked) -> Answer:
    if queries.last_instant(place.connection) is None:
        # An empty list would read like good news.
        raise StoreError(NOTHING)
    known = queries.known(place.connection)
    rules = asked.several("rule")
    # A rule that is installed no more may have findings still.
    installed = place.known_rules
    judged = {} if installed >= set(rules) else queries.rule_counts(place.connection)
    for rule in rules:
        if rule not in installed and rule not in judged:
            msg = f"rule: there is no rule '{rule}'"
            raise UsageError(msg)
    found = queries.findings(
        place.connection,
        rules=rules,
        criteria=criteria_of(asked),
        statuses=[Status(one) for one in _chosen(asked, "status", Status)],
        severities=[Severity(one) for one in _chosen(asked, "severity", Severity)],
        provider=_known(asked, "provider", known.providers, "provider"),
        scope=_scope(asked, known),
        kind=_kind(place, asked, known),
        resource=asked.filters.get("resource"),
        waived=_yes(asked, "waived"),
        outside=_yes(asked, "outside"),
        after=_behind(asked, queries.Position),
        limit=asked.limit + 1,
    )
    controls = ByRule(place.connection)
    answer = _keyed(found, asked, queries.Position, lambda one: finding_row(one, controls))
    return replace(answer, notes=place.outdated())


def _documents(place: Place, asked: Asked) -> Answer:
    known = queries.known(place.connection)
    found = queries.evidence(
        place.connection,
        kind=_kind(place, asked, known),
        scope=_scope(asked, known),
        resource=asked.filters.get("resource"),
        history=_yes(asked, "history") or False,
        at=_instant(asked, "at"),
        after=_behind(asked, queries.EvidencePosition),
        limit=asked.limit + 1,
    )
    return _keyed(found, asked, queries.EvidencePosition, asdict)


def _instant(asked: Asked, name: str) -> str | None:
    said = asked.filters.get(name)
    return None if said is None else instant(said, name)


def instant(said: str, name: str) -> str:
    """A day or an instant as UTC text. Raises UsageError where it is none."""
    from datetime import UTC, datetime  # noqa: PLC0415

    try:
        found = datetime.fromisoformat(said)
        return utc_text(found if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:  # a zone may lead out of the years that there are
        msg = f"{name}: '{said}' is no instant. Write 2026-03-31 or 2026-03-31T12:00:00Z"
        raise UsageError(msg) from error


# -- what is counted ------------------------------------------------------------------------------------

STATUSES = (
    Status.FAIL, Status.ERROR, Status.INCONCLUSIVE, Status.STALE, Status.PASS, Status.NOT_APPLICABLE,
)  # fmt: skip
"""In the order in which people want to see them."""


def by_status(counted: Iterable[counts.Tallied]) -> dict[str, int]:
    """Status -> number of findings that count, every status named."""
    found = Counter[str]()
    for one in counted:
        if not one.outside:
            found[one.status.value] += one.findings
    return {status.value: found[status.value] for status in STATUSES}


def criteria_rows(place: Place) -> list[Row]:
    """Each of the 61 criteria with its findings by status, also those that no rule looks at."""
    counted: dict[str, list[counts.Tallied]] = defaultdict(list)
    for one in place.tallied():
        for criterion in json.loads(one.criteria):
            counted[criterion].append(one)
    rules: Counter[str] = Counter(
        criterion for rule in place.known.rules(place) for criterion in rule.criteria
    )
    return [
        {
            "criterion": criterion,
            "about": CRITERIA[criterion].title,
            "rules": rules[criterion],
            **by_status(counted[criterion]),
        }
        for criterion in CRITERIA
    ]


def _nothing(place: Place) -> tuple[str, ...]:
    """What must be said beside counts of nothing."""
    judged = queries.last_instant(place.connection) is not None
    return () if judged else (NOTHING.capitalize(),)


def _criteria_list(place: Place, asked: Asked) -> Answer:
    return _page_of(criteria_rows(place), asked, *_nothing(place))


def rule_rows(place: Place, only: str | None = None) -> Iterator[Row]:
    """The rules in force with their findings by status."""
    counted: dict[str, list[counts.Tallied]] = defaultdict(list)
    for one in place.tallied():
        counted[one.rule].append(one)
    for rule in sorted(place.known.rules(place)):
        if only in (None, rule.id):
            yield {
                "rule": rule.id,
                "severity": rule.severity,
                "title": rule.title,
                "criteria": list(rule.criteria),
                "kind": rule.kind,
                **by_status(counted[rule.id]),
            }


def _rules(place: Place, asked: Asked) -> Answer:
    wanted = criteria_of(asked)
    severities = _chosen(asked, "severity", Severity)
    provider = asked.filters.get("provider")
    kinds = {str(rule.kind).partition(".")[0] for rule in place.known.rules(place)}
    _known(asked, "provider", kinds, "provider")
    rows = (
        row
        for row in rule_rows(place)
        if (not severities or row["severity"] in severities)
        and (provider is None or str(row["kind"]).partition(".")[0] == provider)
        and (not wanted or _of(row["criteria"], wanted))
    )
    return _page_of(rows, asked, *_nothing(place))


def _of(criteria: object, wanted: list[str]) -> bool:
    own = criteria if isinstance(criteria, list) else []
    return any(one in wanted or one.partition(".")[0] in wanted for one in own)


def _changes(place: Place, asked: Asked) -> Answer:
    connection = place.connection
    last = _state(connection, asked, "until")
    if last is None:
        last = differences.at_instant(connection, _FOREVER)
    first = _state(connection, asked, "since") or differences.before(connection, last)
    if last.evaluation < first.evaluation:
        msg = "until: it is before since. Write them the other way round"
        raise UsageError(msg)
    if differences.size(connection, first, last) > MOST_CHANGES:
        since = first.as_of or "2000-01-01"
        msg = (
            f"since: more than {MOST_CHANGES:,} findings came or went in that time. Write a later one. "
            f"Next: soc2-pac findings diff --since {since} compares any two"
        )
        raise UsageError(msg)
    change = _known(asked, "change", differences.CHANGES, "change")
    found = differences.differences(
        connection,
        first,
        last,
        change=change,
        severities=[Severity(one) for one in _chosen(asked, "severity", Severity)],
        limit=_start(asked) + asked.limit + 1,
    )
    rows: Iterator[Row] = (
        {**asdict(one), "message": one.before_message if one.after is None else one.after_message}
        for one in found
    )
    begin, end = (one.as_of or "before anything was judged" for one in (first, last))
    answer = _page_of(rows, asked, *_nothing(place))
    return replace(answer, lead=f"From {begin} to {end}.")


def _state(connection: Connection, asked: Asked, name: str) -> differences.At | None:
    """The state of an instant, or right after a run."""
    said = asked.filters.get(name)
    if said is None:
        return None
    if not is_number(said):
        return differences.at_instant(connection, _instant(asked, name) or "")
    run_started(connection, int(said))  # there is such a run
    return differences.after_run(connection, int(said))


# -- what people show -----------------------------------------------------------------------------------


def control_row(state: State) -> Row:
    """A control with the state of its evidence."""
    said = state.control
    return {
        "control": state.id,
        "state": state.state,
        "wording": said.wording,
        "owner": said.owner,
        "frequency": said.frequency,
        "criteria": list(said.criteria),
        "failures": state.failures,
        "due": utc_text(state.due) if state.due else None,
        "missing": list(state.missing),
    }


def _controls(place: Place, asked: Asked) -> Answer:
    wanted = criteria_of(asked)
    states = _chosen(asked, "state", ("failing", "missing", "current"))
    found = (control_row(state) for state in place.known.states(place))
    rows = (
        row
        for row in found
        if (not states or row["state"] in states) and (not wanted or _of(row["criteria"], wanted))
    )
    return _page_of(rows, asked, *([] if place.bounds is None else [LEFT_OUT]))


def _attestations(place: Place, asked: Asked) -> Answer:
    rows = attestations.rows(acts.listed(place.connection, READ), place.now)
    return _page_of(rows, asked)


def _reviews(place: Place, asked: Asked) -> Answer:
    every = reviews.all_reviews(place.connection).values()
    return _page_of((dict(reviews.summary(review, place.now)) for review in every), asked)


def waiver_rows(place: Place) -> Iterator[Row]:
    """Every waiver with its state."""
    for one in waivers.listed(place.connection):
        revoked = "revoked" if one.revoked_at else "expired"
        yield {
            **asdict(one),
            "resource": one.resource or one.pattern,
            "state": "active" if one.active(place.now) else revoked,
        }


def _waivers(place: Place, asked: Asked) -> Answer:
    return _page_of(waiver_rows(place), asked)


# -- how it was collected -------------------------------------------------------------------------------


def _gaps(place: Place, asked: Asked) -> Answer:
    rows = place.known.gaps(place)
    if place.lens is not None:
        return _page_of(rows, asked, NO_SOURCES)
    notes = [
        f"{len(rules)} rules are not judged: there is no {lacking} source."
        for lacking, rules in sorted(place.work.unsourced.items())
    ]
    return _page_of(rows, asked, *notes)


def _runs(place: Place, asked: Asked) -> Answer:
    wanted = _start(asked) + asked.limit + 1
    return _page_of((asdict(one) for one in queries.runs(place.connection, limit=wanted)), asked)


def _collections(place: Place, asked: Asked) -> Answer:
    known = queries.known(place.connection)
    kind = _kind(place, asked, known)
    scope = _scope(asked, known)
    said = asked.filters.get("run")
    if said is not None and not is_number(said):
        msg = f"run: '{said}' is no number"
        raise UsageError(msg)
    found = queries.collections(
        place.connection, run=int(said) if said else None, latest=said is None
    )
    rows = (
        asdict(one)
        for one in found
        if kind in (None, one.kind) and (scope is None or queries.matches_any(scope, [one.scope]))
    )
    return _page_of(rows, asked)


def _populations(place: Place, asked: Asked) -> Answer:
    rows: list[Row] = [
        {"population": row["kind"], **row} for row in populations.summaries(place.connection)
    ]
    if history.derivable(place.connection, place.work.registry.kinds):
        rows += [
            {"population": kind, "kind": kind, "scope": None, "status": "derived", "query": what}
            for kind, what in history.KINDS.items()
        ]
    return _page_of(rows, asked)


def _ledger(place: Place, asked: Asked) -> Answer:
    found = ledger.newest(
        place.connection, after=_behind(asked, ledger.Place), limit=asked.limit + 1
    )
    return _keyed(found, asked, ledger.Place, lambda one: one._asdict())


def _tokens(place: Place, asked: Asked) -> Answer:
    return _page_of(access.rows(place.connection, place.now), asked)


def _people(place: Place, asked: Asked) -> Answer:
    found = place.known.people(place)
    shown = _known(asked, "show", ("unmatched", "leavers", "privileged"), "choice")
    system = asked.filters.get("system")
    systems = {owned.account.system for owned in found.graph.accounts}
    _known(asked, "system", systems | {one.partition(":")[0] for one in systems}, "system")
    every = accounts.chosen(
        found.graph,
        place.now,
        system,
        unmatched=shown == "unmatched",
        leavers=shown == "leavers",
    )
    person = asked.filters.get("person")
    rows = (accounts.row(owned, place.now) for owned in every)
    chosen = (
        row
        for row in rows
        if person in (None, row["person"]) and (shown != "privileged" or row["privileged"])
    )
    return _page_of(chosen, asked, *found.notes)


def _samples(place: Place, asked: Asked) -> Answer:
    said = {name: asked.filters.get(name) for name in ("population", "period", "size", "seed")}
    lacking = [name for name, value in said.items() if value is None]
    if len(lacking) == len(said):
        return Answer([], None, lead=CHOOSE)
    if lacking:
        msg = f"{lacking[0]}: a sample needs a population, a period, a size and a seed"
        raise UsageError(msg)
    kind, size, seed = str(said["population"]), str(said["size"]), str(said["seed"])
    if not is_number(size):
        msg = f"size: '{size}' is no number"
        raise UsageError(msg)
    period = populations.AuditPeriod.parse(str(said["period"]))
    bounds = place.bounds
    if bounds is not None and not inside(bounds, period):
        msg = "period: it is not within the period that you see"
        raise UsageError(msg)
    found = place.known.population(place, kind, period)
    taken = samples.drawn(found, int(size), seed)
    header, drawn = found.header, taken.header["sample"]
    notes = [f"incomplete: {reason}" for reason in header["incomplete_because"]]
    rows: Iterator[Row] = (one._asdict() for one in taken.events)
    lead = (
        f"{drawn['size']} of {drawn['population_count']} events from {header['period']['from']} to "
        f"{header['period']['to']}, digest {header['digest']}: {drawn['algorithm']}, seed {seed!r}."
    )
    return replace(_page_of(rows, asked, *notes), lead=lead)


def inside(bounds: Bounds, period: populations.AuditPeriod) -> bool:
    """Whether a period, whose end is left out, is within what an auditor sees."""
    last = utc_text(period.end - timedelta(milliseconds=1))
    return bounds.start <= utc_text(period.start) and last <= bounds.end


def _checkpoints(place: Place, asked: Asked) -> Answer:
    rows: list[Row] = []
    for text in place.known.checkpoints():
        one = checkpoint.load(text)
        start = place.bounds.start if place.bounds else ""
        if one.recorded_at < start or (place.at is not None and one.recorded_at > place.at):
            continue
        there = periods.ledger_hash(place.connection, one.seq)
        held = "holds" if there == one.head else "does not hold"
        rows.append({
            "taken_at": one.recorded_at, "entry": one.seq, "state": held, "hash": one.head, "count": one.count,
            "signed_by": one.signed_by, "store": one.store,
        })  # fmt: skip
    return _page_of(reversed(rows), asked)


def _requests(place: Place, asked: Asked) -> Answer:
    states = _chosen(asked, "state", (requests.OPEN, requests.ANSWERED, requests.NOTED))
    # What auditors ask is no evidence of the period: they see all of their own.
    until = None if place.auditor else place.at
    found = requests.rows(place.connection, auditor=place.auditor, until=until)
    rows = (row for row in found if not states or row["state"] in states)
    return replace(_page_of(rows, asked), form=ASK)


def _opened(place: Place, asked: Asked) -> Answer:
    found = messages.views(
        place.connection,
        auditor=asked.filters.get("auditor"),
        until=place.at,
        after=_behind(asked, messages.Place),
        limit=asked.limit + 1,
    )
    return _keyed(found, asked, messages.Place, lambda one: one._asdict())


_SCOPE = Filter("scope", "Scope", hint="aws:111122223333, or aws:*")
_KIND = Filter("kind", "Kind", hint="aws.s3.bucket")
_CRITERION = Filter("criterion", "Criterion", hint="CC6.1, or CC6")
_SEVERITY = Filter("severity", "Severity", tuple(s.value for s in reversed(Severity)))
_PROVIDER = Filter("provider", "Provider", hint="aws")

LISTINGS = {
    listing.name: listing
    for listing in (
        Listing(
            "criteria", "Criteria",
            "Every criterion with what the rules say of it. A criterion without rules needs evidence from people.",
            ("criterion", "about", "rules", *(status.value for status in STATUSES)),
            _criteria_list,
        ),
        Listing(
            "controls", "Controls",
            "The company's own controls, and what evidence there is for each.",
            ("control", "state", "wording", "owner", "failures", "due", "missing"),
            _controls,
            (Filter("state", "State", ("failing", "missing", "current")), _CRITERION),
        ),
        Listing(
            "rules", "Rules",
            "Every rule in force, with how many findings it has.",
            ("rule", "severity", "title", "criteria", *(status.value for status in STATUSES)),
            _rules,
            (_CRITERION, _SEVERITY, _PROVIDER),
        ),
        Listing(
            "findings", "Findings",
            "What every rule says of every resource now: failures first, then by severity.",
            ("status", "severity", "rule", "scope", "resource_name", "message", "since", "sla_due", "fingerprint"),
            _findings,
            (
                Filter("status", "Status", tuple(s.value for s in STATUSES)), _SEVERITY, _CRITERION,
                Filter("rule", "Rule", hint="aws-root-mfa"), _PROVIDER, _SCOPE, _KIND,
                Filter("resource", "Resource", hint="id or name"),
                Filter("waived", "Waived", ("yes", "no")), Filter("outside", "Outside", ("yes", "no")),
            ),
        ),
        Listing(
            "changes", "Changes",
            "What is new, worse, better, fixed or no longer seen: by the last evaluation, or since when you say.",
            ("change", "severity", "rule", "scope", "resource_name", "before", "after", "message"),
            _changes,
            (
                Filter("since", "Since", hint="2026-03-31, or a run: 12"), Filter("until", "Until", hint="now"),
                Filter("change", "Change", differences.CHANGES), _SEVERITY,
            ),
        ),
        Listing(
            "documents", "Evidence",
            "The documents as the providers gave them: those that hold now, or those of an instant.",
            ("kind", "scope", "resource_name", "valid_from", "valid_to", "digest"),
            _documents,
            (
                _KIND, _SCOPE, Filter("resource", "Resource", hint="id or name"),
                Filter("at", "At", hint="2026-03-31T12:00:00Z"), Filter("history", "History", ("yes", "no")),
            ),
        ),
        Listing(
            "gaps", "Gaps",
            "What could not be seen: since when, why, and what to grant. Nothing here reads as a pass.",
            ("cause", "kind", "scope", "since", "last_complete", "permission", "reason", "findings"),
            _gaps,
        ),
        Listing(
            "waivers", "Waivers",
            "Failures that somebody accepted. A waived failure stays a failure.",
            ("waiver", "state", "rule", "scope", "resource", "owner", "approver", "expires_at", "reason"),
            _waivers,
        ),
        Listing(
            "attestations", "Attestations",
            "Evidence that people handed in, with the days that it covers.",
            ("attestation", "control", "topic", "state", "covers_from", "covers_to", "counts_until", "by", "file"),
            _attestations,
        ),
        Listing(
            "reviews", "Access reviews",
            "Reviews of who has access to what.",
            ("review", "state", "systems", "started_at", "due", "rows", "open", "revoked", "removed", "overdue"),
            _reviews,
        ),
        Listing(
            "populations", "Populations",
            "Every event of a kind, as far as it was collected: changes, deployments, who came and left.",
            ("population", "scope", "status", "count", "covered_from", "covered_to", "collections", "last_collection"),
            _populations,
        ),
        Listing(
            "runs", "Runs",
            "Every run, newest first.",
            ("id", "command", "status", "started_at", "finished_at", "collections", "complete", "requests"),
            _runs,
        ),
        Listing(
            "collections", "Collections",
            "Each attempt to list one kind in one scope: of a run, or the last of each.",
            ("kind", "scope", "status", "reason", "count", "gaps", "requests", "finished_at", "run"),
            _collections,
            (Filter("run", "Run", hint="12"), _KIND, _SCOPE),
        ),
        Listing(
            "ledger", "Ledger",
            "All that was recorded, chained by hashes, newest first. A checkpoint elsewhere shows a cut end.",
            ("seq", "entry", "ref", "recorded_at", "body_digest", "hash"),
            _ledger,
        ),
        Listing(
            "people", "People and accounts",
            "Every account with its owner, and by what statement it is theirs. Nothing is guessed.",
            ("system", "login", "name", "person", "reason", "active", "mfa", "privileged", "here", "last_used"),
            _people,
            (
                Filter("show", "Show", ("unmatched", "leavers", "privileged")),
                Filter("system", "System", hint="github"), Filter("person", "Person", hint="roster:acme/1042"),
            ),
        ),
        Listing(
            "samples", "Samples",
            "A sample of the events of a period, which anybody can draw again by its seed.",
            ("at", "scope", "uid", "name", "digest", "collected_at"),
            _samples,
            (
                Filter("population", "Population", hint="github.pull_request"),
                Filter("period", "Period", hint="2026-01-01..2026-06-30"), Filter("size", "Size", hint="25"),
                Filter("seed", "Seed", hint="any text"),
            ),
        ),
        Listing(
            "checkpoints", "Checkpoints",
            "Where the ledger stood when runs left checkpoints in the configured folder, and whether they hold still.",
            ("taken_at", "entry", "state", "hash", "count", "signed_by"),
            _checkpoints,
        ),
        Listing(
            "requests", "Requests",
            "What auditors asked and noted, numbered, and what the team answered.",
            ("number", "entry", "state", "by", "about", "said", "recorded_at", "answer", "answered_by"),
            _requests,
            (Filter("state", "State", (requests.OPEN, requests.ANSWERED, requests.NOTED)),),
        ),
        Listing(
            "tokens", "Tokens and auditors",
            "Who may read these pages with a token; auditors a period and criteria. No token is shown, nor kept.",
            (
                "token", "state", "name", "role", "start", "end", "criteria", "until", "created_at", "created_by",
                "revoked_at", "reason",
            ),
            _tokens,
            team=True,
        ),
        Listing(
            "opened", "Opened by auditors",
            "The addresses that auditors asked for, newest first.",
            ("opened_at", "auditor", "path", "query"),
            _opened,
            (Filter("auditor", "Auditor", hint="aud-5f0c19aa"),),
            team=True,
        ),
    )
}  # fmt: skip
"""By name, in the order of the menu."""
