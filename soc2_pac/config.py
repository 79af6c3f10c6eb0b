"""``soc2-pac.toml`` -> frozen settings. Secrets stand in it by reference only.

Every error names the file, the key and what to do. No error shows a value that could be a secret.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args

import msgspec

from soc2_pac.canonical import canonical, digest
from soc2_pac.criteria import CRITERIA
from soc2_pac.decisions import Boundary, Decision, Place, Variant, latest_day
from soc2_pac.due import WEEKDAYS, DueDates
from soc2_pac.errors import ConfigError
from soc2_pac.model import Severity
from soc2_pac.text import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from soc2_pac.hookspecs import Provider
    from soc2_pac.rules import Rule

DEFAULT_FILE = "soc2-pac.toml"
CONTROLS_FILE = "controls.toml"
ENVIRONMENT = "SOC2_PAC_CONFIG"
_COMMAND_SECONDS = 30

Weekday: TypeAlias = Literal[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
]


class SecretRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a secret is found. Exactly one of the fields is set; the secret itself is never kept."""

    env: str | None = None
    """An environment variable's name."""
    file: str | None = None
    """A file's path; surrounding white space is dropped."""
    command: tuple[str, ...] | None = None
    """A program and its arguments, run without a shell; its standard output is the secret."""

    def __post_init__(self) -> None:
        """Raises ValueError unless exactly one source is named."""
        if sum(part is not None for part in (self.env, self.file, self.command)) != 1:
            msg = "name exactly one of env, file and command"
            raise ValueError(msg)

    def resolve(self) -> str:
        """Fetch the secret.

        Raises:
            ConfigError: it is not there. The message names the source, never a value.
        """
        if self.env is not None:
            found = os.environ.get(self.env, "")
            where = f"environment variable {self.env}"
        elif self.file is not None:
            where = f"file {self.file}"
            try:
                found = Path(self.file).expanduser().read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                msg = f"the secret in {where} cannot be read: {type(error).__name__}"
                raise ConfigError(msg) from None
        else:
            found, where = self._run(), f"command {(self.command or ('',))[0]}"
        if not found.strip():
            msg = f"the secret in {where} is empty or not set"
            raise ConfigError(msg)
        return found.strip()

    def _run(self) -> str:
        command = list(self.command or ())
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command, run without a shell
                command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False
            )
        except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
            msg = f"the secret command {command[:1]} did not run: {type(error).__name__}"
            raise ConfigError(msg) from None
        if done.returncode != 0:
            msg = f"the secret command {command[0]} ended with exit code {done.returncode}"
            raise ConfigError(msg)
        return done.stdout


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: unknown keys are errors."""


class StoreTable(_Table, frozen=True):
    """``[store]``."""

    url: str | SecretRef = "sqlite:///soc2-pac.db"
    """``sqlite:///file.db`` or ``postgresql://user@host/database``; by reference if it holds a password."""


class _Decided(_Table, frozen=True, kw_only=True):
    """A table whose values may be looser than their defaults, with a reason, an owner and a date."""

    reason: str = ""
    """Why something here is looser than its default."""
    owner: str = ""
    """The person who answers for it."""
    date: dt.date | None = None
    """The day of the decision."""

    def looser(self) -> list[str]:
        """Names of the values that are looser than their defaults."""
        return [
            field.name
            for field in msgspec.structs.fields(type(self))
            if isinstance(field.default, int) and getattr(self, field.name) > field.default
        ]


class EvidenceTable(_Decided, frozen=True):
    """``[evidence]``."""

    max_age_days: int = 7
    """Older evidence is stale."""


class SlaTable(_Decided, frozen=True):
    """``[sla]``: days in which a failure of each severity is to be fixed.

    A due date is set when a failure is first seen, and stays.
    """

    critical: int = 7
    """Days for a failure of severity critical."""
    high: int = 30
    """Days for one of severity high."""
    medium: int = 90
    """Days for one of severity medium."""
    low: int = 180
    """Days for one of severity low."""
    info: int = 365
    """Days for one of severity info."""
    calendar: Literal["calendar", "business"] = "calendar"
    """Whether all days count, or business days only."""
    weekend: tuple[Weekday, ...] = ("saturday", "sunday")
    """Days that are not worked."""
    holidays: tuple[dt.date, ...] = ()
    """Further days that are not worked."""

    def looser(self) -> list[str]:
        """Business days are longer than calendar days."""
        return super().looser() + (["calendar"] if self.calendar == "business" else [])


