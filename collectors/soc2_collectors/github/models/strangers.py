"""What of a workflow's expressions strangers choose: texts that may be a program, and commits of theirs.

A stranger is anybody without write access. What is known to be out of their hands is ``SAFE``, what is known
to be theirs is ``CHOSEN``; of the rest nobody knows without running it.

Sources: GitHub Docs, "Secure use reference" (untrusted input), "Contexts reference", "Events that trigger
workflows", "Webhook events and payloads"; GitHub Security Lab, "Preventing pwn requests".
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from soc2_collectors.github.models.expression import (
    ANY,
    Call,
    Literal,
    Node,
    NotAnExpression,
    Operation,
    Reference,
    embedded,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from soc2_collectors.github.models.workflow import Content, Job, Step


class Grade(IntEnum):
    """Whose a value is."""

    SAFE = 0
    UNKNOWN = 1
    CHOSEN = 2


class Flow(NamedTuple):
    """Whose a value is, and by which reference."""

    grade: Grade
    what: str = ""


SAFE = Flow(Grade.SAFE)

INSIDERS = frozenset(
    {
        "branch_protection_rule", "create", "delete", "deployment", "deployment_status", "label", "member",
        "merge_group", "milestone", "page_build", "project", "project_card", "project_column", "public",
        "push", "registry_package", "release", "schedule", "workflow_dispatch",
    }
)  # fmt: skip
"""Events that only somebody with write access, or GitHub, brings about."""
WITHOUT_RIGHTS = frozenset({"pull_request", "pull_request_review", "pull_request_review_comment"})
"""Events that, from a fork, run with a token that reads and without secrets: strangers run code there
anyway."""
CALLED = frozenset({"workflow_call", "repository_dispatch"})
"""Events that bring along what somebody else's workflow or program hands over."""


def with_rights(triggers: Iterable[str]) -> list[str]:
    """Those of a workflow's events that strangers bring about and that run with the repository's rights.

    An event that nobody knows here is taken for one.
    """
    return sorted(set(triggers) - INSIDERS - WITHOUT_RIGHTS)


@dataclass
class Budget:
    """How many references may still be followed: names can stand for names without end."""

    left: int = 20_000


@dataclass(frozen=True)
class Place:
    """Where an expression stands: what ``env``, ``matrix``, ``inputs`` and ``needs`` mean there."""

    content: Content
    job: Job
    step: Step | None = None
    triggers: frozenset[str] = frozenset()
    """The events by which the place is reached."""
    budget: Budget = field(default_factory=Budget)
    caller: Place | None = None
    """Where the composite action is called that the place belongs to."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Its inputs, in lower case: texts as they stand at the call."""

    @property
    def depth(self) -> int:
        """How many composite actions it is inside of."""
        return 0 if self.caller is None else 1 + self.caller.depth

    @property
    def layers(self) -> list[dict[str, str]]:
        """The environment variables that the files set there, the nearest first."""
        own = [self.step.env] if self.step else []
        around = self.caller.layers if self.caller else [self.job.env, self.content.env]
        return [*own, *around]

    def variable(self, name: str) -> str | None:
        """The text behind an environment variable of a shell; ``None``: the file sets none."""
        return next((layer[name] for layer in self.layers if name in layer), None)

    def env(self, name: str) -> str | None:
        """The same as an expression sees it: in whatever case."""
        for layer in self.layers:
            found = next((v for k, v in layer.items() if k.lower() == name), None)
            if found is not None:
                return found
        return None


Judge: TypeAlias = "Callable[[tuple[str, ...], Place], Flow]"
_DEEPEST = 10


def words(text: str, place: Place) -> Flow:
    """Whether a text with expressions in it holds words that strangers choose."""
    return _text(text, place, _words, frozenset())


def code(text: str, place: Place) -> Flow:
    """Whether a text with expressions in it names a commit, branch or repository of strangers."""
    found = _text(text, place, _code, frozenset())
    if found.grade is not Grade.CHOSEN and (pull := _PULL.search(text)):
        return Flow(Grade.CHOSEN, pull[0].strip("/"))
    return found


