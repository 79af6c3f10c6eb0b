"""Render the Helm chart below deploy/helm without Helm, for plain manifests and for tests.

It knows the part of Helm's template language that the chart uses, and refuses everything else: ``if``, ``else``,
``else if``, ``not``, ``with``, ``range``, ``define``, ``include``, ``toYaml``, ``quote`` and ``nindent``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

CHART = Path(__file__).resolve().parent.parent / "deploy" / "helm"
_ACTION = re.compile(r"\{\{(-?)\s*(.*?)\s*(-?)\}\}", re.DOTALL)
_BLOCKS = ("if", "with", "range", "define")


@dataclass
class _Node:
    """A block: its word, what it is asked, and what stands in it."""

    word: str
    asked: str = ""
    body: list[str | _Node] = field(default_factory=list)
    otherwise: list[str | _Node] = field(default_factory=list)


@dataclass
class _Chart:
    context: dict[str, Any]
    defined: dict[str, _Node] = field(default_factory=dict)


def render(
    values: Mapping[str, Any] | None = None,
    *,
    release: str = "soc2-pac",
    namespace: str = "soc2-pac",
    service: str = "Helm",
) -> dict[str, str]:
    """Template -> its manifest; those that are empty with these values are left out.

    Args:
        values: laid over the chart's own, table by table.
        release: name of the release.
        namespace: of the release.
        service: what the label ``managed-by`` says.

    Raises:
        ValueError: a template uses what this renderer does not know.
    """
    about = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    own = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    chart = _Chart(
        {
            "Values": _laid_over(own, values or {}),
            "Release": {"Name": release, "Namespace": namespace, "Service": service},
            "Chart": {"Name": about["name"], "AppVersion": about["appVersion"]},
        }
    )
    parsed = {
        path.name: _parsed(path.read_text(encoding="utf-8"))
        for path in sorted((CHART / "templates").iterdir())
    }
    for nodes in parsed.values():
        chart.defined |= {_text(n.asked): n for n in nodes if isinstance(n, _Node) and n.word == "define"}  # fmt: skip
    found = {
        name: _written(chart, nodes, chart.context).strip() + "\n"
        for name, nodes in parsed.items()
        if name.endswith(".yaml")
    }
    return {name: text for name, text in found.items() if text.strip()}


def _laid_over(own: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = values.keys() - own.keys()
    if unknown:
        msg = f"the chart has no values {sorted(unknown)}"
        raise ValueError(msg)
    return {
        key: _laid_over(value, values[key])
        if isinstance(value, dict) and value and key in values
        else values.get(key, value)
        for key, value in own.items()
    }


def _parsed(text: str) -> list[str | _Node]:
    root = _Node("")
    open_blocks = [root]
    into = root.body
    position, trim = 0, False
    for match in _ACTION.finditer(text):
        plain = text[position : match.start()]
        plain = plain.lstrip() if trim else plain
        into.append(plain.rstrip() if match[1] else plain)
        position, trim = match.end(), bool(match[3])
        word, _, asked = match[2].partition(" ")
        if word in _BLOCKS:
            node = _Node(word, asked)
            into.append(node)
            open_blocks.append(node)
            into = node.body
        elif word == "else":
            into = open_blocks[-1].otherwise
            if asked:
                # "else if" is a block within "else" that the same "end" ends.
                node = _Node("else if", asked.removeprefix("if "))
                into.append(node)
                open_blocks.append(node)
                into = node.body
        elif word == "end":
            while open_blocks.pop().word == "else if":
                pass
            last = open_blocks[-1]
            into = last.otherwise or last.body
        else:
            into.append(_Node("print", match[2]))
    rest = text[position:]
    into.append(rest.lstrip() if trim else rest)
    if len(open_blocks) != 1:
        msg = f"{open_blocks[-1].word} {open_blocks[-1].asked} has no end"
        raise ValueError(msg)
    return root.body


def _written(chart: _Chart, nodes: list[str | _Node], dot: Any) -> str:
    return "".join(n if isinstance(n, str) else _block(chart, n, dot) for n in nodes)


def _block(chart: _Chart, node: _Node, dot: Any) -> str:
    if node.word == "define":
        return ""
    if node.word == "print":
        return _printed(chart, node.asked, dot)
    negated = node.asked.startswith("not ")
    value = _value(node.asked.removeprefix("not "), dot)
    if bool(value) is negated:
        return _written(chart, node.otherwise, dot)
    if node.word == "range":
        return "".join(_written(chart, node.body, one) for one in value)
    return _written(chart, node.body, value if node.word == "with" else dot)


def _printed(chart: _Chart, asked: str, dot: Any) -> str:
    first, *pipes = (part.strip() for part in asked.split("|"))
    word, _, rest = first.partition(" ")
    if word == "include":
        name, _, given = rest.partition(" ")
        found = chart.defined[_text(name)]
        text = _written(chart, found.body, _value(given, dot))
    elif word == "toYaml":
        text = yaml.safe_dump(_value(rest, dot), sort_keys=True).rstrip()
    else:
        value = _value(first, dot)
        text = str(value).lower() if isinstance(value, bool) else str(value)
    for pipe in pipes:
        name, _, number = pipe.partition(" ")
        if name == "quote":
            text = json.dumps(text)
        elif name == "nindent":
            lines = text.split("\n")
            text = "\n" + "\n".join(" " * int(number) + line for line in lines)
        else:
            msg = f"this renderer knows no {name}"
            raise ValueError(msg)
    return text


def _value(path: str, dot: Any) -> Any:
    if path == ".":
        return dot
    if not re.fullmatch(r"(\.\w+)+", path):
        msg = f"this renderer cannot read '{path}'"
        raise ValueError(msg)
    found: Any = dot
    for name in path[1:].split("."):
        found = found[name]
    return found


def _text(quoted: str) -> str:
    return quoted.strip().strip('"')
