"""Whom a policy on a resource, or the trust policy of a role, lets in.

A condition narrows who that is only where its key says who asks, or from where, and its values name somebody: what
strangers can have as well keeps nobody out. Explicit denials count where they take back all that a statement gives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.conditions import Condition, wide
from soc2_collectors.aws.models.policy import Statement, account_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

EVERYONE = "everyone"
_ACCOUNTS = {
    "aws:principalaccount",
    "aws:sourceaccount",
    "aws:sourceowner",  # what SNS writes into the policy of every new topic
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
}
_ORGANISATIONS = {
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
}
_ARNS = {
    "aws:principalarn",
    "aws:sourcearn",
    "aws:federatedprovider",
    "s3:dataaccesspointarn",
    "lambda:sourcefunctionarn",
}
_PLACES = {
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourcevpcarn",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
}
"""Keys that name a network: whoever sends from there is let in, of whatever account."""
_SERVICES = {"aws:principalservicename", "aws:principalservicenameslist"}
_OF_SERVICES = {"aws:principalisawsservice"}
"""Whether a service of AWS asks of its own: strangers are no service. ``aws:ViaAWSService`` is none of these: it is
true of whatever a service does for whoever asked it, and a stranger may ask one."""
_OWN_ACCOUNT, _OWN_ORGANISATION = "${aws:resourceaccount}", "${aws:resourceorgid}"
_ACCOUNT = re.compile(r"\d{12}")
_IDENTITY = re.compile(r"arn:[^:]+:(?:iam|sts)::(\d{12}):.+")
_ORIGIN = re.compile(r"arn:[^:]+:iam::cloudfront:user/CloudFront Origin Access Identity (\w+)")
_OF_BALANCERS = frozenset(
    {
        "009996457667", "027434742980", "033677994240", "037604701340", "048591011584", "054676820928",
        "076674570225", "098369216593", "114774131450", "127311923021", "156460612806", "190560391635",
        "383597477331", "507241528517", "582318560864", "589379963580", "600734575887", "635631232127",
        "638102146993", "652711504416", "718504428378", "754344448648", "783225319266", "797873946194",
        "897822967062", "985666609251",
    }
)  # fmt: skip
"""Accounts of AWS's own, one a Region, by which Elastic Load Balancing delivers access logs to buckets in Regions from
before August 2022. Source: Elastic Load Balancing user guide, access logs, attach a policy to the bucket."""
_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")
"""What AWS shows in place of a principal that was deleted."""
_SERVICE = re.compile(
    r"(?P<name>[\w.-]+?)(\.[a-z]{2,4}(-[a-z]+)+-\d+)?"
    r"\.(amazonaws\.com(\.cn)?|amazon\.com|amazonaws\.eu|aws\.internal|api\.aws)"
)


@dataclass(frozen=True, slots=True, order=True)
class Party:
    """Somebody, or some, whom a statement lets in."""

    sort: str
    """``everyone``, ``account``, ``organisation``, ``canonical user``, ``resource``, ``place``, ``id``, ``origin``,
    ``service``, ``federated``, or ``unknown`` for a principal that nobody can parse."""
    name: str = ""

    def __str__(self) -> str:
        """As a message names it."""
        if self.sort in ("account", "organisation"):
            return self.name
        if self.sort == "place":
            return f"everyone from {self.name}"
        if self.sort == "origin":
            return f"CloudFront's origin access identity {self.name}"
        return f"{self.sort} {self.name}".strip()

    @property
    def unclear(self) -> bool:
        """Nobody can tell of which account it is."""
        return self.sort in ("unknown", "id", "origin", "resource")

    @property
    def inside(self) -> bool:
        """A service, or somebody who signs in elsewhere: judged by other rules."""
        return self.sort in ("service", "federated")


ANYBODY = Party(EVERYONE)
_OWN = Party("account", _OWN_ACCOUNT)


@dataclass(frozen=True, slots=True)
class Outsiders:
    """Whom policies let in beside the account itself, as messages name them, sorted."""

    strangers: tuple[str, ...]
    """Neither the account's own nor known."""
    unclear: tuple[str, ...]
    """Not known, and nobody can tell of which account: a principal that was deleted, a bucket's name."""
    known: tuple[str, ...]

    @property
    def everyone(self) -> bool:
        """Everyone is among them."""
        return EVERYONE in self.strangers