class RunTable(_Table, frozen=True):
    """``[run]``."""

    workers: int = 8
    """Units (one kind in one scope) collected at once."""
    facts_at_once: int = 4
    """Detail calls made at once within one unit."""
    unit_timeout_seconds: int = 900
    """Of work on one listing; waiting for a provider's rate limit does not count."""
    rate_limit_wait_seconds: int = 7200
    """How long one listing may wait for its provider's rate limits, beside its work."""
    max_pages: int = 10_000
    """Pages of one listing before it counts as one that never ends."""
    fail_on: Severity = Severity.INFO
    """The least severity of a failure that makes a run exit 1."""


class WaiversTable(_Decided, frozen=True):
    """``[waivers]``."""

    max_days: int = 365
    """The longest time for which a failure may be accepted."""


class AuditTable(_Table, frozen=True):
    """``[audit]``: the boundary of the system that is audited.

    What is outside is collected and judged all the same. Its failures do not count, and every report prints them
    with the reason.
    """

    include: tuple[Place, ...] = ()
    """Only what is in these places belongs to the system; empty: everything does."""
    exclude: tuple[Place, ...] = ()
    """What is in these places does not belong to it."""
    cadence: str = ""
    """How often everything is meant to be collected: ``12h``, ``1d``, ``1w``. Reports hold collections against
    it; empty: nobody said."""


class SigningTable(_Table, frozen=True):
    """``[signing]``."""

    key: SecretRef | None = None
    """An Ed25519 private key in PEM, for checkpoints."""


class ReviewsTable(_Decided, frozen=True):
    """``[reviews]``: access reviews."""

    systems: tuple[str, ...] = ()
    """Systems that are reviewed, as ``github`` or ``github:acme``: every run collects who has what in them."""
    removal_days: int = 7
    """Days from a decision to revoke or change until the grant must be gone."""
    break_glass: tuple[str, ...] = ()
    """Accounts for emergencies: patterns over ``login`` and ``system/login``."""


class ControlsTable(_Table, frozen=True):
    """``[controls]``."""

    path: str | None = None
    """The file of controls, counted from the configuration's own folder. Without it: ``controls.toml`` there,
    if there is one."""


class MetricsTable(_Table, frozen=True):
    """``[metrics]``: what every run writes for Prometheus."""

    file: str | None = None
    """The file, counted from the configuration's own folder; ``run --metrics`` names another."""
    mode: str = "0600"
    """Permissions of the file, octal: ``0644`` lets the exporter of another user read it."""


class AttachmentsTable(_Table, frozen=True):
    """``[attachments]``: where files of people go that are too large for the store. One place, or none."""

    folder: str | None = None
    """A folder that is there, counted from the configuration's own."""
    url: str | None = None
    """An object store: ``s3://BUCKET/PREFIX``, ``gs://BUCKET/PREFIX`` or
    ``https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX``."""
    access: dict[str, Any] = {}
    """How the object store is reached, in its provider's own keys: a credential that may write there, never
    the one that collects."""


class CheckpointsTable(_Table, frozen=True):
    """``[checkpoints]``: where each run keeps a checkpoint of the ledger, out of reach of whoever keeps the store."""

    folder: str | None = None
    """A folder that is there, counted from the configuration's own."""
    git: bool = False
    """The folder stands in a git repository: each checkpoint is committed there. Pushing it is yours to do."""
    url: str | None = None
    """An object store, beside the folder or instead of it; see ``[attachments] url``."""
    access: dict[str, Any] = {}
    """How the object store is reached: a credential that may write there, never the one that collects."""


class QueriesTable(_Table, frozen=True):
    """``[queries]``."""

    paths: tuple[str, ...] = ()
    """Folders of saved questions (``*.sql``), counted from the configuration's own."""


