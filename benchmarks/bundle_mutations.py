"""1,000 changes of a bundle of evidence, all of which must be caught, and 1,000 untouched bundles, none refused.

The changes: bits of every region of the file, cuts, bytes behind the end, entries that are swapped, dropped, repeated
and added, contents with the manifest made anew (and signed by another key), rows, findings and documents of an
unsigned bundle, an earlier checkpoint, and the ledger of another store.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import random
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))
from store_and_evaluation import DUE, T0, rules

from soc2_pac.audit import bundle
from soc2_pac.audit.bundle_check import Bundle, central_header, end_record, local_header
from soc2_pac.audit.bundle_zip import of_files
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.canonical import canonical, digest
from soc2_pac.evaluate.engine import evaluate
from soc2_pac.merkle import collection_root
from soc2_pac.model import CollectionStatus, Scope
from soc2_pac.records import Look, Population, Record
from soc2_pac.store import Store, checkpoint, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COUNT = 1000
CREATED = "2025-06-01T00:00:00Z"


class Mutation(NamedTuple):
    """A bundle that was tampered with."""

    what: str
    content: bytes
    trusted: tuple[str, ...]
    """The keys of which one must have signed; empty for an unsigned bundle."""


def files_of(content: bytes) -> dict[str, bytes]:
    """Name -> bytes, in order."""
    found = Bundle(content)
    found.check()
    return {name: found.read(name) for name in found.files}


def again(files: dict[str, bytes], key: str | None = None) -> bytes:
    """A bundle of these files with a new manifest, signed by a key, or by none."""
    files = {name: text for name, text in files.items() if name != "signature.json"}
    said = json.loads(files.pop("manifest.json"))
    said["signed_by"] = checkpoint.public_key_of(key) if key else None
    said["files"] = {
        name: {"sha256": hashlib.sha256(text).hexdigest(), "size": len(text)}
        for name, text in files.items()
    }
    files["manifest.json"] = canonical(said) + b"\n"
    if key:
        files["signature.json"] = canonical(checkpoint.sign(files["manifest.json"], key)) + b"\n"
    return of_files(files)


class Mutations:
    """Ways to tamper with a bundle.

    Args:
        content: a signed bundle.
        trusted: the public key that signed it.
        other: a bundle of another store.
        old: a checkpoint of a store that was made anew since.
        key: somebody else's private key.
    """

    def __init__(self, content: bytes, trusted: str, other: bytes, old: str, key: str) -> None:
        self._content = content
        self._trusted = (trusted,)
        self._files = files_of(content)
        self._other = files_of(other)
        self._old = old
        self._key = key
        self._regions = self._found()
        self._ways: tuple[Callable[[random.Random], Mutation], ...] = (
            self._bit, self._bit, self._bit, self._cut, self._longer, self._entries, self._edited, self._resigned,
            self._unsigned, self._unsigned, self._unsigned, self._replaced,
        )  # fmt: skip

    def made(self, count: int) -> Iterator[Mutation]:
        """So many of them, the same ones each time."""
        for number in range(count):
            draw = random.Random(number)  # noqa: S311 - a repeatable draw
            yield self._ways[number % len(self._ways)](draw)

    def _found(self) -> dict[str, list[tuple[int, int]]]:
        """Region of the file -> stretches of it."""
        regions: dict[str, list[tuple[int, int]]] = {"local header": [], "central directory": []}
        place, directory = 0, 0
        for name, text in self._files.items():
            header = len(local_header(name.encode(), len(text), 0))
            regions["local header"].append((place, place + header))
            regions[name.partition("/")[0]] = [
                *regions.get(name.partition("/")[0], []), (place + header, place + header + len(text)),
            ]  # fmt: skip
            place += header + len(text)
            directory += len(central_header(name.encode(), len(text), 0, 0))
        regions["central directory"].append((place, place + directory))
        regions["end record"] = [(place + directory, len(self._content))]
        return regions

    def _bit(self, draw: random.Random) -> Mutation:
        region = draw.choice(sorted(self._regions))
        first, last = draw.choice(
            [one for one in self._regions[region] if one[1] > one[0]] or [(0, 1)]
        )
        at, bit = draw.randrange(first, last), draw.randrange(8)
        changed = bytearray(self._content)
        changed[at] ^= 1 << bit
        return Mutation(f"bit {bit} of byte {at} ({region})", bytes(changed), ())

    def _cut(self, draw: random.Random) -> Mutation:
        at = draw.randrange(len(self._content))
        return Mutation(f"cut at {at}", self._content[:at], ())

    def _longer(self, draw: random.Random) -> Mutation:
        more = draw.randbytes(draw.randrange(1, 40))
        if draw.random() < 0.5:  # noqa: PLR2004 - as often as not
            return Mutation("bytes behind the end", self._content + more, ())
        return Mutation("bytes before the beginning", more + self._content, ())

    def _entries(self, draw: random.Random) -> Mutation:
        listed = list(self._files.items())
        way = draw.choice(("swapped", "dropped", "repeated", "added", "renamed"))
        at = draw.randrange(len(listed) - 1)
        name = listed[at][0]
        if way == "swapped":
            listed[at], listed[at + 1] = listed[at + 1], listed[at]
        elif way == "dropped":
            listed.pop(at)
        elif way == "repeated":
            listed.insert(at, listed[at])
        elif way == "added":
            listed = sorted([*listed, (f"evidence/{draw.randbytes(32).hex()}.json", b"{}")])
        else:
            listed[at] = (f"{name}x", listed[at][1])
            listed.sort()
        return Mutation(f"{way}: {name}", _zipped(listed), ())

    def _changed(self, draw: random.Random, name: str) -> dict[str, bytes]:
        text = bytearray(self._files[name]) or bytearray(b"\n")
        text[draw.randrange(len(text))] ^= 1 << draw.randrange(7)
        return {**self._files, name: bytes(text)}

    def _edited(self, draw: random.Random) -> Mutation:
        """Content and manifest, with the signature as it was."""
        name = draw.choice(
            [one for one in self._files if one not in ("manifest.json", "signature.json")]
        )
        files = self._changed(draw, name)
        said = json.loads(files["manifest.json"])
        text = files[name]
        said["files"][name] = {"sha256": hashlib.sha256(text).hexdigest(), "size": len(text)}
        files["manifest.json"] = canonical(said) + b"\n"
        return Mutation(f"edited with the manifest: {name}", of_files(files), self._trusted)

    def _resigned(self, draw: random.Random) -> Mutation:
        name = draw.choice(sorted(self._files.keys() - {"manifest.json", "signature.json"}))
        key = self._key if draw.random() < 0.5 else None  # noqa: PLR2004 - as often as not
        how = "signed by another key" if key else "without a signature"
        changed = self._changed(draw, name)
        return Mutation(f"edited, {how}: {name}", again(changed, key), self._trusted)

    def _unsigned(self, draw: random.Random) -> Mutation:
        """What the ledger holds, in a bundle that nobody signed."""
        files = dict(self._files)
        what = draw.choice(
            ("findings", "row", "entry", "document", "rule", "proof", "event", "checkpoint")
        )
        if what == "findings":
            name = "findings.jsonl"
        elif what == "row":
            name = draw.choice(
                [one for one in files if one.startswith(("rows/", "collections", "rules/versions"))]
            )
        elif what == "entry":
            name = "ledger.jsonl"
        elif what == "event":
            name = draw.choice([one for one in files if one.endswith(".events.jsonl")])
        else:
            start = {
                "document": "evidence/",
                "rule": "rules/",
                "proof": "proofs/",
                "checkpoint": "checkpoints/",
            }[what]
            name = draw.choice([one for one in files if one.startswith(start)])
        if name.endswith(".jsonl"):
            files[name] = _other_line(draw, files[name], event=what == "event")
        elif what == "document" and draw.random() < 0.5:  # noqa: PLR2004 - as often as not
            text = files.pop(name) + b" "
            files[f"evidence/{hashlib.sha256(text).hexdigest()}.json"] = text
        else:
            files = self._changed(draw, name)
            if what == "checkpoint":  # another head, signed anew by somebody
                files[name] = _rewritten(self._files[name], self._key)
        return Mutation(f"unsigned, {what}: {name}", again(files), ())

    def _replaced(self, draw: random.Random) -> Mutation:
        files = dict(self._files)
        names = ("ledger.jsonl", "collections.jsonl", "findings.jsonl", "rows/evaluation.jsonl")
        what = draw.choice((*names, "old checkpoint"))
        if what == "old checkpoint":
            name = next(one for one in files if one.startswith("checkpoints/"))
            files[name] = self._old.encode()
        else:
            files[what] = self._other[what]
        return Mutation(f"of another store: {what}", again(files), ())


def _other_line(draw: random.Random, text: bytes, *, event: bool) -> bytes:
    lines = text.splitlines(keepends=True)
    at = draw.randrange(len(lines))
    way = draw.choice(("dropped", "repeated", "changed"))
    if way == "dropped":
        lines.pop(at)
    elif way == "repeated":
        lines.insert(at, lines[at])
    else:
        said = json.loads(lines[at])
        # Of an event only what identifies it is proved: names and instants are a matter of its document.
        keys = ["uid", "digest"] if event else sorted(said)
        key = draw.choice(keys)
        value: Any = said[key]
        if key == "digest" or (isinstance(value, str) and len(value) == 64):  # noqa: PLR2004 - a digest
            said[key] = hashlib.sha256(str(value).encode()).hexdigest()
        else:
            said[key] = value + 1 if isinstance(value, int) else f"{value}x"
        lines[at] = canonical(said) + b"\n"
    return b"".join(lines)


def _rewritten(text: bytes, key: str) -> bytes:
    said = json.loads(text)
    taken = checkpoint.Checkpoint(
        said["store"], said["seq"], "ab" * 32, said["count"], said["recorded_at"], said["ends"]
    )
    return checkpoint.dump(taken, key).encode()


def _zipped(listed: list[tuple[str, bytes]]) -> bytes:
    """A zip file of entries as they are given: in any order, twice the same."""
    import binascii  # noqa: PLC0415

    parts, directory, place = [], [], 0
    for name, text in listed:
        said = (name.encode(), len(text), binascii.crc32(text))
        parts += [local_header(*said), text]
        directory.append(central_header(*said, place))
        place += len(parts[-2]) + len(text)
    lines = b"".join(directory)
    return b"".join(parts) + lines + end_record(len(listed), len(lines), place)


# -- stores -----------------------------------------------------------------------------------------


def _look(
    kind: str, documents: list[dict[str, Any]], day: int, population: Population | None = None
) -> Look:
    now = T0 + timedelta(days=day)
    records = []
    for one in documents:
        body = canonical(one)
        records.append(Record(f"{kind}/{one['name']}", str(one["name"]), digest(body), body))
    root = collection_root((record.uid, record.digest) for record in records)
    return Look(
        "bench", Scope("bench", "one"), kind, CollectionStatus.COMPLETE, "", None, 1, 1, 0, root, ("bench:List",),
        {"bench:List": 1}, now, now, "1", records, population,
    )  # fmt: skip


def build(store: Store, days: int = 6, size: int = 8) -> None:
    """A small store: accounts that change, and events."""
    active = rules(2)
    for day in range(days):
        now = T0 + timedelta(days=day)
        accounts = [
            {
                "name": f"a{n}",
                "mfa": (n + day) % 4 != 0,
                "created": CREATED,
                "groups": [],
                "version": day // 2,
            }
            for n in range(size)
        ]
        events = [
            {"name": f"e{n}", "at": f"2026-01-{1 + n % 28:02}T00:00:00Z"}
            for n in range(day * 3 + 2)
        ]
        with store.run("bench", config=None, tool_version="bench") as run:
            store.record(run, _look("bench.account", accounts, day))
            said = Population("at", None, '{"query":"all"}', len(events))
            store.record(run, _look("bench.event", events, day, said))
            with store.database.writing() as connection:
                evaluate(connection, active, run_id=run, now=now, due=DUE, tool_version="bench")


def bundled(
    store: Store, key: str | None, kept: tuple[str, ...], days: int = 6, seed: str = "seed", *, all_bodies: bool = False
) -> bytes:  # fmt: skip
    """A bundle of the first days of a store."""
    period = AuditPeriod(T0, T0 + timedelta(days=days))
    asked = bundle.Asked(
        period=period, tool_version="bench", rules={item.rule.id: item.rule for item in rules(2)},
        checkpoints=kept, key=key, seed=seed, size=3, all_bodies=all_bodies,
    )  # fmt: skip
    target = io.BytesIO()
    with store.reading() as connection:
        bundle.write(connection, asked, target, Path(tempfile.gettempdir()))
    return target.getvalue()


@contextlib.contextmanager
def stores() -> Iterator[tuple[Store, Store]]:
    """Two small ones."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        found = [
            stack.enter_context(open_store(f"sqlite:///{folder}/{name}.db", create=True))
            for name in ("one", "two")
        ]
        build(found[0])
        build(found[1], size=9)
        yield found[0], found[1]