def outsiders(
    listed: Sequence[Statement], own: str, known: Collection[str] = (), *, served: bool = False
) -> Outsiders:
    """Whom the allowing statements of a policy let in, less what its denying ones take back.

    Args:
        listed: the statements of the policy.
        own: the account that the resource is in.
        known: accounts, organisations, networks, ids that are expected.
        served: accounts and organisations count, too, for which a service is let in by a condition on its source.
    """
    strangers: set[str] = set()
    unclear: set[str] = set()
    fine: set[str] = set()
    accepted = {own, *known} - {""}  # everyone has no name
    for statement in _granted(listed):
        chosen = _smallest(bounds(statement, listed), accepted)
        if served and any(one.sort == "service" for one in chosen):
            chosen |= _served(statement, accepted)
        for party in chosen:
            if party.inside or (
                party.name and party.name in (own, _OWN_ACCOUNT, _OWN_ORGANISATION)
            ):
                continue
            if party.name in accepted:
                fine.add(str(party))
            elif party.unclear:
                unclear.add(str(party))
            else:
                strangers.add(str(party))
    return Outsiders(
        tuple(sorted(strangers)), tuple(sorted(unclear - strangers)), tuple(sorted(fine))
    )


def _served(statement: Statement, accepted: Collection[str]) -> frozenset[Party]:
    """The accounts and organisations for which a statement lets a service in; none where it does not say whose."""
    found = [named for one in statement.conditions if (named := _source(one)) is not None]
    return frozenset(
        one
        for one in (_smallest(found, accepted) if found else ())
        if one.sort in ("account", "organisation")
    )


def _source(one: Condition) -> frozenset[Party] | None:
    """Whose the resource is for which a service asks, by a condition; ``None`` where it does not say."""
    if not one.key.startswith("aws:source") or one.key in _NO_SOURCES:
        return None
    return _let_in(one)


_NO_SOURCES = ("aws:sourceip", "aws:sourceidentity", *_PLACES)
"""Keys that begin like those of a service's source, and are of the network or the person."""


def open_to_everyone(listed: Sequence[Statement]) -> list[Statement]:
    """What lets everyone in, whatever the conditions and denials of the policy say.

    A statement of which denials take back a part stands without its actions and resources that are left to nobody.
    """
    found: list[Statement] = []
    for statement in listed:
        parts = [one for one in _granted([statement], listed) if for_everyone(one, listed)]
        if parts:
            actions = dict.fromkeys(action for one in parts for action in one.actions)
            resources = dict.fromkeys(resource for one in parts for resource in one.resources)
            found.append(
                replace(statement, actions=tuple(actions), resources=tuple(resources), memo={})
            )
    return found


def for_everyone(statement: Statement, listed: Sequence[Statement]) -> bool:
    """Whether everyone has all that an allowing statement gives, conditions and denials considered."""
    return all(ANYBODY in bound for bound in bounds(statement, listed))


def _granted(
    chosen: Sequence[Statement], listed: Sequence[Statement] | None = None
) -> Iterator[Statement]:
    """The allowing statements; part by part where the policy shuts somebody out, perhaps from one of them only."""
    denied = any(not one.allow and _left_by(one) is not None for one in listed or chosen)
    for statement in chosen:
        if statement.allow:
            yield from statement.parts if denied else [statement]


def bounds(statement: Statement, listed: Sequence[Statement] = ()) -> list[frozenset[Party]]:
    """Sets of parties, each of which holds everyone whom an allowing statement lets in.

    The first is what its principal says, the others are what its conditions and the policy's denials leave.
    """
    found = [principals(statement)]
    found += [named for one in statement.conditions if (named := _let_in(one)) is not None]
    found += [
        left
        for denial in listed
        if not denial.allow
        and denial.takes_back(statement)
        and (left := _left_by(denial)) is not None
    ]
    return found