class ProxyTable(_Table, frozen=True, kw_only=True):
    """``[serve.proxy]``: a proxy in front of ``soc2-pac serve`` that signs people in and says who they are."""

    secret: SecretRef
    """What the proxy sends with each request, so that nobody else can say who they are."""
    viewers: tuple[str, ...] = ()
    """Groups whose people may read."""
    operators: tuple[str, ...] = ()
    """Groups whose people may also act."""
    peers: tuple[str, ...] = ("127.0.0.1", "::1")
    """Addresses that the proxy connects from."""
    proof_header: str = "X-Soc2-Pac-Proxy"
    """Header with the secret."""
    user_header: str = "X-Forwarded-User"
    """Header with who it is."""
    groups_header: str = "X-Forwarded-Groups"
    """Header with their groups, separated by commas."""


class ServeTable(_Table, frozen=True):
    """``[serve]``: the pages."""

    names: tuple[str, ...] = ()
    """Further names by which browsers reach the server, through a proxy with TLS: ``soc2.acme.example``, with the
    port where it is not 443."""
    proxy: ProxyTable | None = None
    """Who signs people in; without it the link that is printed at start does, and tokens."""


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """``[rules.ID]``."""

    enabled: bool = True
    decision: Decision | None = None
    """Who decided what makes it looser, and why; demanded where it is, because an auditor will ask."""
    severity: Severity | None = None
    thresholds: Mapping[str, object] = field(default_factory=dict)
    where: tuple[Variant, ...] = ()
    """Other settings in some places; the first that takes a resource holds."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """``[sources.NAME]``: one configured connection."""

    name: str
    provider: str
    settings: Any
    """The provider's own settings struct; secrets in it are references."""


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration, checked as far as the file alone allows."""

    path: Path | None
    store: StoreTable
    evidence: EvidenceTable
    sla: SlaTable
    run: RunTable
    signing: SigningTable
    waivers: WaiversTable
    audit: AuditTable
    controls: ControlsTable
    reviews: ReviewsTable
    attachments: AttachmentsTable
    checkpoints: CheckpointsTable
    queries: QueriesTable
    metrics: MetricsTable
    serve: ServeTable
    raw_sources: Mapping[str, Mapping[str, object]]
    include: tuple[Named, ...]
    """Rules that alone are judged, by pattern; empty: all."""
    exclude: tuple[Named, ...]
    """Rules that are switched off, by pattern."""
    rules: Mapping[str, RuleSettings]
    rule_paths: tuple[Path, ...] = ()
    """Folders and files with rules of one's own, absolute."""

    @property
    def store_url(self) -> str:
        """The store's URL; a relative SQLite path counts from the file's own folder. May hold a password."""
        url = self.store.url.resolve() if isinstance(self.store.url, SecretRef) else self.store.url
        prefix = "sqlite:///"
        if self.path is not None and url.startswith(prefix) and not url.startswith(prefix + "/"):
            name = url.removeprefix(prefix)
            if name and name != ":memory:":
                return prefix + str(self.path.resolve().parent / name)
        return url

    @property
    def due_dates(self) -> DueDates:
        """By when a failure of each severity is to be fixed."""
        return DueDates(
            {severity: getattr(self.sla, severity.value) for severity in Severity},
            business=self.sla.calendar == "business",
            weekend=frozenset(WEEKDAYS.index(day) for day in self.sla.weekend),
            holidays=frozenset(self.sla.holidays),
        )

    @property
    def query_folders(self) -> tuple[Path, ...]:
        """Folders of saved questions."""
        folder = self.path.resolve().parent if self.path is not None else Path()
        return tuple(folder / Path(path).expanduser() for path in self.queries.paths)

    @property
    def controls_path(self) -> Path | None:
        """The file of controls; ``None`` where none is configured and none stands beside the configuration.

        Raises:
            ConfigError: the configured one is not there.
        """
        folder = self.path.resolve().parent if self.path is not None else Path()
        if self.controls.path is not None:
            named = folder / Path(self.controls.path).expanduser()
            if not named.is_file():
                raise self.wrong(
                    "controls.path",
                    f"there is no file {named}. Next: soc2-pac controls init --output {named}",
                )
            return named
        beside = folder / CONTROLS_FILE
        return beside if self.path is not None and beside.is_file() else None

    def body(self) -> str:
        """Canonical JSON of what is in force, for the ledger. Holds references, never secrets."""
        kept = {
            "evidence": self.evidence,
            "sla": self.sla,
            "run": self.run,
            "waivers": self.waivers,
            "audit": self.audit,
            "reviews": self.reviews,
            "attachments": self.attachments,
            "checkpoints": self.checkpoints,
            "sources": self.raw_sources,
            "include": self.include,
            "exclude": self.exclude,
            "rules": {name: _plain(settings) for name, settings in self.rules.items()},
        }
        if self.rule_paths:
            kept["rule_paths"] = [path.name for path in self.rule_paths]
        return canonical(msgspec.to_builtins(kept)).decode()

    def loosened_tables(self) -> Iterator[tuple[str, _Decided]]:
        """Tables in which something is looser than its default, by name."""
        for key in ("evidence", "sla", "waivers", "reviews"):
            table: _Decided = getattr(self, key)
            if table.looser():
                yield key, table

    @property
    def boundary(self) -> Boundary:
        """What belongs to the system that is audited."""
        return Boundary(self.audit.include, self.audit.exclude)

    def identity(self) -> tuple[str, str]:
        """(SHA-256, body)."""
        body = self.body()
        return digest(body.encode()), body

    def wrong(self, key: str, what: str) -> ConfigError:
        """An error that names this file and a key."""
        return ConfigError(f"{self.path or DEFAULT_FILE}: {key}: {what}")

    def sources(self, providers: Mapping[str, Provider]) -> dict[str, SourceSettings]:
        """Each source with its provider's own settings.

        Raises:
            ConfigError: an unknown provider or key, a value of another type, or a secret in plain text.
        """
        found = {}
        for name, table in self.raw_sources.items():
            key = f"sources.{name}"
            provider = table.get("provider")
            if not isinstance(provider, str) or provider not in providers:
                known = listed(providers)
                hint = nearest(str(provider), providers)
                what = "is missing" if provider is None else f"'{provider}' is unknown.{hint}"
                raise self.wrong(f"{key}.provider", f"{what} Installed: {known}")
            rest = {k: v for k, v in table.items() if k != "provider"}
            settings = self._convert(key, rest, providers[provider].settings)
            if self.path is not None and hasattr(settings, "beside"):
                settings = settings.beside(self.path.resolve().parent)
            found[name] = SourceSettings(name, provider, settings)
        return found

    def active_rules(self, rules: Mapping[str, Rule]) -> tuple[list[Rule], dict[str, str]]:
        """The rules in force, and those switched off with the reason.

        Raises:
            ConfigError: a rule or criterion that does not exist, or one switched off without a reason.
        """
        for name in self.rules:
            if name not in rules:
                raise self.wrong(f'rules."{name}"', f"there is no such rule.{nearest(name, rules)}")
        for key, named in (("include", self.include), ("exclude", self.exclude)):
            for pattern in (one.rule for one in named):
                if (
                    not any(matches(rule, pattern) for rule in rules.values())
                    and pattern not in CRITERIA
                ):
                    known = [*rules, *CRITERIA]
                    raise self.wrong(
                        f"rules.{key}", f"'{pattern}' matches no rule.{nearest(pattern, known)}"
                    )
        off: dict[str, str] = {}
        active = []
        for rule in rules.values():
            reason = next((str(one) for one in self.exclude if matches(rule, one.rule)), None)
            settings = self.rules.get(rule.id, RuleSettings())
            if not settings.enabled:
                reason = str(settings.decision)
            if self.include and not any(matches(rule, one.rule) for one in self.include):
                reason = f"not among rules.include: {self.include[0]}"
            if reason is None:
                active.append(rule)
            else:
                off[rule.id] = reason
        return active, off

    def _convert(self, key: str, value: object, shape: Any) -> Any:  # noqa: ANN401
        return convert(self.path, key, value, shape)