def caught(mutation: Mutation) -> bool:
    """Whether the verifier finds something."""
    return bool(Bundle(mutation.content, mutation.trusted).check().problems)


def main() -> int:
    """Measure both."""
    key, public = checkpoint.generate_key()
    strange, _ = checkpoint.generate_key()
    with stores() as (store, other):
        kept = (checkpoint.dump(store.checkpoint(), key),)
        old = checkpoint.dump(other.checkpoint(), key)
        content = bundled(store, key, kept)
        mutations = Mutations(content, public, bundled(other, key, ()), old, strange)
        began = time.perf_counter()
        missed = [one.what for one in mutations.made(COUNT) if not caught(one)]
        spent = time.perf_counter() - began
        print(f"{COUNT - len(missed):,} of {COUNT:,} changes caught, {spent:.1f} s")
        for what in missed:
            print(f"MISSED: {what}")
        began = time.perf_counter()
        refused = 0
        for number in range(COUNT):
            signs, known = key if number % 2 else None, kept if number % 3 else ()
            days, every = 2 + number % 5, number % 5 == 0
            made = bundled(store, signs, known, days, str(number), all_bodies=every)
            refused += bool(Bundle(made, (public,) if number % 2 else ()).check().problems)
        spent = time.perf_counter() - began
        print(f"{refused:,} of {COUNT:,} untouched bundles refused, {spent:.1f} s with making them")
    return 1 if missed or refused else 0


if __name__ == "__main__":
    sys.exit(main())
