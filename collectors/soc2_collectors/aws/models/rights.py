"""What the policies of somebody grant, taken together: everything, enough to become that, or less.

This is the one place that says who is an administrator. Requests are judged as AWS does: an explicit denial wins,
then something must allow, and every ceiling (a permissions boundary) must allow as well. Where a condition is on what
its holder chooses (the moment, the network, the tags of a new thing), it is taken as met; where it is on what a thing
that nobody has named would have, that thing has no tags and no boundary. What nobody can tell stays unknown.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from soc2_collectors.aws.models.conditions import Condition, glob
from soc2_collectors.aws.models.escalation import (
    ASSUME,
    BOUNDARY,
    CENTRE,
    EXISTING,
    MADE,
    OWN,
    PASS,
    PASS_ROLE,
    Path,
    catalogue,
    named_by,
)
from soc2_collectors.aws.models.policy import (
    ANYTHING,
    Statement,
    account_of,
    partition_of,
    statements,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = [
    "ASSUME",
    "BOUNDARY",
    "CENTRE",
    "EVERYTHING",
    "EXISTING",
    "MADE",
    "OWN",
    "PASS",
    "Grants",
    "Request",
    "Rights",
    "decide",
    "denied",
    "grants_of",
    "holds",
    "named_among",
    "rights_of",
    "trusted_by",
]  # fmt: skip

NAME = "~" * 40
"""What reaches a resource of this name reaches all of its sort: ``a*`` or ``*-admin`` does not."""
_REGION, _ACCOUNT = "any-region", "any-account"
_PROBES = ("iam", "s3", "ec2", "kms", "lambda", "anything-else")
"""Who may do an action that nobody has named in each of these services may do everything."""
_GLOBAL = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where the calls of IAM count as requested, by partition (IAM user guide, ``aws:RequestedRegion``)."""
_STRONG = (
    "arn:{partition}:iam::aws:policy/AdministratorAccess",
    "arn:{partition}:iam::aws:policy/IAMFullAccess",
    f"arn:{{partition}}:iam::{{account}}:policy/{NAME}",
)
"""Policies that whoever may attach one will attach: any of them is enough."""


class Fact(Enum):
    """What is known of a condition key in a request, beside values."""

    FREE = "its holder chooses"
    ABSENT = "the request has no such key"
    UNKNOWN = "nobody can tell"


Tags: TypeAlias = "Callable[[], Mapping[str, str] | None]"
"""Reads somebody's tags; ``None``: not known, or whoever acts as it chooses some of them."""


