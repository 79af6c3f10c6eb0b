"""Reviews of access: what they cover, whether they go on, and who decided.

A review is judged by its own words: the queries of its scope, its recurrence, its rounds, and what was
decided in the last one.

Source: Microsoft Graph v1.0, "accessReviewScheduleDefinition", "accessReviewInstance",
"accessReviewInstanceDecisionItem", "patternedRecurrence"; "Configure the scope of your access review".
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import msgspec

from soc2_collectors.azure.models.arm import days_after
from soc2_collectors.azure.models.entra_roles import Moment
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_QUERIES = "the queries say whom and what is meant"
_ONE_OF = "a scope has a query, or principals with resources; Graph, accessReviewScope"
_INACTIVE = "only of reviews of those who do not sign in, which do not count"


class Query(msgspec.Struct, frozen=True, rename="camel"):
    """Some principals or resources."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "@odata.type": _QUERIES,
        "inactiveDuration": _INACTIVE,
    }
    any_value: ClassVar[Mapping[str, str]] = {"@odata.type": _QUERIES}

    odata_type: str | None = msgspec.field(default=None, name="@odata.type")
    query: str | None = None
    inactive_duration: str | None = None
    """Set where only those are reviewed who did not sign in for so long."""

    @property
    def text(self) -> str:
        """The query, decoded and in lower case."""
        return urllib.parse.unquote_plus(self.query or "").casefold().strip()

    @property
    def whole(self) -> bool:
        """Whether all that it names are meant, and not only who is inactive."""
        return (
            self.inactive_duration is None and "inactive" not in (self.odata_type or "").casefold()
        )


class ReviewScope(Query, frozen=True, rename="camel"):
    """Whose access to what is reviewed."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "@odata.type": _QUERIES,
        "inactiveDuration": _INACTIVE,
        "query": _ONE_OF,
        "principalScopes": _ONE_OF,
        "resourceScopes": _ONE_OF,
    }

    principal_scopes: list[Query] | None = None
    resource_scopes: list[Query] | None = None


class Pattern(msgspec.Struct, frozen=True, rename="camel"):
    """How often."""

    type: str
    interval: int


class Range(msgspec.Struct, frozen=True, rename="camel"):
    """From when to when: ``noEnd``, ``endDate`` or ``numbered``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "startDate": "read where a number of rounds says when the last one is",
        "endDate": "read where a date ends the series",
        "numberOfOccurrences": "read where a number ends the series",
    }

    type: str
    start_date: str | None = None
    end_date: str | None = None
    number_of_occurrences: int | None = None


class Recurrence(msgspec.Struct, frozen=True, rename="camel"):
    """How often, and for how long."""

    pattern: Pattern | None = None
    range: Range | None = None


class ReviewSettings(msgspec.Struct, frozen=True, rename="camel"):
    """Settings of a series."""

    recurrence: Recurrence | None = None


class ReviewInstance(msgspec.Struct, frozen=True, rename="camel"):
    """One round of a review; of one that reviews several resources, one for each of them."""

    id: str
    status: str
    """``NotStarted``, ``InProgress``, ``Completed``, ``AutoReviewed``, ``Applied``, ..."""
    start_date_time: Moment
    end_date_time: Moment


class Who(msgspec.Struct, frozen=True, rename="camel"):
    """Who decided, with zeros where it was the system, or nobody yet; or whose access it is."""

    id: str | None = None