def matches(rule: Rule, pattern: str) -> bool:
    """Whether a pattern (id, glob over ids, criterion or series such as ``CC6``) names a rule."""
    if pattern in rule.criteria or any(c.partition(".")[0] == pattern for c in rule.criteria):
        return True
    return fnmatchcase(rule.id, pattern)


def find(explicit: str | None) -> Path | None:
    """The configuration file: ``--config``, ``SOC2_PAC_CONFIG``, or the one in this folder.

    Raises:
        ConfigError: the named file does not exist.
    """
    named = explicit or os.environ.get(ENVIRONMENT)
    path = Path(named or DEFAULT_FILE)
    if path.is_file():
        return path
    if named:
        msg = f"there is no configuration file {path}. Next: soc2-pac init --output {path}"
        raise ConfigError(msg)
    return None


def load(explicit: str | None = None, *, required: bool = True) -> Config:
    """Read the configuration.

    Args:
        explicit: a path that was asked for.
        required: without it, an absent file means the defaults and no sources.

    Raises:
        ConfigError: no file where one is required, or it is wrong.
    """
    path = find(explicit)
    if path is None:
        if required:
            msg = f"there is no {DEFAULT_FILE} here. Next: soc2-pac init, or --config FILE"
            raise ConfigError(msg)
        return parse({}, None)
    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        msg = f"{path}: not valid TOML: {error}"
        raise ConfigError(msg) from error
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read: {error}"
        raise ConfigError(msg) from error
    return parse(document, path)