_PULL = re.compile(r"(?:refs/)?\bpull/(?=\$|\d|\{|\*)[^\s'\"]*")


def _text(text: str, place: Place, judge: Judge, seen: frozenset[str]) -> Flow:
    flows = [_expression(one, place, judge, seen) for one in embedded(text)]
    return max(flows, default=SAFE, key=lambda flow: flow.grade)


def _expression(text: str, place: Place, judge: Judge, seen: frozenset[str]) -> Flow:
    try:
        node = parse(text)
    except NotAnExpression:
        return Flow(Grade.UNKNOWN, text.strip()[:40])
    flows = [_reference(one, place, judge, seen) for one in _flowing(node)]
    return max(flows, default=SAFE, key=lambda flow: flow.grade)


_TRUTHS = frozenset(
    {"contains", "startswith", "endswith", "hashfiles", "success", "always", "cancelled", "failure"}
)
"""Functions that give a truth value or a hash, whatever strangers wrote."""
_PASSING = frozenset({"format", "join", "tojson", "fromjson"})


def _flowing(node: Node) -> Iterator[Reference]:
    """The references whose value may be the value of an expression."""
    if isinstance(node, Reference):
        yield node
    elif isinstance(node, Call):
        if node.name not in _TRUTHS:
            for argument in node.arguments:
                yield from _flowing(argument)
            if node.name not in _PASSING:
                yield Reference((f"{node.name}()",))
    elif isinstance(node, Operation) and node.sign in ("||", "&&"):
        # Of ``a && b`` the value is b, or a where a is empty.
        for operand in node.operands if node.sign == "||" else node.operands[-1:]:
            yield from _flowing(operand)


def _reference(
    node: Reference,
    place: Place,
    judge: Judge,
    seen: frozenset[str],
) -> Flow:
    name = str(node)
    place.budget.left -= 1
    if len(seen) > _DEEPEST or place.budget.left < 0:
        return Flow(Grade.UNKNOWN, name)
    here = f"{place.depth}:{name}"  # an input may be handed on under its own name
    if here in seen:
        return SAFE  # it stands for itself: GitHub gives nothing
    behind = _behind(node.path, place)
    if behind is None:
        return judge(node.path, place)
    inner = [_text(text, where, judge, seen | {here}) for text, where in behind]
    return max(inner, default=SAFE, key=lambda flow: flow.grade)


def _behind(path: tuple[str, ...], place: Place) -> list[tuple[str, Place]] | None:
    """The texts that a name stands for, with where they stand; ``None``: the file does not say."""
    root, *rest = path
    if root == "inputs" and place.caller is not None:
        named = (
            place.given.values() if not rest or rest[0] == ANY else (place.given.get(rest[0], ""),)
        )
        return [(text, place.caller) for text in named]
    if root == "env":
        if not rest or rest[0] == ANY:
            return [(text, place) for layer in place.layers for text in layer.values()]
        value = place.env(rest[0])
        return None if value is None else [(value, place)]
    if root == "matrix":
        if isinstance(place.job.matrix, str):
            return [(place.job.matrix, place)]
        values_of = (
            place.job.matrix
            if not rest or rest[0] == ANY
            else {rest[0]: place.job.matrix.get(rest[0], [])}
        )
        return [(text, place) for values in values_of.values() for text in values]
    if root == "needs" and len(rest) > 2 and rest[1] == "outputs":  # noqa: PLR2004 - job, outputs, name
        job = next((one for one in place.content.jobs if one.name.lower() == rest[0]), None)
        given = {} if job is None else {k.lower(): v for k, v in job.outputs.items()}
        if job is not None and rest[2] in given:
            return [(given[rest[2]], Place(place.content, job, None, place.triggers, place.budget))]
    return None