def _untold() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource, asked for by whoever holds the policies."""

    action: str
    arn: str | None = None
    """On what; ``None`` for some resource whose name its holder chooses."""
    everywhere: bool = False
    """On every resource there is."""
    holder: str = ""
    """The ARN of whose policies these are, where it is known."""
    partition: str = "aws"
    account: str = ""
    passed_to: str = ""
    """The service that a role is passed to: ``lambda``."""
    policy: str = ""
    """The ARN of the policy that is attached."""
    itself: bool = False
    """The thing may be its holder: a policy names it by a variable."""
    tags: Tags = field(default=_untold, compare=False)
    """The holder's tags, keys in small letters; read where a condition asks for one."""

    @property
    def service(self) -> str:
        """``iam`` of ``iam:PassRole``."""
        return self.action.partition(":")[0].lower()

    def known(self, key: str) -> Fact | tuple[str, ...]:
        """What is known of a condition key, given in small letters."""
        service = self.service
        if key == "aws:requestedregion":
            home = _GLOBAL.get(self.partition)
            return (home,) if service == "iam" and home else Fact.FREE
        if key in _OF_HOLDERS:
            return self._of_holder(key)
        if key in ("aws:resourceaccount", "s3:resourceaccount"):
            return (self.account,) if self.account else Fact.FREE
        if self.holder and key.startswith(_TAG):
            tags = self.tags()
            if tags is None:
                return Fact.UNKNOWN
            value = tags.get(key.removeprefix(_TAG))
            return Fact.ABSENT if value is None else (value,)
        if ":resourcetag/" in key:
            # What nobody has named has no tags; those of a thing that is there were not read.
            named = self.arn is not None and NAME not in self.arn
            return Fact.UNKNOWN if named else Fact.ABSENT
        if key in _OF_SERVICES:
            return Fact.ABSENT
        if key.startswith(_FREE):
            return Fact.FREE
        prefix = key.partition(":")[0]
        if prefix == "iam" and service == "iam":
            return self._of_iam(key)
        if prefix == "aws":
            return Fact.UNKNOWN
        if prefix == service:
            return Fact.FREE if self.arn is None or service == "sts" else Fact.UNKNOWN
        # Who signed in elsewhere has keys of their provider: accounts.google.com:aud, saml:aud.
        return Fact.FREE if "." in prefix or prefix in ("saml", "ldap") else Fact.ABSENT

    def _of_holder(self, key: str) -> Fact | tuple[str, ...]:
        if not self.holder:
            return Fact.FREE
        if key == "aws:principalaccount":
            return (account_of(self.holder),) if account_of(self.holder) else Fact.FREE
        if key == "aws:username":
            user = ":user/" in self.holder
            return (self.holder.rpartition("/")[2],) if user else Fact.ABSENT
        return (self.holder,)

    def _of_iam(self, key: str) -> Fact | tuple[str, ...]:
        if key == "iam:passedtoservice":
            endings = (
                ".amazonaws.com",
                *((".amazonaws.com.cn",) if self.partition == "aws-cn" else ()),
            )
            return tuple(self.passed_to + end for end in endings) if self.passed_to else Fact.FREE
        if key == "iam:policyarn":
            return (self.policy,) if self.policy else Fact.FREE
        if key == "iam:permissionsboundary":
            # Of things that nobody has named: none. Who changes boundaries says which.
            return Fact.FREE if self.action.endswith("PermissionsBoundary") else Fact.ABSENT
        return Fact.FREE if key in _CHOSEN else Fact.UNKNOWN


_TAG = "aws:principaltag/"
_OF_HOLDERS = {"aws:principalarn", "aws:principalaccount", "aws:username"}
_OF_SERVICES = {"aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid",
                "aws:sourceorgpaths"}  # fmt: skip
"""Keys of requests that AWS's services make of their own."""
_CHOSEN = {"iam:associatedresourcearn", "iam:awsservicename"}
_FREE = (
    "aws:securetransport",
    "aws:currenttime",
    "aws:epochtime",
    "aws:tokenissuetime",
    "aws:multifactorauth",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourceidentity",
    "aws:vpce",
    "aws:vpcsourceip",
    "aws:useragent",
    "aws:referer",
    "aws:principal",
    "aws:userid",
    "aws:federatedprovider",
    "aws:calledvia",
    "aws:viaawsservice",
    "aws:requesttag/",
    "aws:tagkeys",
    "aws:resourceorg",
    "aws:ec2instancesource",
    "ec2:sourceinstancearn",
    "ec2:roledelivery",
    "aws:chatbotsourcearn",
    "aws:signinsessionarn",
    "aws:assumedroot",
    "sts:",
)
"""How the names of keys begin that speak of the caller and the moment, or that the caller chooses."""


# -- one request ------------------------------------------------------------------------------------------


def decide(listed: Iterable[Statement], request: Request) -> bool | None:
    """Whether statements allow a request, denials first; ``None``: nobody can tell."""
    allowed: bool | None = False
    unsure = False
    for statement in listed:
        if not (_covers(statement, request.action) and _reaches(statement, request)):
            continue
        answer = holds(statement, request)
        if not statement.allow:
            if answer:
                return False
            unsure = unsure or answer is None
        elif answer or (answer is None and not allowed):
            allowed = True if answer else None
    return None if allowed and unsure else allowed


def denied(listed: Iterable[Statement], request: Request) -> bool | None:
    """Whether a statement denies a request, whatever others allow; ``None``: nobody can tell."""
    return any_of(
        holds(statement, request)
        for statement in listed
        if not statement.allow
        and _covers(statement, request.action)
        and _reaches(statement, request)
    )


def _covers(statement: Statement, action: str) -> bool:
    if action in catalogue().actions:
        return action in _named(statement)
    known: bool | None = statement.memo.get(action)
    if known is None:
        known = statement.memo[action] = statement.covers(action)
    return known


