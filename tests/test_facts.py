"""Views against the providers' own specifications: nothing that they say is left unread by accident.

The facts stand in ``tests/facts/PROVIDER/SERVICE.json`` (``make facts`` writes them), the decisions in
``tests/facts/considered/PROVIDER.toml``:

- ``[ours]``: fields of views that no specification has, ``"module:Struct.Field" = "where it comes from"``;
- ``[unread]``: fields that no view reads, ``"service.Shape.Field" = "why no verdict needs it"``;
- ``[families]``: reasons that many fields share, ``"why" = "the names that it holds for"``;
- ``[values]``: fields whose values need no case each, ``"service.Shape.Field" = "why"``.

Texts, numbers and times that no view reads may be decided by pattern, in ``considered/patterns.toml``.
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
import typing
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from known import Facts, facts, struct_of
from views import FACTS, name_of

from soc2_collectors.azure.permissions import GRAPH_NEEDS
from soc2_pac import plugins
from soc2_pac.cases import SCOPE, load_cases
from soc2_pac.resources import GAPS

if TYPE_CHECKING:
    from collections.abc import Iterator

PROVIDERS = sorted(
    path.name
    for path in FACTS.iterdir()
    if path.is_dir() and path.name not in ("considered", "permissions", "secrets")
)
REGISTRY = plugins.load()
RULES = [r for r in REGISTRY.rules.values() if r.function.__module__.startswith("soc2_rules.")]

each_provider = pytest.mark.parametrize("provider", PROVIDERS)


@functools.cache
def _decided(name: str) -> dict[str, dict[str, str]]:
    """The decisions on a provider; a large one has a file for each family of services."""
    folder = FACTS / "considered"
    found: dict[str, dict[str, str]] = {}
    for path in sorted([*folder.glob(f"{name}.toml"), *folder.glob(f"{name}-*.toml")]):
        for section, decisions in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found.setdefault(section, {}).update(decisions)
    return found


@functools.cache
def _fields(struct: Any) -> dict[str, msgspec.structs.FieldInfo]:
    return {f.encode_name: f for f in msgspec.structs.fields(struct) if f.encode_name != GAPS}


@each_provider
def test_every_field_that_a_view_reads_is_in_the_specification(provider: str) -> None:
    what = "no specification has these; say in [ours] where they come from"
    assert sorted(set(_strange(provider))) == [], what


def _strange(provider: str) -> list[str]:
    known, ours = facts(provider), _decided(provider).get("ours", {})
    return [
        f"{name}.{field}"
        for name, shapes in known.views.items()
        for field, info in _fields(struct_of(name)).items()
        if info.default is not msgspec.UNSET
        and not any(field in known.shapes[shape] for shape in shapes)
        and f"{name}.{field}" not in ours
    ]


@each_provider
def test_every_unread_field_is_decided(provider: str) -> None:
    what = "read them, or say in [unread] why no verdict needs them"
    assert sorted(set(_undecided(provider))) == [], what


def _undecided(provider: str) -> list[str]:
    known, unread = facts(provider), _decided(provider).get("unread", {})
    return [
        f"{shape}.{field}"
        for shape, fields in known.shapes.items()
        for field, kind in fields.items()
        if field not in known.read[shape]
        and f"{shape}.{field}" not in unread
        and not _by_pattern(field, kind)
    ]


@functools.cache
def _patterns() -> list[tuple[re.Pattern[str], re.Pattern[str]]]:
    found = _decided("patterns").get("unread", {})
    return [
        (re.compile(name), re.compile(kind))
        for pattern in found
        for name, _, kind in [pattern.partition(" as ")]
    ]


def _by_pattern(field: str, kind: str) -> bool:
    bare = kind.removeprefix("null or ")
    return any(name.fullmatch(field) and of.fullmatch(bare) for name, of in _patterns())


@each_provider
def test_every_value_of_an_enumeration_has_a_case_or_a_reason(provider: str) -> None:
    what = "write cases, or say in [values] why these need none"
    assert sorted(set(_uncovered(provider))) == [], what


def _uncovered(provider: str) -> list[str]:
    known, decided = facts(provider), _decided(provider).get("values", {})
    seen = _values_in_cases(provider)
    open_ones: list[str] = []
    for shape, fields in known.shapes.items():
        for field, kind in fields.items():
            if field not in known.read[shape] or f"{shape}.{field}" in decided:
                continue
            values = set(kind.partition("enum: ")[2].split("|")) - {""}
            open_ones += [f"{shape}.{field}: {value}" for value in values - seen[shape, field]]
    return open_ones


@functools.cache
def _values_in_cases(provider: str) -> dict[tuple[str, str], set[str]]:
    """(shape, field) -> the values that it has in documents of cases."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    known = facts(provider)
    for rule in RULES:
        kinds = {kind.kind: kind for kind in (rule.resource, *rule.joins)}
        for case in load_cases(rule):
            documents = [(rule.resource, case.document())]
            documents += [
                (kinds[kind], {k: v for k, v in body.items() if k != SCOPE})
                for kind, bodies in case.given.items()
                for body in bodies or ()
            ]
            for kind, document in documents:
                for struct, body in _bodies(kind, document):
                    for shape in known.views.get(name_of(struct), ()):
                        for field, value in body.items():
                            found[shape, field].update(_texts(value))
    return found