TABLES: dict[str, type[_Table]] = {
    "store": StoreTable,
    "evidence": EvidenceTable,
    "sla": SlaTable,
    "run": RunTable,
    "signing": SigningTable,
    "waivers": WaiversTable,
    "audit": AuditTable,
    "controls": ControlsTable,
    "reviews": ReviewsTable,
    "attachments": AttachmentsTable,
    "checkpoints": CheckpointsTable,
    "queries": QueriesTable,
    "metrics": MetricsTable,
    "serve": ServeTable,
}
"""The tables of the file, but for those of sources and rules."""


def parse(document: Mapping[str, Any], path: Path | None) -> Config:
    """A parsed TOML document -> Config. Raises ConfigError."""
    known = [*TABLES, "sources", "rules"]
    for key in document:
        if key not in known:
            msg = f"{path}: {key}: unknown table.{nearest(key, known)} Known: {listed(known)}"
            raise ConfigError(msg)
    drawn = document.get("audit", {})
    for name in ("include", "exclude") if isinstance(drawn, dict) else ():
        _decisions(path, f"audit.{name}", drawn.get(name, []), Place)
    tables = {
        key: convert(path, key, document.get(key, {}), shape) for key, shape in TABLES.items()
    }
    raw_sources = document.get("sources", {})
    if not isinstance(raw_sources, dict) or not all(
        isinstance(t, dict) for t in raw_sources.values()
    ):
        msg = f"{path}: sources: write one table a source, [sources.NAME]"
        raise ConfigError(msg)
    include, exclude, rules = _rules(path, document.get("rules", {}))
    rule_paths = _rule_paths(path, document.get("rules", {}))
    _positive(path, tables)
    _answered(path, tables)
    if tables["audit"].cadence:
        try:
            duration_of(tables["audit"].cadence)
        except ValueError as error:
            msg = f"{path or DEFAULT_FILE}: audit.cadence: {error}"
            raise ConfigError(msg) from error
    if not re.fullmatch("0?[0-7]{3}", tables["metrics"].mode):
        what = f"'{tables['metrics'].mode}' is no file mode. Write 0600 or 0644"
        msg = f"{path or DEFAULT_FILE}: metrics.mode: {what}"
        raise ConfigError(msg)
    _reachable(path, tables["serve"])
    if len(set(tables["sla"].weekend)) == len(WEEKDAYS):
        msg = f"{path}: sla.weekend: no day is left on which anybody works"
        raise ConfigError(msg)
    return Config(
        path=path,
        raw_sources=raw_sources,
        include=include,
        exclude=exclude,
        rules=rules,
        rule_paths=rule_paths,
        **tables,
    )


_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
_HEADER = re.compile(r"[A-Za-z0-9-]+")