def principals(statement: Statement) -> frozenset[Party]:
    """Whom the principal of a statement names."""
    if statement.not_principals:
        return frozenset({ANYBODY})
    return frozenset(party(kind, value) for kind, value in statement.principals)


def party(kind: str, value: str) -> Party:
    """Whom a principal names, given its type and value."""
    if value == "*":
        return ANYBODY
    if kind == "AWS":
        if _ACCOUNT.fullmatch(value):
            return _of_account(value)
        if match := _IDENTITY.fullmatch(value):
            return _of_account(match[1])
        if match := _ORIGIN.fullmatch(value):
            return Party("origin", match[1])
        if _UNIQUE_ID.fullmatch(value):
            return Party("id", value)
    if kind == "Service" and (name := service(value)):
        return Party("service", name)
    if kind == "CanonicalUser":
        return Party("canonical user", value)
    if kind == "Federated" and account_of(value):
        return Party("account", account_of(value))  # whose identity provider it is
    if kind == "Federated" and value:
        return Party("federated", value)
    return Party("unknown", f"principal {value or kind}")


def _of_account(number: str) -> Party:
    """An account: some are those by which a service of AWS acts."""
    if number in _OF_BALANCERS:
        return Party("service", "logdelivery.elasticloadbalancing")
    return Party("account", number)


def service(principal: str) -> str:
    """``logs`` of ``logs.amazonaws.com``, ``logs.eu-west-1.amazonaws.com`` and those of other partitions."""
    match = _SERVICE.fullmatch(principal.lower())
    return match["name"] if match else ""


def _smallest(found: list[frozenset[Party]], accepted: Collection[str]) -> frozenset[Party]:
    """Of sets that each hold all who are let in, the one that says best who they are."""

    def rank(bound: frozenset[Party]) -> tuple[int, int, int]:
        foreign = [
            one
            for one in bound
            if not one.inside
            and one.name not in accepted
            and one.name not in (_OWN_ACCOUNT, _OWN_ORGANISATION)
        ]
        return (
            sum(one.sort == EVERYONE for one in foreign),
            sum(not one.unclear for one in foreign),
            len(foreign),
        )

    return min(found, key=rank)


def _let_in(one: Condition) -> frozenset[Party] | None:
    """Whom a condition of an allowing statement leaves; ``None`` where it keeps no stranger out."""
    return _named(one) if one.names_values else None


def _left_by(denial: Statement) -> frozenset[Party] | None:
    """Whom a denial does not shut out, of all who ask; ``None`` where it shuts out too few to tell."""
    if denial.not_principals:
        if denial.conditions:
            return None
        return frozenset(party(kind, value) for kind, value in denial.all_but)
    if not denial.anyone:
        return None
    left: set[Party] = set()
    for one in denial.conditions:
        if one.key in _OF_SERVICES and one.test == "bool":
            # "Unless a service asks": strangers send no such key, or false.
            if one.if_exists and [value.lower() for value in one.values] == ["false"]:
                continue
            return None
        # A denial with several conditions shuts out only who breaks all of them.
        named = _named(one) if one.known and one.negated and one.without_key() else None
        if named is None or one.quantifier == "foranyvalue":
            return None
        left |= named
    return frozenset(left)


def _named(one: Condition) -> frozenset[Party] | None:
    """Whom the values of a condition name; ``None`` where a stranger may be among them."""
    if not one.values:
        return None
    if one.key == "aws:sourceip":
        return None if wide(one.values) else frozenset(Party("place", v) for v in one.values)
    if one.key == "aws:principalisawsservice" and one.test == "bool":
        services = [value.lower() for value in one.values] == ["true"]
        return frozenset({Party("service", "any")}) if services else None
    parties = [_by_key(one.key, value) for value in one.values]
    return None if None in parties else frozenset(p for p in parties if p is not None)


