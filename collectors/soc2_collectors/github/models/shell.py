"""Which programs a shell script calls: read word by word, never run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from soc2_collectors.github.models.expression import without_expressions

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(
    r"(?P<blank>[ \t\r]+)|(?P<continued>\\\r?\n)|(?P<end>[\n;|&(){}`])|(?P<comment>#[^\n]*)"
    r"|(?P<word>(?:'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.|[^\s;|&(){}`'\"\\])+)|(?P<other>.)",
    re.DOTALL,
)
_HERE = re.compile(r"<<-?[ \t]*(['\"]?)([A-Za-z_]\w*)\1")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "do", "while", "until", "!", "exec", "command", "time"}
)
_RUNNERS = (
    ("sudo",), ("env",), ("nohup",), ("nice",), ("xargs",), ("npx",), ("bunx",), ("uvx",), ("pipx", "run"),
    ("poetry", "run"), ("pipenv", "run"), ("uv", "run"), ("uv", "tool", "run"), ("pnpm", "dlx"),
    ("pnpm", "exec"), ("yarn", "dlx"), ("yarn", "run"), ("npm", "exec"), ("bundle", "exec"), ("go", "run"),
    ("python", "-m"), ("python3", "-m"),
)  # fmt: skip
"""Programs that run the program that they are given."""
_CONTAINERS = (("docker", "run"), ("podman", "run"), ("nerdctl", "run"))
_MOST_WORDS = 100_000


def commands(script: str) -> Iterator[list[str]]:
    """The commands of a script: each begins with the program itself, without its folder and version."""
    for words in _commands(_without_texts(without_expressions(script))):
        yield from _programs(words)


def _without_texts(script: str) -> str:
    """A script without what it hands to programs line by line (``cat <<END``)."""
    kept, until = [], ""
    for line in script.split("\n"):
        if until:
            until = "" if line.strip() == until else until
            continue
        kept.append(line)
        here = _HERE.search(line)
        until = here[2] if here else ""
    return "\n".join(kept)


def _commands(script: str) -> Iterator[list[str]]:
    words: list[str] = []
    for count, match in enumerate(_WORD.finditer(script)):
        if count > _MOST_WORDS:
            return
        if match.lastgroup == "word":
            words.append(re.sub(r"['\"\\]", "", match[0]))
        elif match.lastgroup == "end":
            if words:
                yield words
            words = []
    if words:
        yield words


def _programs(words: list[str]) -> Iterator[list[str]]:
    at = 0
    while at < len(words):
        rest = words[at:]
        if rest[0] in _KEYWORDS or _ASSIGNMENT.match(rest[0]):
            at += 1
            continue
        runner = next((one for one in _RUNNERS if tuple(rest[: len(one)]) == one), None)
        if runner is None:
            break
        at += len(runner)
        while at < len(words) and words[at].startswith("-"):
            at += 1
    rest = words[at:]
    if not rest:
        return
    if tuple(rest[:2]) in _CONTAINERS:
        for place, word in enumerate(rest[2:], start=2):
            yield [_named(word), *rest[place + 1 :]]
        return
    yield [_named(rest[0]), *rest[1:]]


def _named(word: str) -> str:
    """``trivy`` of ``/usr/bin/trivy`` and of ``aquasec/trivy:0.50@sha256:...``."""
    return re.split(r"[:@]", word.rstrip("/").rpartition("/")[2])[0]