def _named(statement: Statement) -> frozenset[str]:
    """The actions of the catalogue that a statement speaks of."""
    found: frozenset[str] | None = statement.memo.get("named")
    if found is None:
        if statement.not_actions:
            left_out = (named_by(pattern) for pattern in statement.not_actions)
            found = catalogue().actions.difference(*left_out)
        else:
            found = frozenset().union(*(named_by(pattern) for pattern in statement.actions))
        statement.memo["named"] = found
    return found


def _reaches(statement: Statement, request: Request) -> bool:
    if request.everywhere:
        return statement.every_resource and (statement.allow or not statement.not_resources)
    if request.arn is None:
        # A denial of some resources leaves others.
        return statement.allow or (statement.every_resource and not statement.not_resources)
    loose = statement.allow
    if statement.not_resources:
        return not any(_inside(p, request, loose=not loose) for p in statement.not_resources)
    return any(_inside(p, request, loose=loose) for p in statement.resources)


def _inside(pattern: str, request: Request, *, loose: bool) -> bool:
    """Whether a pattern holds the ARN of a request; loose: in whatever Region and account the pattern names."""
    arn = request.arn or ""
    if "${" in pattern:
        pattern = _resolved(pattern, request, loose=loose)
    if loose and (_REGION in arn or _ACCOUNT in arn):
        parts, named = arn.split(":", 5), pattern.split(":", 5)
        if len(named) == len(parts):
            parts[3] = named[3] if parts[3] == _REGION else parts[3]
            parts[4] = named[4] if parts[4] == _ACCOUNT else parts[4]
            arn = ":".join(parts)
    return glob(pattern).match(arn) is not None


def _resolved(pattern: str, request: Request, *, loose: bool) -> str:
    holder = request.holder
    mine = holder.rpartition("/")[2] if ":user/" in holder else ""
    if mine:
        pattern = pattern.replace("${aws:username}", mine)
    elif request.itself and loose:
        pattern = pattern.replace("${aws:username}", "*")
    for variable in ("${aws:PrincipalAccount}", "${aws:ResourceAccount}"):
        pattern = pattern.replace(variable, request.account or "*")
    return pattern


def holds(statement: Statement, request: Request) -> bool | None:
    """Whether all conditions of a statement hold, as its holder would have it."""
    answers = [
        _one(condition, request.known(condition.key), allow=statement.allow)
        for condition in statement.conditions
    ]
    if False in answers:
        return False
    return None if None in answers else True


def _one(condition: Condition, known: Fact | tuple[str, ...], *, allow: bool) -> bool | None:
    if not condition.known:
        return None
    if known is Fact.FREE:
        if allow:
            return bool(condition.values)
        # Whoever can do otherwise is not kept back by a denial.
        return condition.of_any_value and not condition.negated
    if known is Fact.ABSENT:
        return condition.without_key()
    if known is Fact.UNKNOWN:
        return True if condition.of_any_value and not condition.negated else None
    if len(known) == 1:
        return condition.holds(*known)
    # Several names of one service: it is named where any is.
    answers = [condition.holds(name) for name in known]
    if None in answers:
        return None
    return all(answers) if condition.negated else any(answers)