def _ours(path: tuple[str, ...], place: Place) -> Flow | None:
    """What both judges say of all but ``github``; ``None`` for that."""
    root, *rest = path
    if root in ("secrets", "vars", "runner", "strategy", "job"):
        return SAFE  # set by people with write access or more, or by the runner
    if root == "steps" and rest[-1:] in (["outcome"], ["conclusion"]):
        return SAFE
    if root == "needs" and rest[-1:] == ["result"]:
        return SAFE
    if root == "inputs" or path[:3] == ("github", "event", "inputs"):
        name = rest[-1] if rest else ""
        if place.content.inputs.get(name) in ("boolean", "number", "choice", "environment"):
            return SAFE
        # Who starts a workflow by hand may write; who calls it hands over whatever they have.
        by_hand = not place.triggers & CALLED
        return SAFE if by_hand else Flow(Grade.UNKNOWN, ".".join(path))
    if root != "github":
        return Flow(Grade.UNKNOWN, ".".join(path))
    return None


# -- words ----------------------------------------------------------------------------------------------

_SAFE_GITHUB = frozenset(
    {
        "action", "action_path", "action_ref", "action_repository", "action_status", "actor", "actor_id",
        "api_url", "base_ref", "env", "event_name", "event_path", "graphql_url", "job", "output", "path",
        "ref", "ref_name", "ref_protected", "ref_type", "repository", "repository_id", "repository_owner",
        "repository_owner_id", "repositoryurl", "retention_days", "run_attempt", "run_id", "run_number",
        "secret_source", "server_url", "sha", "state", "step_summary", "token", "triggering_actor",
        "workflow", "workflow_ref", "workflow_sha", "workspace",
    }
)  # fmt: skip
_FREE_TEXT = re.compile(
    r"(?:issue|pull_request|discussion|comment|review|review_comment|answer|discussion_comment)\.(?:title|body)"
    r"|pull_request\.head\.(?:ref|label)"
    r"|(?:pull_request\.head\.repo|workflow_run\.head_repository|forkee)\."
    r"(?:default_branch|description|homepage|name|topics.*)"
    r"|(?:head_commit|commits\..*|workflow_run\.head_commit|commit)\."
    r"(?:message|(?:author|committer)\.(?:name|email|username)|(?:added|modified|removed)(?:\..*)?)"
    r"|workflow_run\.(?:head_branch|display_title)"
    r"|(?:workflow_run|check_suite|check_run\.check_suite)\.(?:pull_requests\..*head\.ref|head_branch)"
    r"|pages\..*(?:page_name|title|summary)"
    r"|changes\.(?:title|body)\.from"
    r"|sender\.(?:name|bio)"
)
"""Paths below ``github.event`` whose text whoever opens, comments, forks or commits chooses."""
_WHOLE = frozenset(
    {
        "issue", "pull_request", "pull_request.head", "pull_request.head.repo", "discussion", "comment",
        "review", "review_comment", "answer", "head_commit", "commits", "commits.*", "commit",
        "workflow_run", "workflow_run.head_commit", "workflow_run.pull_requests",
        "workflow_run.head_repository", "check_suite", "check_run", "pages", "pages.*", "changes", "forkee",
        "changes.title", "changes.body", "head_commit.author", "head_commit.committer", "commits.*.author",
    }
)  # fmt: skip
"""Objects that hold such texts: as JSON all of them at once."""
_BOUNDED = re.compile(
    r"(?:.*\.)?(?:number|id|node_id|sha|login|type|action|state|draft|merged|fork|private|locked|conclusion|status"
    r"|event|run_number|run_attempt|author_association|full_name|ref_type|merge_commit_sha|before|after|visibility"
    r"|created_at|updated_at|closed_at|merged_at|pushed_at|size|comments|additions|deletions|changed_files"
    r"|commit_id|head_sha|html_url|url|[a-z_]+_url)"
    r"|(?:repository|repo|organization|enterprise|pull_request\.base\.repo)\.(?:name|default_branch)"
    r"|pull_request\.base\.(?:ref|label)|pull_request\.commits"
    r"|ref|base_ref|master_branch|workflow_run\.(?:name|path)"
    r"|(?:.*\.)?(?:label|labels\..*)\.(?:name|color)|milestone\.title|issue\.milestone\.title"
)
"""Paths below ``github.event`` that hold numbers, hashes, names of accounts and repositories, or what takes
rights to set: nothing that a shell would take for a program of a stranger's."""