def _reachable(path: Path | None, table: ServeTable) -> None:
    """Raise ConfigError where the pages would be reached by no name, or people known by no header or group."""
    where = f"{path or DEFAULT_FILE}: serve"
    for name in table.names:
        if not _NAME.fullmatch(name):
            msg = f"{where}.names: '{name}' is no name of a host. Write soc2.acme.example, in small letters"
            raise ConfigError(msg)
    if (proxy := table.proxy) is None:
        return
    headers = [proxy.proof_header, proxy.user_header, proxy.groups_header]
    if len({header.lower() for header in headers}) < len(headers) or not all(
        _HEADER.fullmatch(header) for header in headers
    ):
        msg = f"{where}.proxy: proof_header, user_header and groups_header name three different headers"
        raise ConfigError(msg)
    if not proxy.viewers and not proxy.operators:
        msg = f"{where}.proxy: name groups: viewers, operators. Without any nobody could sign in"
        raise ConfigError(msg)
    if not table.names:
        msg = f'{where}.names: say by which name browsers reach the proxy: names = ["soc2.acme.example"]'
        raise ConfigError(msg)


class Named(Decision, frozen=True, kw_only=True):
    """``[[rules.exclude]]``: rules that are switched off everywhere; ``[[rules.include]]``: those that are not."""

    rule: str
    """An id, a glob over ids, a criterion or a series."""


def _rules(
    path: Path | None,
    table: Any,  # noqa: ANN401
) -> tuple[tuple[Named, ...], tuple[Named, ...], dict[str, RuleSettings]]:
    if not isinstance(table, dict):
        msg = f"{path}: rules: write a table"
        raise ConfigError(msg)
    include = _decisions(path, "rules.include", table.get("include", []), Named)
    excluded = _decisions(path, "rules.exclude", table.get("exclude", []), Named)
    rules = {
        name: _rule_settings(path, name, settings)
        for name, settings in table.items()
        if name not in ("include", "exclude", "paths")
    }
    return include, excluded, rules


def _rule_paths(path: Path | None, table: Mapping[str, object]) -> tuple[Path, ...]:
    """``[rules] paths``: folders and files with rules of one's own; relative ones count from the file's folder."""
    named = convert(path, "rules.paths", table.get("paths", []), tuple[str, ...])
    base = path.resolve().parent if path is not None else Path.cwd()
    return tuple(base / name for name in named)


_DECISION = ("reason", "owner", "date")


def _rule_settings(path: Path | None, name: str, settings: object) -> RuleSettings:
    key = f'rules."{name}"'
    if not isinstance(settings, dict):
        msg = f"{path}: {key}: write a table, [rules.{name}]. (Lists are include and exclude.)"
        raise ConfigError(msg)
    rest = dict(settings)
    enabled = convert(path, f"{key}.enabled", rest.pop("enabled", True), bool)
    severity = convert(path, f"{key}.severity", rest.pop("severity", None), Severity | None)
    said = {part: rest.pop(part) for part in _DECISION if part in rest}
    decision = _decisions(path, key, [said], Decision)[0] if said or not enabled else None
    where = _decisions(path, f"{key}.where", _folded(rest.pop("where", [])), Variant)
    return RuleSettings(enabled, decision, severity, rest, where)


def _folded(variants: object) -> object:
    """``[[rules.ID.where]]`` holds thresholds by their own names, as ``[rules.ID]`` does."""
    known = {*Variant.__struct_fields__} - {"thresholds"}
    if not isinstance(variants, list):
        return variants
    return [
        {k: v for k, v in one.items() if k in known}
        | {"thresholds": {k: v for k, v in one.items() if k not in known}}
        if isinstance(one, dict)
        else one
        for one in variants
    ]


D = TypeVar("D", bound=Decision)


def _decisions(path: Path | None, key: str, value: object, shape: type[D]) -> tuple[D, ...]:
    """Decisions with all that an auditor asks for. Raises ConfigError."""
    for one in value if isinstance(value, list) else ():
        lacking = [p for p in _DECISION if isinstance(one, dict) and p not in one]
        if lacking:
            named = " and ".join(filter(None, (", ".join(lacking[:-1]), lacking[-1])))
            what = f"{named} {'is' if len(lacking) == 1 else 'are'} missing"
            msg = f"{path or DEFAULT_FILE}: {key}: {what}: an auditor will ask why, who and when"
            raise ConfigError(msg)
    if not isinstance(value, list) or any(isinstance(one, str) for one in value):
        own = [key for key in shape.__struct_fields__ if key not in _DECISION]
        keys = ", ".join((*own, *_DECISION))
        msg = f"{path or DEFAULT_FILE}: {key}: write tables, [[{key}]], with {keys}"
        raise ConfigError(msg)
    found: list[D] = []
    for number, one in enumerate(value, 1):
        made: D = convert(path, key if len(value) == 1 else f"{key}, number {number}", one, shape)
        if problem := made.lacks(latest_day()):
            msg = f"{path or DEFAULT_FILE}: {key}: {problem}"
            raise ConfigError(msg)
        found.append(made)
    return tuple(found)