# -- policies together ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Grants:
    """The policies of one holder: what allows and denies, and the ceilings above it."""

    statements: tuple[Statement, ...]
    ceilings: tuple[tuple[Statement, ...] | None, ...] = ()
    """Each must allow too; ``None`` for one that was not read."""
    holder: str = ""
    """The ARN of the user, role or group that holds them; empty where policies are judged by themselves."""
    near: tuple[str, ...] = ()
    """ARNs of what belongs to the holder: its own, its groups', those of the policies attached to it."""
    partition: str = "aws"
    account: str = ""
    tags: Tags = field(default=_untold, compare=False)
    """The holder's tags, as in :class:`Request`."""
    _shown: frozenset[str] = field(init=False, default=frozenset())
    _about: dict[str, tuple[Statement, ...]] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )
    """The statements that speak of an action, for those that were asked for."""

    def __post_init__(self) -> None:
        """Find the actions of the catalogue that anything allows, so that most paths are never looked at."""
        shown = frozenset().union(*(_named(s) for s in self.statements if s.allow))
        object.__setattr__(self, "_shown", shown)

    def allows(self, request: Request) -> bool | None:
        """Whether the holder may; ``None``: nobody can tell."""
        about = self._about.get(request.action)
        if about is None:
            about = tuple(s for s in self.statements if _covers(s, request.action))
            self._about[request.action] = about
        answers = [decide(about, request)]
        if answers[0] is not False:
            answers += [None if c is None else decide(c, request) for c in self.ceilings]
        if False in answers:
            return False
        return None if None in answers else True

    def request(self, action: str, arn: str | None = None, **more: Any) -> Request:  # noqa: ANN401
        """A request of the holder; ``more`` are fields of :class:`Request`."""
        about = {
            "holder": self.holder,
            "partition": self.partition,
            "account": self.account,
            "tags": self.tags,
        }
        return Request(action, arn, **{**about, **more})

    @property
    def without_ceilings(self) -> Grants:
        """What the policies say by themselves."""
        return replace(self, ceilings=())

    def in_account(self, account: str) -> Grants:
        """The same policies, asked about things of an account."""
        return replace(self, account=account)

    @property
    def everything(self) -> bool | None:
        """Every action on every resource."""
        return all_of(
            self.allows(self.request(f"{service}:{ANYTHING}", everywhere=True))
            for service in _PROBES
        )

    def paths(self, *kinds: str) -> Iterator[tuple[Path, bool | None]]:
        """The paths that the holder may go, or perhaps may (``None``), on things that nobody has named."""
        for path in self.candidates(*kinds):
            answer = self.goes(path)
            if answer is not False:
                yield path, answer

    def shows(self, action: str) -> bool:
        """Whether an action of the catalogue is allowed on something, under some condition."""
        return action in self._shown

    def candidates(self, *kinds: str) -> Iterator[Path]:
        """The paths whose actions are all allowed on something, under some condition."""
        for path in catalogue().paths:
            if path.kind in kinds and self._shown.issuperset(path.actions):
                yield path

    def goes(self, path: Path) -> bool | None:
        """Whether the holder may go a path on things that nobody has named; ``None``: nobody can tell."""
        if path.kind == PASS:
            services = path.services or ("",)
            return any_of(
                all_of(
                    self.on_any(action, passed_to=service) if action == PASS_ROLE
                    else self.allows(self.request(action))
                    for action in path.actions
                )
                for service in services
            )  # fmt: skip
        if path.kind == MADE:
            return any_of(
                all_of(self._on(action, arn) for action in path.actions)
                for arn in self._makes(path.actions[0])
            )
        itself = path.kind in (OWN, BOUNDARY) and path.id not in _NOT_OF_ONESELF
        return all_of(self.on_any(action, itself=itself) for action in path.actions)

    def on_any(self, action: str, **more: Any) -> bool | None:  # noqa: ANN401
        """Whether the holder may do it to any of its sort, or to what belongs to the holder.

        ``more`` are fields of :class:`Request`.
        """
        targets = catalogue().targets.get(action)
        if targets is None:
            return self.allows(self.request(action, **more))
        if action.startswith("iam:Attach") and "policy" not in more:
            place = {"partition": self.partition, "account": self.account or _ACCOUNT}
            return any_of(self.on_any(action, policy=p.format(**place), **more) for p in _STRONG)
        return any_of(
            self.allows(self.request(action, arn, **more))
            for arn in (*self._any(targets), *(self._own(targets) if more.get("itself") else ()))
        )

    def _on(self, action: str, arn: str) -> bool | None:
        """Whether the holder may do it to one thing; what is attached to it may be any policy."""
        if not action.startswith("iam:Attach"):
            return self.allows(self.request(action, arn))
        place = {"partition": self.partition, "account": self.account or _ACCOUNT}
        return any_of(
            self.allows(self.request(action, arn, policy=policy.format(**place)))
            for policy in _STRONG
        )

    def strengthens(self, role: str) -> bool | None:
        """Whether the holder may give a role every right, by its ARN."""
        return any_of(self._on(action, role) for action in _STRENGTHENING if self.shows(action))

    def _makes(self, action: str) -> Iterator[str]:
        """A thing for each pattern of names under which the holder may make one, with a name that nobody chose."""
        sort = action.partition(":Create")[2].lower()
        for pattern in dict.fromkeys(
            resource
            for statement in self.statements
            if statement.allow and _covers(statement, action)
            for resource in (*statement.resources, *(("*",) if statement.not_resources else ()))
        ):
            parts = pattern.split(":", 5)
            name = parts[5] if len(parts) == 6 else "*"  # noqa: PLR2004 - an ARN's parts
            name = name if name.startswith(f"{sort}/") else f"{sort}/*"
            if "*" not in name and "?" not in name:
                continue
            made = name.replace("*", NAME).replace("?", "x")
            yield f"arn:{self.partition}:iam::{self.account or _ACCOUNT}:{made}"

    def _any(self, targets: Sequence[str]) -> Iterator[str]:
        for target in targets:
            service, region, account, rest = target.split(":", 3)
            yield ":".join(
                (
                    "arn",
                    self.partition,
                    service,
                    _REGION if region else "",
                    (self.account or _ACCOUNT) if account else "",
                    rest.replace("NAME", NAME),
                )
            )

    def _own(self, targets: Sequence[str]) -> Iterator[str]:
        sorts = {target.rpartition(":")[2].partition("/")[0] for target in targets}
        for arn in self.near:
            if arn.split(":", 5)[-1].partition("/")[0] in sorts:
                yield arn