def _words(path: tuple[str, ...], place: Place) -> Flow:
    ours = _ours(path, place)
    if ours is not None:
        return ours
    name = ".".join(path)
    if len(path) == 1 or path[1] == ANY:
        return Flow(Grade.CHOSEN, "tojson(github)")
    if path[1] == "head_ref":
        pulls = {t for t in place.triggers if t.startswith("pull_request")} | (
            place.triggers & CALLED
        )
        return Flow(Grade.CHOSEN, name) if pulls or not place.triggers else SAFE
    if path[1] != "event":
        return SAFE if path[1] in _SAFE_GITHUB else Flow(Grade.UNKNOWN, name)
    below = ".".join(path[2:])
    if not below or below == ANY:
        return Flow(Grade.CHOSEN, "tojson(github.event)")
    if below in _WHOLE or _FREE_TEXT.fullmatch(below):
        return Flow(Grade.CHOSEN, name)
    if _BOUNDED.fullmatch(below) or place.triggers <= INSIDERS:
        return SAFE
    return Flow(Grade.UNKNOWN, name)


# -- code -----------------------------------------------------------------------------------------------

_THEIR_CODE = re.compile(
    r"pull_request\.(?:head(?:\..*)?|merge_commit_sha)"
    r"|workflow_run\.(?:head_.*|pull_requests.*)"
    r"|(?:check_suite|check_run|check_run\.check_suite)\.(?:head_.*|pull_requests.*)"
    r"|(?:comment|review|issue|discussion|review_comment)\.(?:body|title|commit_id|original_commit_id)"
    r"|forkee\..*"
)
_OUR_CODE = re.compile(
    r"repository\.(?:default_branch|full_name|name|owner\.login|id)|pull_request\.base(?:\..*)?"
    r"|base_ref|merge_group\..*|release\.(?:tag_name|target_commitish)"
    r"|(?:deployment|workflow_run\.repository)\..*"
)


def _code(path: tuple[str, ...], place: Place) -> Flow:
    ours = _ours(path, place)
    if ours is not None:
        return ours
    name = ".".join(path)
    if path[1:2] == ("head_ref",):
        return Flow(Grade.CHOSEN, name)
    if path[1:2] != ("event",):
        return SAFE if path[1:2] and path[1] in _SAFE_GITHUB else Flow(Grade.UNKNOWN, name)
    below = ".".join(path[2:])
    # Of a pull request that was pushed to, ``after`` is the new head.
    pushed = below in ("after", "before") and any(t.startswith("pull") for t in place.triggers)
    if pushed or _THEIR_CODE.fullmatch(below):
        return Flow(Grade.CHOSEN, name)
    if _OUR_CODE.fullmatch(below) or place.triggers <= INSIDERS:
        return SAFE
    return Flow(Grade.UNKNOWN, name)


# -- conditions -----------------------------------------------------------------------------------------

_HEAD_REPOSITORIES = frozenset(
    {
        "github.event.pull_request.head.repo.full_name",
        "github.event.pull_request.head.repo.id",
        "github.event.workflow_run.head_repository.full_name",
        "github.event.workflow_run.head_repository.id",
    }
)
_BASE_REPOSITORY = frozenset(
    {
        "github.event.pull_request.base.repo.full_name",
        "github.event.pull_request.base.repo.id",
    }
)
_OWN_REPOSITORY = _BASE_REPOSITORY | {
    "github.repository",
    "github.repository_id",
    "github.event.repository.full_name",
    "github.event.repository.id",
}
_FORK = frozenset(
    {"github.event.pull_request.head.repo.fork", "github.event.workflow_run.head_repository.fork"}
)


_MERGED = "github.event.pull_request.merged"
"""Somebody with write access merged the change: its code is the repository's by then."""