def _answered(path: Path | None, tables: Mapping[str, Any]) -> None:
    """Raise ConfigError where something is looser than its default and nobody answers for it."""
    for key, table in tables.items():
        if not isinstance(table, _Decided) or not (looser := table.looser()):
            continue
        lacking = [part for part in _DECISION if not getattr(table, part)]
        if lacking:
            what = f"{looser[0]} may be looser than its default: add {', '.join(lacking)}"
            msg = f"{path or DEFAULT_FILE}: {key}: {what}, an auditor will ask"
            raise ConfigError(msg)


_UNITS = {"h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def duration_of(text: str) -> int:
    """``12h``, ``1d`` or ``2w`` -> milliseconds. Raises ValueError for anything else."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not (number.isascii() and number.isdigit()) or int(number) < 1:
        msg = f"'{text}' is no duration: write 12h, 1d or 1w"
        raise ValueError(msg)
    return int(number) * _UNITS[unit]


def _positive(path: Path | None, tables: Mapping[str, Any]) -> None:
    for table in ("evidence", "sla", "run", "waivers", "reviews"):
        for name in tables[table].__struct_fields__:
            value = getattr(tables[table], name)
            if isinstance(value, int) and not isinstance(value, bool) and value < 1:
                msg = f"{path}: {table}.{name}: must be at least 1"
                raise ConfigError(msg)


def convert(path: Path | None, key: str, value: object, shape: Any) -> Any:  # noqa: ANN401
    """``value`` as ``shape``; errors name file and key, suggest the nearest key, and never show the value."""
    _check_keys(path, key, value, shape)
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        said = str(error)
        field = said.rpartition("`$.")[2].rstrip("`") if "`$." in said else ""
        where = f"{key}.{field}" if field else key
        what = said.partition(" - at")[0]
        if "Expected `object" in what and _takes_secret(shape, field):
            what = (
                "a secret must not stand in the file. "
                'Write { env = "NAME" }, { file = ... } or { command = [...] }'
            )
        msg = f"{path or DEFAULT_FILE}: {where}: {what}"
        raise ConfigError(msg) from None


def _check_keys(path: Path | None, key: str, value: object, shape: Any) -> None:  # noqa: ANN401
    fields = getattr(shape, "__struct_fields__", None)
    if fields is None or not isinstance(value, dict):
        return
    for name in value:
        if name not in fields:
            hint = f"{nearest(name, fields)} Known: {listed(fields)}"
            msg = f"{path or DEFAULT_FILE}: {key}.{name}: unknown key.{hint}"
            raise ConfigError(msg)


def _takes_secret(shape: Any, field: str) -> bool:  # noqa: ANN401
    name, _, within = field.partition(".")
    if within and isinstance(shape, type) and issubclass(shape, _Table):
        kinds = [one.type for one in msgspec.structs.fields(shape) if one.name == name]
        nested = [part for kind in kinds for part in get_args(kind) or (kind,)]
        return any(_takes_secret(part, within) for part in nested)
    hints = getattr(shape, "__annotations__", {})
    return "SecretRef" in str(hints.get(name, ""))


def _plain(settings: RuleSettings) -> dict[str, object]:
    return {
        "enabled": settings.enabled,
        "decision": settings.decision,
        "severity": settings.severity,
        "thresholds": dict(settings.thresholds),
        "where": settings.where,
    }


def unknown_names(asked: Iterable[str], known: Iterable[str], what: str) -> str | None:
    """``unknown rule 'x'. Did you mean 'y'?`` for the first unknown name; ``None`` when all are known."""
    names = list(known)
    for name in asked:
        if name not in names:
            return f"unknown {what} '{name}'.{nearest(name, names)}"
    return None
