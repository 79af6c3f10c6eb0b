"""A bundle of evidence: what an auditor needs of a period in one file, and what proves it without us.

The ledger stands in it whole up to the end of the period, with every row that it records and every finding: only so
can a stranger see that none was left out. Bodies of documents are those of deviations and samples, or all. The same
store, period and options give the same bytes, also after later runs.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from importlib.resources import files
from typing import IO, TYPE_CHECKING, Any

from soc2_pac.audit import period as engine
from soc2_pac.audit.bundle_check import FORMAT, ROWS
from soc2_pac.audit.bundle_proofs import prove
from soc2_pac.audit.bundle_zip import Writer
from soc2_pac.audit.measured import Options
from soc2_pac.audit.populations import Event, Population, instant_of
from soc2_pac.audit.samples import ALGORITHM, drawn, suggested
from soc2_pac.audit.spans import text_of
from soc2_pac.canonical import canonical, digest
from soc2_pac.errors import IntegrityError, UsageError
from soc2_pac.store import bundles, checkpoint, periods

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from soc2_pac.audit.measured import Measured
    from soc2_pac.audit.populations import AuditPeriod
    from soc2_pac.audit.reviews import Known
    from soc2_pac.report import Report
    from soc2_pac.rules import Rule
    from soc2_pac.store.bundles import Observed, Segment

VERIFIER = "verify.py"
"""What the verifier is called in a bundle."""
WantedDocuments = dict[tuple[str, str], set[tuple[str, str]]]
"""(kind, scope) -> (uid, digest)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to stand in a bundle."""

    period: AuditPeriod
    tool_version: str
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """The installed rules."""
    known: Known | None = None
    """How accounts and people are read; ``None``: no population is derived."""
    all_bodies: bool = False
    """Every document that was there at some time of the period, and how each came and went."""
    seed: str | None = None
    """Of the samples; ``None``: none is drawn."""
    size: int | None = None
    """Events of each sample; ``None``: by common practice."""
    checkpoints: tuple[str, ...] = ()
    """Texts of checkpoints that were kept elsewhere."""
    stamps: Mapping[str, bytes] = field(default_factory=dict)
    """Text of a checkpoint -> its time stamp (RFC 3161)."""
    key: str | None = None
    """Signs the bundle: an Ed25519 private key in PEM."""
    reports: Callable[[Report, Writer], list[str]] | None = None
    """Adds files of the report of the period; returns what is left out and why, in sentences."""


@dataclass(slots=True)
class Made:
    """What stands in a bundle."""

    documents: int = 0
    proved: int = 0
    samples: dict[str, int] = field(default_factory=dict)
    """Kind -> events that were drawn."""
    left_out: list[str] = field(default_factory=list)
    """What a reader might expect and is not there; sentences."""
    files: int = 0
    signed_by: str | None = None
    """Id of the key."""


def write(connection: Connection, asked: Asked, target: IO[bytes], folder: Path) -> Made:
    """Write the bundle of a period.

    Args:
        connection: reading.
        asked: what is to stand in it.
        target: where its bytes go.
        folder: where temporary files of its size may stand.

    Raises:
        UsageError: the store knows nothing of the period; a checkpoint is none, or is of another store.
        IntegrityError: the store's ledger is not the one that a checkpoint was taken of.
    """
    kept = [(text, checkpoint.load(text)) for text in dict.fromkeys(asked.checkpoints)]
    options = Options(
        rules=asked.rules, checkpoints=tuple(one for _, one in kept), known=asked.known
    )
    measured = engine.read(connection, asked.period, options)
    to = measured.to
    segment = bundles.segment(connection, to.at, to.collection, to.evaluation)
    with contextlib.closing(Writer(folder)) as writer:
        making = _Making(connection, asked, measured, segment, writer)
        making.checkpoints(kept)
        making.ledger()
        making.rules()
        making.findings()
        making.populations()
        making.documents()
        if asked.reports is not None:
            making.made.left_out += asked.reports(engine.made(connection, measured), writer)
        making.manifest()
        writer.write(target)
        making.made.files = len(writer.files)
    return making.made


class _Making:
    """One bundle in the making."""

    def __init__(
        self,
        connection: Connection,
        asked: Asked,
        measured: Measured,
        segment: Segment,
        writer: Writer,
    ) -> None:
        self._connection = connection
        self._asked = asked
        self._measured = measured
        self._segment = segment
        self._writer = writer
        self._marks = periods.marks(connection)
        self._last = segment.end
        self._start, self._end = text_of(measured.start), text_of(measured.end)
        self._wanted: WantedDocuments = {}
        self._without: set[str] = set()
        """Documents that were seen before there were Merkle roots."""
        self.made = Made()

    def _want(self, kind: str, scope: str, uid: str, *digests: str | None) -> None:
        found = self._wanted.setdefault((kind, scope), set())
        found.update((uid, one) for one in digests if one is not None)

    # -- what the ledger holds --------------------------------------------------------------------------

    def checkpoints(self, kept: list[tuple[str, checkpoint.Checkpoint]]) -> None:
        """Those up to the end of the period, and the first one after it: the ledger goes on up to there."""
        later = [one.seq for _, one in kept if one.seq > self._segment.end]
        self._last = min(later, default=self._segment.end)
        for text, one in sorted(kept, key=lambda pair: (pair[1].seq, pair[0])):
            if one.store != self._marks.get("store_id"):
                msg = f"the checkpoint of {one.recorded_at} is of another store ({one.store[:12]})"
                raise UsageError(msg)
            if periods.ledger_hash(self._connection, one.seq) != one.head:
                msg = (
                    f"the ledger is not the one that the checkpoint of {one.recorded_at} was taken of. "
                    "Next: soc2-pac verify --checkpoint FILE"
                )
                raise IntegrityError(msg)
            if one.seq > self._last:
                said = (
                    f"the checkpoint of {one.recorded_at}: an earlier one holds all of the period"
                )
                self.made.left_out.append(said)
                continue
            number = sum(name.startswith(f"checkpoints/{one.seq}-") for name in self._writer.files)
            self._writer.add(f"checkpoints/{one.seq}-{number + 1}.json", [text.encode()])
            if (stamp := self._asked.stamps.get(text)) is not None:
                self._writer.add(f"timestamps/{one.seq}-{number + 1}.tsr", [stamp])

    def ledger(self) -> None:
        """The chain from the founding of the store on, and each row that it records."""
        found = bundles.entries(self._connection, self._last)
        self._writer.add_lines("ledger.jsonl", map(canonical, found))
        for kind in bundles.kinds(self._connection, self._segment.end):
            texts = bundles.rows(self._connection, kind, self._segment.end)
            self._writer.add_lines(
                ROWS.get(kind, f"rows/{kind}.jsonl"), (text.encode() for text in texts)
            )

    def rules(self) -> None:
        """The text of each version of a rule that was in force by then."""
        parts: set[str] = set()
        for name, text in bundles.sources(self._connection, self._segment.end):
            self._writer.add(f"rules/sources/{name}.json", [text.encode()])
            said = json.loads(text)
            if said.get("format") == 2:  # noqa: PLR2004 - format 1 holds the texts themselves
                parts.update(part for _, part in said["parts"])
        for name, text in bundles.parts(self._connection, parts):
            self._writer.add(f"rules/parts/{name}.txt", [text.encode()])

    def findings(self) -> None:
        """Every finding, and what findings rest on; the documents of deviations are wanted."""
        for one in self._measured.deviations:
            if one.uid is not None:
                name = self._measured.name(one.scope)
                digests = (one.digest_before, one.digest, one.digest_last, one.digest_fixed)
                self._want(one.kind, name, one.uid, *digests)
        failing: set[str] = set()

        def lines() -> Iterator[bytes]:
            for row in bundles.findings(self._connection, self._segment.evaluation):
                over = row["valid_to"] is not None and row["valid_to"] <= self._start
                if row["status"] == "fail" and row["basis"] and not over:
                    failing.add(row["basis"])
                yield canonical(row)

        self._writer.add_lines("findings.jsonl", lines())
        for name, file in (("basis", "basis.jsonl"), ("adjustment", "adjustments.jsonl")):
            found = bundles.texts(self._connection, name, self._segment.evaluation)
            self._writer.add_lines(file, self._noted(found, failing))

    def _noted(self, texts: Iterable[str], failing: set[str]) -> Iterator[bytes]:
        """Texts as they pass; the documents on which failures rest are wanted."""
        for text in texts:
            raw = text.encode("utf-8", "surrogatepass")
            if failing and digest(raw) in failing:
                for kind, scope, uid, document in json.loads(text)["documents"]:
                    self._want(kind, scope, uid, document)
            yield raw

    # -- events -----------------------------------------------------------------------------------------

    def populations(self) -> None:
        """Each kind of events: all that the last complete collection saw, and those of later ones."""
        held = bundles.populations(self._connection, self._segment.collection)
        for kind, scopes in sorted(held.items()):
            looks = {
                scope: bundles.collections(self._connection, kind, scope, self._segment.collection)
                for scope in scopes
            }
            last = {
                scope: max((one.id for one in found if one.complete and one.provable), default=None)
                for scope, found in looks.items()
            }
            events = list(self._events(kind, scopes, last))
            pool = [
                Event(one["at"] or "", one["scope"], one["uid"], one["name"], one["digest"], "")
                for one in events
                if one["in_period"] and one["closed_by"] is None
            ]
            self._writer.add_lines(f"populations/{kind}.events.jsonl", map(canonical, events))
            said = {
                "kind": kind,
                "instant": scopes,
                "period": [self._start, self._end],
                "events": len(pool),
                "scopes": [{"scope": scope, "collection": last[scope]} for scope in sorted(last)],
                "sample": self._sample(kind, pool),
            }
            self._writer.add(f"populations/{kind}.json", [canonical(said) + b"\n"])

    def _events(
        self, kind: str, scopes: Mapping[str, str], last: Mapping[str, int | None]
    ) -> Iterator[dict[str, Any]]:
        waiting: list[Observed] = []
        for one in bundles.observed(self._connection, self._segment.collection, kind):
            ended = one.closed_by
            if ended is not None and ended <= (last.get(one.scope) or ended):
                continue
            waiting.append(one)
            if len(waiting) == 1000:  # noqa: PLR2004 - bodies that are read at once
                yield from self._dated(waiting, scopes)
                waiting.clear()
        yield from self._dated(waiting, scopes)

    def _dated(self, found: list[Observed], scopes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        texts = dict(bundles.bodies(self._connection, {one.digest for one in found}))
        for one in found:
            text = texts.get(one.digest)
            at = instant_of(json.loads(text), scopes[one.scope].split(".")) if text else None
            yield {
                "scope": one.scope,
                "uid": one.uid,
                "name": one.name,
                "digest": one.digest,
                "at": at,
                "in_period": at is not None and self._start <= at < self._end,
                "opened_by": one.opened_by,
                "closed_by": one.closed_by,
            }

    def _sample(self, kind: str, pool: list[Event]) -> dict[str, Any] | None:
        if self._asked.seed is None or not pool:
            return None
        size = self._asked.size or suggested(len(pool)).size
        population = Population({"digest": ""}, pool, (), {})
        picked = drawn(population, size, self._asked.seed).events
        for one in picked:
            self._want(kind, one.scope, one.uid, one.digest)
        self.made.samples[kind] = len(picked)
        return {
            "algorithm": ALGORITHM,
            "seed": self._asked.seed,
            "size": size,
            "events": [[one.scope, one.uid, one.digest] for one in picked],
        }

    # -- documents --------------------------------------------------------------------------------------

    def documents(self) -> None:
        """The bodies that are wanted, each with the proof that a collection saw it."""
        u = self._segment.collection
        cells = sorted(self._wanted)
        if self._asked.all_bodies:
            cells = bundles.cells(self._connection, u)
            found = bundles.observed(self._connection, u)
            self._writer.add_lines("observations.jsonl", (canonical(o._asdict()) for o in found))
        written: set[str] = set()
        gone: set[str] = set()
        for kind, scope in cells:
            rows = list(bundles.observed(self._connection, u, kind, scope))
            wanted = [one for one in rows if self._is_wanted(one)]
            if not wanted:
                continue
            looks = bundles.collections(self._connection, kind, scope, u)
            proofs = prove(self._connection, rows, wanted, looks)
            for number, leaves in proofs.leaves.items():
                proof = {"collection": number, "kind": kind, "scope": scope, "leaves": leaves}
                self._writer.add(f"proofs/{number}.json", [canonical(proof) + b"\n"])
                self.made.proved += sum(len(leaf["documents"]) for leaf in leaves)
            self._without |= proofs.without
            for name, text in bundles.bodies(
                self._connection, {one.digest for one in wanted} - written
            ):
                written.add(name)
                if text:
                    raw = text.encode("utf-8", "surrogatepass")
                    self._writer.add(f"evidence/{name}.json", [raw])
                else:
                    gone.add(name)
        self.made.documents = len(written - gone)
        if gone:
            said = f"{len(gone)} documents, which were archived or erased; their digests stay"
            self.made.left_out.append(said)
        self._without &= written - gone

    def _is_wanted(self, one: Observed) -> bool:
        if (one.uid, one.digest) in self._wanted.get((one.kind, one.scope), ()):
            return True
        return (
            self._asked.all_bodies
            and one.valid_from < self._end
            and (one.valid_to is None or one.valid_to > self._start)
        )

    # -- the whole --------------------------------------------------------------------------------------

    def manifest(self) -> None:
        """The verifier, the page that explains it, the manifest, and the signature over that."""
        package = files("soc2_pac.audit")
        verifier = package.joinpath("bundle_check.py").read_bytes()
        self._writer.add(VERIFIER, [verifier])
        self._writer.add("README.txt", [package.joinpath("bundle_readme.txt").read_bytes()])
        key = self._asked.key
        public = checkpoint.public_key_of(key) if key is not None else None
        said = {
            "format": FORMAT,
            "store": self._marks.get("store_id"),
            "simulated": "simulated" in self._marks,
            "period": {"from": self._start, "to": self._end},
            "asked": {
                "to": text_of(self._measured.asked_end),
                "all_bodies": self._asked.all_bodies,
                "seed": self._asked.seed,
                "size": self._asked.size,
            },
            "tool_version": self._asked.tool_version,
            "ledger": {"end": self._segment.end, "at": self._segment.at, "last": self._last},
            "signed_by": public,
            "left_out": self.made.left_out,
            "without_proof": sorted(self._without),
            "files": {
                name: {"sha256": stored.sha256, "size": stored.size}
                for name, stored in self._writer.files.items()
            },
        }
        manifest = json.dumps(said, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        self._writer.add("manifest.json", [manifest])
        if key is not None:
            signature = checkpoint.sign(manifest, key)
            self.made.signed_by = str(signature["key_id"])
            self._writer.add("signature.json", [canonical(signature) + b"\n"])
