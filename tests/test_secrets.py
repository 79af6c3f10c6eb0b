"""What providers put secrets into is declared secret, or somebody said why it is none.

``tests/facts/secrets/PROVIDER.json`` (``make facts`` writes it) lists, of each kind's documents, every text that
the provider's specification calls sensitive, or whose name or description speaks of secrets. Each is planted
alone in a document, and must not be kept. Where it may, ``tests/facts/considered/secrets.toml`` says why:
``[names]`` by how the field is called, in any kind; ``[paths]`` by kind and path.
"""

from __future__ import annotations

import functools
import json
import re
import sys
import tomllib
import typing
from typing import Any

import msgspec
import pytest
from known import structs_of
from views import FACTS, facts_of

from soc2_pac import plugins
from soc2_pac.collect import redact

PROVIDERS = sorted(path.stem for path in (FACTS / "secrets").glob("*.json"))
REGISTRY = plugins.load()
PLANT = "correct-horse-battery-staple"

each_provider = pytest.mark.parametrize("provider", PROVIDERS)


def _suspicious(provider: str) -> dict[str, dict[str, str]]:
    """Kind -> path -> type."""
    content = json.loads((FACTS / "secrets" / f"{provider}.json").read_text(encoding="utf-8"))
    found: dict[str, dict[str, str]] = content["kinds"]
    return found


@functools.cache
def _considered() -> dict[str, list[tuple[re.Pattern[str], str]]]:
    text = (FACTS / "considered" / "secrets.toml").read_text(encoding="utf-8")
    return {
        section: [(re.compile(name), why) for name, why in reasons.items()]
        for section, reasons in tomllib.loads(text).items()
    }


def _whole(kind: str, path: str) -> list[str]:
    """The steps of a path, with what stands between a fact and the objects that it holds."""
    steps = path.split(".")
    struct = REGISTRY.collectors[kind].resource
    if steps[0] not in facts_of(struct):
        return steps
    (info,) = (f for f in msgspec.structs.fields(struct) if f.encode_name == steps[0])
    return [steps[0], *_between(info.type), *steps[1:]]


def _between(of: Any) -> list[str]:
    origin = typing.get_origin(of)
    inner = [one for one in typing.get_args(of) if one not in (type(None), str)]
    if origin in (list, dict):
        step = "[]" if origin is list else "*"
        return [step, *(_between(inner[-1]) if inner else [])]
    return _between(inner[0]) if inner and origin is not None and len(inner) == 1 else []


def _planted(steps: list[str]) -> Any:
    if not steps:
        return PLANT
    inner = _planted(steps[1:])
    if steps[0] == "[]":
        return [inner]
    return {"any-key" if steps[0] == "*" else steps[0]: inner}


@functools.cache
def _kept(provider: str) -> dict[str, str]:
    """``kind path`` -> type, of what would be kept."""
    found: dict[str, str] = {}
    for kind, paths in _suspicious(provider).items():
        if kind not in REGISTRY.collectors:
            continue
        resource = REGISTRY.collectors[kind].resource
        for path, of in paths.items():
            body = _planted(_whole(kind, path))
            if PLANT.encode() in redact.kept(body, resource.volatile, resource.secret):
                found[f"{kind} {path}"] = of
    return found


def _last(name: str) -> str:
    return [step for step in name.rpartition(" ")[2].split(".") if step not in ("*", "[]")][-1]


def _why(name: str) -> str:
    for pattern, why in _considered()["names"]:
        if pattern.fullmatch(_last(name)):
            return why
    for pattern, why in _considered()["paths"]:
        if pattern.fullmatch(name):
            return why
    return ""


@each_provider
def test_every_text_that_may_be_secret_is_declared_or_considered(provider: str) -> None:
    open_ones = [name for name in _kept(provider) if not _why(name)]
    assert open_ones == [], "declare these in `secret`, or say in considered/secrets.toml why not"


def test_no_consideration_is_left_over() -> None:
    kept = [name for provider in PROVIDERS for name in _kept(provider)]
    last = {_last(name) for name in kept}
    left = [p.pattern for p, _ in _considered()["names"] if not any(map(p.fullmatch, last))]
    left += [p.pattern for p, _ in _considered()["paths"] if not any(map(p.fullmatch, kept))]
    assert left == []
    reasons = [why for section in _considered().values() for _, why in section]
    assert all(len(why) > 10 for why in reasons), "a consideration says why"


@each_provider
def test_the_facts_are_of_the_kinds_that_there_are(provider: str) -> None:
    assert len(set(_suspicious(provider)) & set(REGISTRY.collectors)) > 3, "run make facts"


def test_no_field_that_a_rule_reads_is_taken_for_a_secret_by_its_name() -> None:
    taken = {
        f"{kind} {field.encode_name}"
        for kind, collector in REGISTRY.collectors.items()
        for struct in structs_of(collector.resource)
        for field in msgspec.structs.fields(struct)
        if _is_text(field.type)
        and PLANT.encode() not in redact.kept({field.encode_name: PLANT}, (), ())
    }
    # A rule asks only whether a webhook has a secret.
    assert taken == {"github.webhook_list secret"}


def _is_text(of: Any) -> bool:
    return of is str or any(_is_text(one) for one in typing.get_args(of))


if __name__ == "__main__":  # lists what is open
    for one in sys.argv[1:] or PROVIDERS:
        for name, of in _kept(one).items():
            if not _why(name):
                sys.stdout.write(f"{name}\t{of}\n")