class Admitted(NamedTuple):
    """What a condition lets through."""

    triggers: frozenset[str]
    foreign: frozenset[str]
    """Those by which a change of another repository comes: its title and the name of its branch are free text."""
    code: frozenset[str]
    """Those of them by which it comes before anybody with write access merged it."""

    def both(self, other: Admitted) -> Admitted:
        """What a condition inside of this one lets through."""
        return Admitted(
            self.triggers & other.triggers, self.foreign & other.foreign, self.code & other.code
        )

    def either(self, other: Admitted) -> Admitted:
        """What an alternative lets through beside this one."""
        return Admitted(
            self.triggers | other.triggers, self.foreign | other.foreign, self.code | other.code
        )


_NOTHING: frozenset[str] = frozenset()
_AUTHOR = "github.event.pull_request.user.login"
"""Who opened a pull request. ``github.actor`` is who did the last thing to it, which may be anybody."""
_DEPENDABOT = "dependabot[bot]"


def admitted(node: Node | None, triggers: frozenset[str]) -> Admitted:
    """Which of the events reach what stands behind a condition, and by which of them forks do."""
    if isinstance(node, Operation) and node.sign in ("&&", "||"):
        parts = [admitted(one, triggers) for one in node.operands]
        return functools.reduce(Admitted.both if node.sign == "&&" else Admitted.either, parts)
    if isinstance(node, Operation) and node.sign in ("==", "!="):
        return _compared(node, triggers)
    if isinstance(node, Operation) and node.sign == "!":
        inner = node.operands[0]
        if isinstance(inner, Reference) and str(inner) in _FORK:
            return _kept_out({str(inner)}, triggers)
    if isinstance(node, Reference) and str(node) == _MERGED:
        return Admitted(triggers, triggers, _NOTHING)
    if isinstance(node, Literal) and node.text == "false" and not node.quoted:
        return Admitted(_NOTHING, _NOTHING, _NOTHING)
    return Admitted(triggers, triggers, triggers)


def _compared(node: Operation, triggers: frozenset[str]) -> Admitted:
    sides = {str(one) for one in node.operands if isinstance(one, Reference)}
    # GitHub compares texts in whatever case.
    texts = [one.text.lower() for one in node.operands if isinstance(one, Literal)]
    # A truth value equals no text: ``fork != 'true'`` holds for every fork.
    truths = [one.text for one in node.operands if isinstance(one, Literal) and not one.quoted]
    equal = node.sign == "=="
    if sides == {"github.event_name"} and texts:
        named = frozenset(texts)
        left = triggers & named if equal else triggers - named
        return Admitted(left, left, left)
    if equal and sides == {_AUTHOR} and texts == [_DEPENDABOT]:
        # Its branches stand in the repository itself, and without a pull request the name is empty.
        left = frozenset(one for one in triggers if one.startswith("pull_request") or one in CALLED)
        return Admitted(left, _NOTHING, _NOTHING)
    own = equal and bool(sides & _HEAD_REPOSITORIES) and bool(sides & _OWN_REPOSITORY)
    not_fork = bool(sides & _FORK) and truths == (["false"] if equal else ["true"])
    pushed = equal and sides == {"github.event.workflow_run.event"} and texts == ["push"]
    merged = equal and sides == {_MERGED} and truths == ["true"]
    if own or not_fork:
        return _kept_out(sides, triggers)
    foreign = _NOTHING if pushed else triggers
    return Admitted(triggers, foreign, _NOTHING if merged else foreign)


def _kept_out(sides: set[str], triggers: frozenset[str]) -> Admitted:
    """A condition that keeps forks out by these.

    Of an event that brings no change along (``issue_comment``) both are null, so "no fork" holds, and so does
    "the head's repository is the base's".
    """
    if not sides & (_FORK | _BASE_REPOSITORY):
        return Admitted(triggers, _NOTHING, _NOTHING)
    brought = "workflow_run" if any(".workflow_run." in one for one in sides) else "pull_request"
    left = frozenset(one for one in triggers if not one.startswith(brought))
    return Admitted(triggers, left, left)