class Decision(msgspec.Struct, frozen=True, rename="camel"):
    """What was decided of one principal's access."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "applyResult": "read where access was denied by nobody: then it must be taken away",
        "reviewedBy": "an approval by nobody does not count; a denial does once it was applied",
    }

    id: str
    decision: str
    """``Approve``, ``Deny``, ``DontKnow``, ``NotReviewed``."""
    reviewed_by: Who | None = None
    principal: Who | None = None
    apply_result: str | None = None
    """``New``, ``AppliedSuccessfully``, ``AppliedWithUnknownFailure``, ...: of a denial."""

    @property
    def by(self) -> str | None:
        """The person who decided."""
        who = self.reviewed_by.id if self.reviewed_by else None
        return who if who and who != _NOBODY and self.decision in ("Approve", "Deny") else None

    @property
    def settled(self) -> bool:
        """Whether a person decided, or access was taken away."""
        return self.by is not None or (
            self.decision == "Deny" and (self.apply_result or "").startswith("AppliedSuccessfully")
        )

    @property
    def of_oneself(self) -> bool | None:
        """Whether somebody approved their own access; None where Graph does not show whose it is."""
        if self.decision != "Approve" or self.by is None:
            return False
        whose = self.principal.id if self.principal else None
        return self.by == whose if whose else None


_NOBODY = "00000000-0000-0000-0000-000000000000"
_DAYS = {
    "daily": 1,
    "weekly": 7,
    "absoluteMonthly": 31,
    "relativeMonthly": 31,
    "absoluteYearly": 366,
    "relativeYearly": 366,
}
_DONE = frozenset(
    {"Completed", "AutoReviewed", "Applied", "Applying", "AutoReviewing", "Completing"}
)
_BY_ITSELF = frozenset({"AutoReviewed", "AutoReviewing"})
_OPEN = frozenset({"NotStarted", "Initializing", "Starting", "InProgress"})
_ROLE = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OF_ROLE = re.compile(rf"^(?:/v1\.0|/beta)?/rolemanagement/directory/roledefinitions/({_ROLE})/?$")
_ELIGIBLE = re.compile(
    rf"/rolemanagement/directory/roleeligibilityscheduleinstances\?.*roledefinitionid eq '({_ROLE})'"
)
_ACTIVE = re.compile(
    rf"/rolemanagement/directory/roleassignmentscheduleinstances\?.*roledefinitionid eq '({_ROLE})'"
)
_GUESTS = r"\(?usertype eq 'guest'\)?"
_ALL_USERS = re.compile(r"^(?:/v1\.0|/beta)?/users/?$")
_ALL_GUESTS = re.compile(rf"^(?:/v1\.0|/beta)?/users/?\?(?:\$count=true&)?\$filter={_GUESTS}$")
_ALL_GROUPS = re.compile(
    r"^(?:/v1\.0|/beta)?/groups/?(?:\?\$filter=\(grouptypes/any\(c:c eq 'unified'\)\))?$"
)
_MEMBERS = re.compile(
    rf"^\./(?:transitive)?members(?:/microsoft\.graph\.user)?/?"
    rf"(?:\?(?:\$count=true&)?\$filter={_GUESTS}|\?\$count=true)?$"
)


class Standing(NamedTuple):
    """Whether a review counts."""

    until: datetime | None
    """Until when its last round counts; ``None``: it does not count."""
    lacks: str = ""
    """Why it does not count."""
    unsure: str = ""
    """Why nobody can tell."""
    turns: datetime | None = None
    """When the clock alone may change that."""


class AccessReview(Resource, frozen=True, kw_only=True, rename="camel"):
    """A review of access (``GET /identityGovernance/accessReviews/definitions``; Entra ID P2).

    Shape from documentation.
    """

    kind = "azure.entra.access_review"
    volatile = ("lastModifiedDateTime",)
    may_lack: ClassVar[Mapping[str, str]] = {
        "instanceEnumerationScope": "of reviews of every Microsoft 365 group alone",
        "status": "of a series: what ends it is its recurrence, which is read as well",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "status": "of a series: what ends it is its recurrence, which is read as well",
    }

    id: str
    display_name: str
    status: str | None = None
    scope: ReviewScope | None = None
    instance_enumeration_scope: Query | None = None
    settings: ReviewSettings | None = None
    instances: list[ReviewInstance] = fact("instances")
    """``GET .../definitions/{id}/instances``."""
    decisions: dict[str, list[Decision]] = fact("decisions")
    """``GET .../instances/{id}/decisions`` of the last round that ended: id of the round -> decisions."""

    # -- what it covers ----------------------------------------------------------------------------------

    def _resources(self) -> Iterator[Query]:
        scope = self.scope or ReviewScope()
        yield scope
        yield from scope.resource_scopes or ()

    @property
    def touches_roles(self) -> bool:
        """Whether it is about roles of the directory, of whomever."""
        return any("/rolemanagement/directory/" in one.text for one in self._resources())

    @property
    def touches_guests(self) -> bool:
        """Whether guests are reviewed by it, some or all."""
        scope = self.scope or ReviewScope()
        asked = [scope, *(scope.principal_scopes or ())]
        return self.all_guests or any("usertype eq 'guest'" in one.text for one in asked)

    @property
    def roles(self) -> frozenset[str]:
        """Ids of the roles of which it reviews all users, those who are eligible included."""
        return self._of_roles(_OF_ROLE)

    @property
    def eligible_roles(self) -> frozenset[str]:
        """Ids of the roles of which it reviews who is eligible."""
        return self._of_roles(_ELIGIBLE)

    @property
    def active_roles(self) -> frozenset[str]:
        """Ids of the roles of which it reviews who has them now."""
        return self._of_roles(_ACTIVE)

    def _of_roles(self, pattern: re.Pattern[str]) -> frozenset[str]:
        scope = self.scope or ReviewScope()
        people = scope.principal_scopes
        if people is not None and not any(
            one.whole and _ALL_USERS.match(one.text) for one in people
        ):
            return frozenset()
        return frozenset(
            found[1]
            for one in self._resources()
            if one.whole and (found := pattern.search(one.text))
        )

    @property
    def all_guests(self) -> bool:
        """Whether it reviews all guests: their access to all groups, or to every Microsoft 365 group."""
        scope = self.scope or ReviewScope()
        if self.instance_enumeration_scope is not None:
            groups = _ALL_GROUPS.match(self.instance_enumeration_scope.text)
            return bool(groups) and scope.whole and bool(_MEMBERS.match(scope.text))
        people = scope.principal_scopes or ()
        return any(
            one.whole and (_ALL_GUESTS.match(one.text) or _ALL_USERS.match(one.text))
            for one in people
        ) and any(_ALL_GROUPS.match(one.text) for one in scope.resource_scopes or ())

    # -- whether it goes on ------------------------------------------------------------------------------

    def standing(self, now: datetime, max_days: int) -> Standing:
        """Whether it recurs at least every so many days, and a person decided its last round in that time."""
        lacks, unsure = self._recurs(now, max_days)
        if lacks:
            return Standing(None, lacks)
        ended = [one for one in self.instances if one.end_date_time <= now]
        coming = [one.end_date_time for one in self.instances if one.end_date_time > now]
        coming += [end for end in [self._last_day] if end is not None and end > now]
        if not ended:
            nothing = "no round of it has ended yet"
            return Standing(None, nothing, turns=min(coming, default=None))
        last = _last_round(ended)
        found = self._round(last, now, max_days, unsure)
        turns = min([*coming, *([found.turns] if found.turns else [])], default=None)
        return found._replace(turns=turns)

    def _round(
        self, last: Sequence[ReviewInstance], now: datetime, max_days: int, unsure: str
    ) -> Standing:
        for one in last:
            if one.status in _OPEN:
                late = f"its round that ended on {one.end_date_time:%Y-%m-%d} was not completed"
                return Standing(None, late)
            if one.status not in _DONE:
                unsure = unsure or f"a round has a status that is not known: {one.status}"
        until = days_after(max(one.end_date_time for one in last), max_days)
        if until <= now:
            return Standing(None, f"its last round counted until {until:%Y-%m-%d}")
        lacks, doubt = self._decided(last)
        if lacks:
            return Standing(None, lacks)
        unsure = unsure or doubt
        return Standing(None if unsure else until, "", unsure, until)

    @property
    def _last_day(self) -> datetime | None:
        """When the series ends; ``None`` for never, or where that cannot be told."""
        recurrence = self.settings.recurrence if self.settings else None
        if recurrence is None or recurrence.pattern is None or recurrence.range is None:
            return None
        days = _DAYS.get(recurrence.pattern.type, 0) * recurrence.pattern.interval
        ends = _ends(recurrence.range, days)
        return ends if isinstance(ends, datetime) else None

    def _recurs(self, now: datetime, max_days: int) -> tuple[str, str]:
        recurrence = self.settings.recurrence if self.settings else None
        if recurrence is None or recurrence.pattern is None:
            return "it happens once", ""
        pattern, bounds = recurrence.pattern, recurrence.range
        days = _DAYS.get(pattern.type, 0) * pattern.interval
        if days <= 0:
            return "", f"how often it recurs cannot be told ({pattern.type}, {pattern.interval})"
        if days > max_days:
            return f"it recurs every {days} days", ""
        if bounds is None:
            return "", "until when it recurs is not shown"
        ends = _ends(bounds, days)
        if isinstance(ends, str):
            return ends, ""
        if ends is not None and ends <= now:
            return f"the series ended on {ends:%Y-%m-%d}", ""
        if bounds.type not in ("noEnd", "endDate", "numbered"):
            return "", f"until when it recurs cannot be told ({bounds.type})"
        if bounds.type != "noEnd" and ends is None:
            return "", f"until when it recurs cannot be read ({bounds.type})"
        if self.status in _DONE:
            return "", f"the series goes on by its recurrence, and its status is {self.status}"
        return "", ""

    def _decided(self, last: Sequence[ReviewInstance]) -> tuple[str, str]:
        """What is wrong with who decided the last round, and what cannot be told."""
        try:
            decisions = self.decisions
        except FactUnavailable as error:
            if any(one.status in _BY_ITSELF for one in last):
                return "the system decided its last round", ""
            return "", str(error)
        missing = [one.id for one in last if one.id not in decisions]
        if missing:
            return "", "the decisions of its last round are not shown"
        made = [one for instance in last for one in decisions[instance.id]]
        if not made:
            return "", "its last round shows no decision"
        open_ = [one for one in made if not one.settled]
        if open_:
            return f"nobody decided {len(open_)} of {len(made)} in its last round", ""
        own = [one.of_oneself for one in made]
        if True in own:
            said = f"{own.count(True)} of {len(made)} approved their own access in its last round"
            return said, ""
        return "", "whose access was approved is not shown" if None in own else ""


def _last_round(ended: Sequence[ReviewInstance]) -> list[ReviewInstance]:
    """The rounds that began with the latest of them: one for each resource."""
    began = max(one.start_date_time for one in ended).date()
    return [one for one in ended if one.start_date_time.date() == began]


def _ends(bounds: Range, days: int) -> datetime | str | None:
    """When a series ends; ``None`` for never, or where that cannot be told; a text: it is no series."""
    if bounds.type == "endDate":
        return _day(bounds.end_date)
    if bounds.type == "numbered" and bounds.number_of_occurrences is not None:
        if bounds.number_of_occurrences <= 1:
            return "it happens once"
        start = _day(bounds.start_date)
        return start and start + timedelta(days=days * bounds.number_of_occurrences)
    return None


def _day(text: str | None) -> datetime | None:
    """The end of a day; ``None`` for what is no date."""
    try:
        return datetime.combine(date.fromisoformat((text or "")[:10]), time.max, UTC)
    except ValueError:
        return None
