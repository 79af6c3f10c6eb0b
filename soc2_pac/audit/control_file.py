"""The file of controls: parsed and held against what it names. Every error says file, control, key and remedy."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from soc2_pac.acts.attestations import TOPICS
from soc2_pac.acts.controls import DAYS, Control
from soc2_pac.audit.controls import rules_of
from soc2_pac.audit.history import KINDS
from soc2_pac.config import convert
from soc2_pac.criteria import CRITERIA
from soc2_pac.errors import ConfigError
from soc2_pac.text import listed, nearest, says_something

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from soc2_pac.plugins import Registry

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_TOPIC = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[control]]``."""

    id: str
    wording: str
    owner: str
    frequency: str
    criteria: tuple[str, ...]
    rules: tuple[str, ...] = ()
    attestations: tuple[str, ...] = ()
    populations: tuple[str, ...] = ()
    grace_days: int = 30


def load(path: Path, registry: Registry) -> dict[str, Control]:
    """The controls of a file by id. Raises ConfigError, which names file, control, key and remedy."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read: {error}"
        raise ConfigError(msg) from error
    return parse(text, path, registry)


def parse(text: str, path: Path, registry: Registry) -> dict[str, Control]:
    """The controls of a TOML text by id; ``path`` stands in messages. Raises ConfigError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{path}: not valid TOML: {error}"
        raise ConfigError(msg) from error
    known = ("control", "topics")
    for key in document:
        if key not in known:
            msg = f"{path}: {key}: unknown table.{nearest(key, known)} Known: {listed(known)}"
            raise ConfigError(msg)
    topics = _topics(path, document.get("topics", {}))
    entries = document.get("control", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        msg = f"{path}: control: write one table a control, [[control]]"
        raise ConfigError(msg)
    check = _Check(path, registry, topics)
    found: dict[str, Control] = {}
    spelled: dict[str, str] = {}
    for number, entry in enumerate(entries, start=1):
        control_id, control = check.one(number, entry)
        other = spelled.setdefault(control_id.lower(), control_id)
        if control_id in found or other != control_id:
            msg = f"{path}: control '{control_id}': the id stands there twice. Next: rename one of them"
            raise ConfigError(msg)
        found[control_id] = control
    return found


def _topics(path: Path, table: object) -> dict[str, str]:
    topics: dict[str, str] = convert(path, "topics", table, dict[str, str])
    for topic, shows in topics.items():
        if not _TOPIC.fullmatch(topic):
            msg = f"{path}: topics: '{topic}' is no name of a topic. Write lower case and hyphens: policy-review"
            raise ConfigError(msg)
        if topic in TOPICS:
            msg = f"{path}: topics.{topic}: soc2-pac knows this topic itself. Next: leave it out"
            raise ConfigError(msg)
        if not says_something(shows):
            msg = f"{path}: topics.{topic}: say what evidence of it shows"
            raise ConfigError(msg)
    return topics


@dataclass(frozen=True, slots=True)
class _Check:
    """What an entry is held against."""

    path: Path
    registry: Registry
    topics: Mapping[str, str]

    def one(self, number: int, table: Mapping[str, Any]) -> tuple[str, Control]:
        """The id and the control of one table."""
        control_id = table.get("id")
        where = f"control '{control_id}'" if isinstance(control_id, str) else f"control {number}"
        entry: _Entry = convert(self.path, where, table, _Entry)

        def wrong(key: str, what: str) -> ConfigError:
            return ConfigError(f"{self.path}: {where}: {key}: {what}")

        if not _ID.fullmatch(entry.id):
            raise wrong("id", "write letters, digits, '-', '.' and '_', 40 at most: AC-03")
        for key in ("wording", "owner"):
            if not says_something(getattr(entry, key)):
                raise wrong(key, "is empty: an auditor will ask")
        if entry.frequency not in DAYS:
            hint = nearest(entry.frequency, DAYS)
            raise wrong("frequency", f"'{entry.frequency}' is none.{hint} Known: {', '.join(DAYS)}")
        if entry.grace_days < 0:
            raise wrong("grace_days", "must be at least 0")
        if not entry.criteria:
            raise wrong("criteria", "name at least one")
        self._names(entry, wrong)
        return entry.id, Control(
            wording=entry.wording.strip(),
            owner=entry.owner.strip(),
            frequency=entry.frequency,
            criteria=entry.criteria,
            rules=entry.rules,
            attestations=entry.attestations,
            populations=entry.populations,
            grace_days=entry.grace_days,
            topics={name: self.topics[name] for name in entry.attestations if name in self.topics},
        )

    def _names(self, entry: _Entry, wrong: Callable[[str, str], ConfigError]) -> None:
        """Every name that it gives must be one: a typo would leave a control without its evidence."""
        for key in ("criteria", "rules", "attestations", "populations"):
            for name, count in Counter(getattr(entry, key)).items():
                if count > 1:
                    raise wrong(key, f"'{name}' stands there twice")
        for name in entry.criteria:
            if name not in CRITERIA:
                raise wrong("criteria", f"there is no criterion '{name}'.{nearest(name, CRITERIA)}")
        rules = self.registry.rules
        for name in entry.rules:
            if not rules_of([name], rules):
                hint = nearest(name, rules)
                raise wrong("rules", f"no rule matches '{name}'.{hint} Next: soc2-pac rules list")
        known = [*TOPICS, *self.topics]
        for name in entry.attestations:
            if name not in known:
                hint = nearest(name, known)
                raise wrong(
                    "attestations",
                    f"there is no topic '{name}'.{hint} Next: say under [topics] what evidence of it shows",
                )
        events = {kind for kind, one in self.registry.collectors.items() if one.population}
        for name in entry.populations:
            if name not in events and name not in KINDS:
                populations = [*KINDS, *sorted(events)]
                raise wrong(
                    "populations",
                    f"there is no population '{name}'.{nearest(name, populations)} "
                    f"Known: {', '.join(populations)}",
                )