def _by_key(key: str, value: str) -> Party | None:
    if key in _ACCOUNTS:
        if value.lower() == _OWN_ACCOUNT:
            return _OWN
        return Party("account", value) if _ACCOUNT.fullmatch(value) else None
    if key in _ARNS:
        return _by_arn(value)
    head = value.partition("/" if key in _ORGANISATIONS else ":")[0]
    if key in _ORGANISATIONS and value.lower() == _OWN_ORGANISATION:
        return Party("organisation", _OWN_ORGANISATION)
    if not head or set(head) & set("*?$"):
        return None
    if key in _ORGANISATIONS:
        return Party("organisation", head)
    if key in _PLACES and not set(value) & set("*?$"):
        return Party("place", value)
    if key == "aws:userid":
        return Party("account" if _ACCOUNT.fullmatch(head) else "id", head)
    if key in _SERVICES and service(value):
        return Party("service", service(value))
    return None


def _by_arn(arn: str) -> Party | None:
    """Whose an ARN is: its account's, or that of the bucket that it names."""
    if account := account_of(arn):
        return Party("account", account)
    parts = arn.split(":", 5)
    if len(parts) != 6 or "$" in arn:  # noqa: PLR2004 - an ARN's parts
        return None
    # The names of buckets are unique in a partition, whatever stands for Region and account.
    bucket = parts[2] == "s3" and not set(parts[3] + parts[4]) - {"*"}
    literal = parts[5] and not set(parts[5].partition("/")[0]) & set("*?")
    if literal and (bucket or not parts[4]):
        return Party("resource", arn)
    return None


_ASKING = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
"""Negated operators -> those that ask for what they shut out the lack of."""


def narrowed(listed: Iterable[Statement]) -> list[Statement]:
    """The allowing statements of a policy, with what its denials ask for among their conditions.

    To deny whoever lacks a value, or has another one, is to ask for it. A denial with several conditions asks for none
    of them by itself. What is denied outright is left out.
    """
    everything = list(listed)
    found: list[Statement] = []
    for statement in everything:
        if not statement.allow:
            continue
        against = [
            other for other in everything if not other.allow and _shuts_out(other, statement)
        ]
        asked = tuple(more for denial in against if (more := _asks_for(denial)) is not None)
        if all(denial.conditions for denial in against):
            conditions = (*statement.conditions, *asked)
            found.append(replace(statement, conditions=conditions, memo={}) if asked else statement)
    return found


def _shuts_out(denial: Statement, statement: Statement) -> bool:
    """Whether a denial speaks of all that a statement gives, and of everyone to whom it does."""
    everyone = not {("*", "*"), ("AWS", "*")}.isdisjoint(denial.principals)
    named = all(
        one in denial.principals or (one[0], "*") in denial.principals
        for one in statement.principals
    )
    return (
        not denial.not_principals
        and (everyone or (named and not statement.anyone))
        and denial.takes_back(statement)
    )


def _asks_for(denial: Statement) -> Condition | None:
    """The condition that a denial comes to for what an allowing statement gives."""
    if len(denial.conditions) != 1:
        return None
    (one,) = denial.conditions
    if one.quantifier or one.test not in _ASKING or not one.without_key():
        return None
    return Condition(_ASKING[one.test], one.key, one.values)


def services_without_source(
    listed: Iterable[Statement], own: str, known: Collection[str] = ()
) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """Services that a statement lets in, each with what keeps it to the account's own resources.

    Yields:
        (service, ``None``) where it may act for anybody; (service, unclear) with what nobody can tell the account
        of; (service, ()) where it acts for this account or known ones only.
    """
    accepted = {own, *known, _OWN_ACCOUNT, _OWN_ORGANISATION} - {""}  # everyone has no name
    for statement in narrowed(listed):
        sources = [named for one in statement.conditions if (named := _source(one)) is not None]
        best: tuple[str, ...] | None = None
        for named in sources:
            foreign = [one for one in named if one.name not in accepted]
            if any(not one.unclear for one in foreign):
                continue
            told = tuple(sorted(str(one) for one in foreign))
            best = told if best is None else min(best, told, key=len)
        for one in principals(statement):
            if one.sort == "service" or one == ANYBODY:
                yield one.name or EVERYONE, best