_STRENGTHENING = ("iam:PutRolePolicy", "iam:AttachRolePolicy")
_NOT_OF_ONESELF = {
    "iam-create-access-key",
    "iam-create-login-profile",
    "iam-update-login-profile",
    "iam-update-assume-role-policy",
    "iam-put-user-permissions-boundary",
    "iam-put-role-permissions-boundary",
}
"""Paths that make their holder somebody else: done to oneself they give nothing."""


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Whether one is true; ``None``: nobody can tell."""
    unsure = False
    for answer in answers:
        if answer:
            return True
        unsure = unsure or answer is None
    return None if unsure else False


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """Whether none is false; ``None``: nobody can tell."""
    unsure = False
    for answer in answers:
        if answer is False:
            return False
        unsure = unsure or answer is None
    return None if unsure else True


def named_among(principals: Iterable[str], holder: str) -> bool:
    """Whether principals of type ``AWS`` name a user or role: ``*``, its ARN, or one of the sessions of a role.

    Whoever takes on a role chooses the name of the session (STS API reference, AssumeRole, RoleSessionName).
    """
    session = _sessions(holder)
    return any(
        value in ("*", holder) or (session is not None and value.startswith(session))
        for value in principals
    )


def _sessions(holder: str) -> str | None:
    """How the ARNs of a role's sessions begin; ``None`` for a user."""
    sort, _, rest = holder.rpartition(":")[2].partition("/")
    if sort != "role":
        return None
    name = rest.rpartition("/")[2]
    return f"arn:{partition_of(holder)}:sts::{account_of(holder)}:assumed-role/{name}/"


def trusted_by(trust: Iterable[Statement], holder: str, grants: Grants, role: str) -> bool | None:
    """Whether a user or role may take on a role of its own account; ``None``: nobody can tell.

    Who is named needs no other right in the same account: explicit denials count, and a boundary of a role does where
    the role is named and not a session of it. Whom the account lets in needs the right to ask (IAM user guide,
    Policy evaluation logic).

    Args:
        trust: the trust policy of the role.
        holder: the ARN of the user or role that asks.
        grants: what the asking one's policies grant.
        role: the ARN of the role.
    """
    account = account_of(role)
    request = Request(
        _ASSUME_ROLE,
        role,
        holder=holder,
        partition=partition_of(role),
        account=account,
        tags=grants.tags,
    )
    asked = grants.request(_ASSUME_ROLE, role)
    session = _sessions(holder)
    ways: list[bool | None] = []
    unsure = False
    for statement in trust:
        if not statement.covers(_ASSUME_ROLE):
            continue
        answer = holds(statement, request)
        if answer is False:
            continue
        values = {value for kind, value in statement.principals if kind in ("AWS", "*")}
        whole = statement.not_principals or bool(values & {account, _root(role)})
        if not statement.allow:
            # A denial of one session of a role leaves the others.
            if whole or values & {"*", holder}:
                if answer:
                    return False
                unsure = True
            continue
        if session is not None and any(value.startswith(session) for value in values):
            ways.append(answer)
        if values & {"*", holder}:
            limits = grants.ceilings if session is not None else ()
            ways.append(
                all_of([answer, *(None if c is None else decide(c, asked) for c in limits)])
            )
        if whole:
            ways.append(all_of([answer, grants.allows(asked)]))
    found = any_of(ways)
    if found is False:
        return False
    refused = any_of(
        None if listed is None else denied(listed, asked)
        for listed in (grants.statements, *grants.ceilings)
    )
    if refused:
        return False
    return None if unsure or refused is None else found