def _bodies(struct: type[msgspec.Struct], body: Any) -> Iterator[tuple[type[msgspec.Struct], Any]]:
    """Every struct of a view with the part of the document that it reads."""
    if not isinstance(body, dict):
        return
    yield struct, body
    for field, info in _fields(struct).items():
        for inner in _inner(info.type):
            yield from _all(inner, body.get(field))


def _all(struct: type[msgspec.Struct], value: Any) -> Iterator[tuple[type[msgspec.Struct], Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _all(struct, one)
    elif isinstance(value, dict):
        yield from _bodies(struct, value)
        for one in value.values():
            if isinstance(one, dict):
                yield from _bodies(struct, one)


@functools.cache
def _inner(of: Any) -> tuple[type[msgspec.Struct], ...]:
    origin = typing.get_origin(of) or of
    if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
        return (of,)
    return tuple(one for argument in typing.get_args(of) for one in _inner(argument))


def _texts(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, list):
        return {one for item in value for one in _texts(item)}
    return set()


@each_provider
def test_no_decision_is_left_over(provider: str) -> None:
    known, decided = facts(provider), _decided(provider)
    stale = [
        name
        for section, read in (("unread", False), ("values", True))
        for name in decided.get(section, {})
        if not _is(name, known, read=read)
    ]
    for name in decided.get("ours", {}):
        module, _, rest = name.partition(":")
        struct, _, field = rest.partition(".")
        view = f"{module}:{struct}"
        if view not in known.views or field not in _fields(struct_of(view)):
            stale.append(name)
    assert not stale, "these are read by now, or gone"
    reasons = [reason for section in decided.values() for reason in section.values()]
    assert all(len(reason) > 10 for reason in reasons), "a decision says why"


_SHARED = 7
"""More fields than these give a reason that is not about one of them."""
SPECIFIC = ("github", "okta")
"""Providers whose decisions were gone through one by one."""


@pytest.mark.parametrize("provider", SPECIFIC)
def test_a_reason_that_many_fields_share_holds_for_a_family_of_names(provider: str) -> None:
    decided = _decided(provider)
    families, unread = decided.get("families", {}), decided["unread"]
    shared = Counter(unread.values())
    general = {reason for reason, count in shared.items() if count > _SHARED}
    assert sorted(general - set(families)) == [], "say of each field why no verdict needs it"
    assert sorted(set(families) - general) == [], "these are no families any more"
    strangers = [
        name
        for name, reason in unread.items()
        if reason in families and not re.fullmatch(families[reason], name)
    ]
    assert strangers == []


def _is(name: str, known: Facts, *, read: bool) -> bool:
    shape, _, field = name.rpartition(".")
    return field in known.shapes.get(shape, {}) and (field in known.read[shape]) is read


@each_provider
def test_the_facts_are_of_the_views_that_there_are(provider: str) -> None:
    assert facts(provider).views
    for name in facts(provider).views:
        assert struct_of(name), "run make facts"


# -- permissions --------------------------------------------------------------------------------------------

PERMISSIONS = sorted(path.stem for path in (FACTS / "permissions").glob("*.json"))


def _content(provider: str) -> dict[str, Any]:
    path = FACTS / "permissions" / f"{provider}.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert content["source"]
    return content


def _published(provider: str) -> dict[str, str]:
    known: dict[str, str] = _content(provider)["known"]
    return known


def _asked(provider: str) -> set[str]:
    calls = {
        c for one in REGISTRY.collectors.values() if one.provider == provider for c in one.calls
    }
    text = REGISTRY.providers[provider].permissions(sorted(calls), "json")
    # Azure tells its actions apart without regard to case.
    known = {name.casefold(): name for name in _published(provider)}
    asked = set(_permissions_in(json.loads(text)))
    return {known.get(one.casefold(), one) for one in asked} if provider == "azure" else asked


def _permissions_in(value: Any) -> Iterator[str]:
    """Every action or permission that a policy or role in JSON grants."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.lower() in (
                "action",
                "actions",
                "dataactions",
                "graph",
                "includedpermissions",
                "permissions",
                "default_permissions",
                "scopes",
            ):
                yield from (
                    [inner] if isinstance(inner, str) else (x for x in inner if isinstance(x, str))
                )
            else:
                yield from _permissions_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _permissions_in(inner)


@pytest.mark.parametrize("provider", PERMISSIONS)
def test_every_permission_that_we_ask_for_is_published_and_reads(provider: str) -> None:
    published, decided = _published(provider), _decided("permissions").get(provider, {})
    asked = _asked(provider)
    assert asked
    assert sorted(asked - set(published) - set(decided)) == [], (
        "the provider does not publish these"
    )
    writing = [
        name
        for name in asked & set(published)
        if published[name].partition(";")[0] not in ("Read", "List", "read") and name not in decided
    ]
    assert sorted(writing) == [], "these do more than read"


@pytest.mark.parametrize("provider", PERMISSIONS)
def test_a_call_is_granted_everything_that_it_needs(provider: str) -> None:
    published, decided = _published(provider), _decided("permissions").get(provider, {})
    asked = _asked(provider)
    lacking = [
        f"{name} needs {need}"
        for name in sorted(asked & set(published))
        for need in published[name].partition("; needs ")[2].split(", ")
        if need and need not in asked and f"{name} needs {need}" not in decided
    ]
    assert lacking == []


def test_a_graph_call_is_authorised_by_what_is_asked_for_it() -> None:
    """By application permissions, as Microsoft publishes them: some of Graph's are for users alone."""
    content = json.loads((FACTS / "permissions" / "azure.json").read_text(encoding="utf-8"))
    authorised: dict[str, list[str]] = content["calls"]
    assert set(authorised) == set(GRAPH_NEEDS)
    beside = _decided("permissions")["azure"]
    lacking = [
        f"{need} for {call}"
        for call, needs in GRAPH_NEEDS.items()
        for need in needs
        if need not in authorised[call] and f"{need} for {call}" not in beside
    ]
    assert lacking == [], "these do not authorise the call"
    for call, needs in GRAPH_NEEDS.items():
        assert set(needs) & set(authorised[call]), call


CALLS = {
    provider: calls for provider in ("github", "okta") if (calls := _content(provider).get("calls"))
}
"""Providers whose documentation says which permission authorises a call, one by one."""


@pytest.mark.parametrize("provider", sorted(CALLS))
def test_each_call_is_authorised_by_what_is_asked_for_it_and_by_no_more(provider: str) -> None:
    decided = _decided("permissions").get(provider, {})
    declared = {
        call
        for one in REGISTRY.collectors.values()
        if one.provider == provider
        for call in one.calls
        if call.startswith("GET /")
    }
    wrong = []
    for call in sorted(declared - set(decided)):
        said = CALLS[provider].get(call)
        text = REGISTRY.providers[provider].permissions([call], "json")
        asked = set(_permissions_in(json.loads(text)))
        if said is None:
            wrong.append(f"{call}: nothing is published")
        elif said.get("access", "read") != "read":
            wrong += [f"{call}: takes {said['access']}, and {one} is asked" for one in asked]
        elif said["any"] and not asked & set(said["any"]):
            wrong.append(f"{call}: takes {' or '.join(said['any'])}")
        else:
            more = asked - set(said["any"])
            wrong += [f"{call}: {one}" for one in sorted(more) if f"{call}: {one}" not in decided]
    assert wrong == []


def test_an_okta_call_that_the_role_does_not_open_says_so() -> None:
    provider = REGISTRY.providers["okta"]
    for call, said in CALLS["okta"].items():
        roles = said.get("roles")
        if roles and "READ_ONLY_ADMIN" not in roles:
            assert json.loads(provider.permissions([call], "json"))["further"], f"{call}: {roles}"


@pytest.mark.parametrize("provider", sorted(CALLS))
def test_no_published_call_is_one_that_nobody_makes(provider: str) -> None:
    made = {call for one in REGISTRY.collectors.values() for call in one.calls}
    assert sorted(set(CALLS[provider]) - made) == []
    decided = _decided("permissions").get(provider, {})
    assert sorted({name.partition(": ")[0] for name in decided} - made) == []