def _root(role: str) -> str:
    return f"arn:{partition_of(role)}:iam::{account_of(role)}:root"


_ASSUME_ROLE = "sts:AssumeRole"


@dataclass(frozen=True, slots=True)
class Rights:
    """How strong policies are: ``how`` says by what, empty where they make nobody an administrator."""

    administrator: bool | None
    """``None``: nobody can tell."""
    how: str = ""


def rights_of(grants: Grants) -> Rights:
    """Whether policies make an administrator: everything, or enough in IAM itself to get it.

    What needs a role that others hold (passing one on, running where one runs) is not judged here: whether such a
    role exists is not in the policies.
    """
    everything = grants.everything
    if everything:
        return Rights(administrator=True, how="every action on every resource")
    found = list(grants.paths(OWN, MADE))
    certain = [path for path, answer in found if answer]
    if certain:
        return Rights(administrator=True, how=_listed(certain))
    if everything is None:
        return Rights(administrator=None, how="every action on every resource")
    if found:
        return Rights(administrator=None, how=_listed([path for path, _ in found]))
    return Rights(administrator=False)


_MANY = 4


def _listed(paths: Sequence[Path]) -> str:
    told = ", ".join(path.told for path in paths[:_MANY])
    more = f" and {len(paths) - _MANY} more" if len(paths) > _MANY else ""
    return f"{told}{more}: enough to take every right"


EVERYTHING = tuple(statements({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}))
"""What a policy counts as that is known to be strong by its name, where its document was not read."""


def grants_of(
    documents: Iterable[Sequence[Statement]],
    *,
    arn: str = "",
    near: tuple[str, ...] = (),
    ceilings: tuple[tuple[Statement, ...] | None, ...] = (),
    holder: str = "",
    tags: Tags = _untold,
) -> Grants:
    """Policies taken together.

    Args:
        documents: the statements of each policy.
        arn: of something in the partition and account where they stand.
        near: as in :class:`Grants`.
        ceilings: as in :class:`Grants`.
        holder: the ARN of whose policies these are; empty where they are judged by themselves.
        tags: reads the holder's tags, by keys in any case. Whoever may change its own counts as one of whom nobody
            can tell.
    """
    found = Grants(
        statements=tuple(statement for document in documents for statement in document),
        ceilings=ceilings,
        holder=holder,
        near=near,
        partition=partition_of(arn),
        account=account_of(arn),
    )
    return replace(found, tags=functools.cache(lambda: _lasting(found, tags)))


def _lasting(grants: Grants, tags: Tags) -> Mapping[str, str] | None:
    """The tags of a holder that it cannot change."""
    told = tags()
    if told is None:
        return None
    known = {key.lower(): value for key, value in told.items()}
    return None if _changes_its_tags(replace(grants, tags=lambda: known)) else known


_TAGGING = {":user/": ("iam:TagUser", "iam:UntagUser"), ":role/": ("iam:TagRole", "iam:UntagRole")}

_FEDERATING = ("sts:GetFederationToken", "sts:TagSession")
"""What it takes to have a session with tags of one's own choice (IAM user guide, "Pass session tags in AWS STS")."""


def _changes_its_tags(grants: Grants) -> bool:
    """Whether the holder, as it is tagged, may give itself another tag or take one away, or perhaps may."""
    actions = next((names for sort, names in _TAGGING.items() if sort in grants.holder), ())
    if any(grants.allows(grants.request(action, grants.holder)) is not False for action in actions):
        return True
    # A user may have a session of its own under other tags; a role cannot.
    return ":user/" in grants.holder and all(
        grants.allows(grants.request(action)) is not False for action in _FEDERATING
    )
