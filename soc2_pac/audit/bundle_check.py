"""Check a bundle of evidence that soc2-pac made: ``python3 verify.py evidence.zip [--public-key KEY]``.

It needs Python 3.8 or newer and nothing else: no package, no network, no trust in whoever made the bundle. Every byte
of the file is held against what it must be. Exit code 0: everything is as it was recorded; 4: something is not.

In a bundle this file is called ``verify.py``; ``soc2-pac verify`` runs the same one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import mmap
import re
import struct
import sys

FORMAT = "soc2-pac bundle 1"
GENESIS = "0" * 64
BLOCK = 10_000
MAXIMUM = 0xFFFFFFFF
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
ROWS = {"collection": "collections.jsonl", "rule_version": "rules/versions.jsonl"}
"""Kind of ledger entry -> the file of its rows; other kinds: ``rows/KIND.jsonl``."""
REF = {"config": "digest", "attachment": "digest", "population": "collection_id"}
"""Kind -> the column that its entries name; other kinds: ``id``."""
HASHED = (
    "id fingerprint rule_id rule_version_id scope_id resource_id status message digest until failing_since sla_due "
    "valid_from basis adjustment"
).split()
WITHOUT = {1: 2, 2: 1}
"""Format of an evaluation -> how many of the last columns of HASHED its root leaves out."""


# -- Ed25519, by RFC 8032, 5.1 -------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
NEUTRAL = (0, 1, 1, 0)


def added(a, b):
    """The sum of two points, in extended coordinates."""
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, d - c, d + c, right + left
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    """A multiple of a point."""
    result = NEUTRAL
    while number:
        if number & 1:
            result = added(result, point)
        point, number = added(point, point), number >> 1
    return result


def encoded(point):
    """The 32 bytes of a point."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decoded(raw):
    """The point of 32 bytes; None where they are not the one encoding of a point."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if y >= P or (square == 0 and sign):
        return None
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(public, message, signature):
    """Whether a signature (64 bytes) of a message is that of a public key (32 bytes); strict: one form each."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, first = decoded(public), decoded(signature[:32])
    second = int.from_bytes(signature[32:], "little")
    if key is None or first is None or second >= ORDER:
        return False
    if encoded(NEUTRAL) in (encoded(times(8, key)), encoded(times(8, first))):
        return False  # of small order: such a key signs anything
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    minus = (P - key[0], key[1], 1, P - key[3])
    factor = int.from_bytes(digest, "little") % ORDER
    return encoded(added(times(second, BASE), times(factor, minus))) == signature[:32]


# -- the one form of the zip file: stored, sorted, one date, nothing optional ---------------------------


def local_header(name, size, crc):
    """What stands before the bytes of a file."""
    big = size >= MAXIMUM
    extra = struct.pack("<HHQQ", 1, 16, size, size) if big else b""
    shown, need = (MAXIMUM, 45) if big else (size, 20)
    fixed = (b"PK\3\4", need, 0, 0, 0, 0x21, crc, shown, shown, len(name), len(extra))
    return struct.pack("<4sHHHHHIIIHH", *fixed) + name + extra


def central_header(name, size, crc, offset):
    """Its line in the directory at the end."""
    large = [size, size] if size >= MAXIMUM else []
    large += [offset] if offset >= MAXIMUM else []
    extra = struct.pack("<HH%dQ" % len(large), 1, 8 * len(large), *large) if large else b""
    need, shown, at = 45 if large else 20, min(size, MAXIMUM), min(offset, MAXIMUM)
    sizes = (crc, shown, shown, len(name), len(extra), 0, 0, 0, 0o100644 << 16, at)
    return struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 0x314, need, 0, 0, 0, 0x21, *sizes) + name + extra


def end_record(count, size, offset):
    """The end of the file: so many lines of the directory, its size, and where it begins."""
    first = b""
    if count >= 0xFFFF or size >= MAXIMUM or offset >= MAXIMUM:
        first = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 0x32D, 45, 0, 0, count, count, size, offset)
        first += struct.pack("<4sIQI", b"PK\6\7", 0, offset + size, 1)
    shown = min(count, 0xFFFF)
    ends = (0, 0, shown, shown, min(size, MAXIMUM), min(offset, MAXIMUM), 0)
    return first + struct.pack("<4sHHHHIIH", b"PK\5\6", *ends)


# -- the checks -----------------------------------------------------------------------------------------


class Wrong(Exception):
    """The rest cannot be checked."""


def sha256(data):
    """Hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def compact(value, **also):
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), **also).encode("utf-8", "surrogatepass")


def key_of(text):
    """Where a uid stands in the tree of a collection."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def step(key, depth):
    """Four bits of a key: which of sixteen branches."""
    return key[depth >> 1] & 15 if depth & 1 else key[depth >> 1] >> 4


def node(entries, depth=0):
    """The digest over sorted entries (64 bytes each) that agree in their first steps."""
    if len(entries) <= 32:
        return hashlib.sha256(b"\0" + b"".join(entries)).digest()
    parts = [[] for _ in range(16)]
    for entry in entries:
        parts[step(entry, depth)].append(entry)
    return hashlib.sha256(b"\1" + b"".join(node(part, depth + 1) for part in parts)).digest()


def root_of(pairs):
    """The root of a collection that saw these (uid, digest)."""
    return node(sorted(key_of(uid) + bytes.fromhex(digest) for uid, digest in pairs)).hex()


class Bundle:
    """What was checked, what was found, and what is not proved."""

    def __init__(self, data, trusted=()):
        """``data``: bytes or a memory map; ``trusted``: public keys (base64) of which one must have signed."""
        self.data, self.trusted = data, tuple(trusted)
        self.problems, self.proved, self.unproved = [], [], []
        self.files, self.manifest, self.entries, self.rows = {}, {}, {}, {}
        self.referred = set()

    def check(self):
        """Do all checks; returns itself."""
        try:
            self._zip()
            self._manifest()
        except Exception as error:
            return self._found("the file", error)
        for what in ("_ledger", "_rows", "_checkpoints", "_signature", "_rules", "_findings", "_proofs", "_populations"):
            try:
                getattr(self, what)()
            except Exception as error:
                return self._found(what[1:], error)
        self._evidence()
        return self

    def _found(self, where, error):
        said = error if isinstance(error, Wrong) else "cannot be read (%s: %s)" % (type(error).__name__, error)
        self.problems.append("%s: %s" % (where, said))
        return self

    def _hold(self, right, problem):
        if not right:
            self.problems.append(problem)

    def _zip(self):
        data, place, directory, last = self.data, 0, [], ""
        while data[place : place + 4] == b"PK\3\4":
            size, _, length, more = struct.unpack("<IIHH", data[place + 18 : place + 30])
            begin = place + 30 + length + more
            name = data[place + 30 : place + 30 + length].decode("ascii")
            if size == MAXIMUM:
                size = struct.unpack("<Q", data[begin - 16 : begin - 8])[0]
            if begin + size > len(data) or not NAME.fullmatch(name) or name <= last:
                raise Wrong("what follows %s is cut, or no file of a bundle" % (last or "the beginning"))
            crc, digest = 0, hashlib.sha256()
            for at in range(begin, begin + size, 1 << 20):
                part = data[at : min(at + (1 << 20), begin + size)]
                crc = binascii.crc32(part, crc)
                digest.update(part)
            if data[place:begin] != local_header(name.encode(), size, crc):
                raise Wrong("%s is damaged, or its header is not as it must be" % name)
            self.files[name] = (begin, size, digest.hexdigest())
            directory.append(central_header(name.encode(), size, crc, place))
            place, last = begin + size, name
        lines = b"".join(directory)
        if data[place:] != lines + end_record(len(directory), len(lines), place):
            raise Wrong("the directory at the end is not as it must be")

    def _manifest(self):
        text = self._read("manifest.json")
        self.manifest = json.loads(text.decode())
        if self.manifest["format"] != FORMAT:
            raise Wrong("its format is %r; this program reads %r" % (self.manifest["format"], FORMAT))
        listed = {name: (said["size"], said["sha256"]) for name, said in self.manifest["files"].items()}
        there = {name: (size, digest) for name, (_, size, digest) in self.files.items()}
        signature = ["signature.json"] if self.manifest["signed_by"] else []
        for name in ("manifest.json", *signature):
            there.pop(name)
        for name in sorted(listed.keys() | there.keys()):
            self._hold(listed.get(name) == there.get(name), "%s is not as the manifest says" % name)
        self._hold(compact(self.manifest, sort_keys=True) + b"\n" == text, "manifest.json was rewritten")
        self.proved.append("%d files are byte for byte those that the manifest lists, and nothing else is there" % len(there))

    def _read(self, name):
        begin, size, _ = self.files[name]
        return self.data[begin : begin + size]

    def _lines(self, name):
        """Each line of a file, without its end."""
        begin, size, _ = self.files[name]
        end = begin + size
        while begin < end:
            stop = self.data.find(b"\n", begin, end)
            if stop < 0:
                raise Wrong("%s ends within a line" % name)
            yield self.data[begin:stop]
            begin = stop + 1

    def _ledger(self):
        previous, seq, until = GENESIS, 0, self.manifest["ledger"]["end"]
        self.heads = {}
        for line in self._lines("ledger.jsonl"):
            one, seq = json.loads(line), seq + 1
            parts = [one[name] for name in ("seq", "kind", "ref", "body_digest", "recorded_at", "prev")]
            parts += [one["format"]] if one["format"] != 1 else []
            right = one["seq"] == seq and one["prev"] == previous and sha256(compact(parts)) == one["hash"]
            self._hold(right, "ledger entry %d was edited, or does not follow from the one before" % seq)
            if seq == 1:
                founded = one["kind"] == "store" and one["ref"] == self.manifest["store"]
                self._hold(founded, "the ledger is that of another store")
            elif seq <= until:
                kept = self.entries.setdefault(one["kind"], {}).setdefault(one["ref"], one)
                self._hold(kept is one, "ledger entry %d records something again" % seq)
            previous = self.heads[seq] = one["hash"]
        self._hold(seq == self.manifest["ledger"]["last"] >= until > 0, "ledger entries are missing, or too many")
        self.proved.append("%d entries of the ledger form one chain from the founding of the store on" % seq)

    def _rows(self):
        count = 0
        for kind, entries in sorted(self.entries.items()):
            found = self.rows[kind] = {}
            for line in self._lines(ROWS.get(kind, "rows/%s.jsonl" % kind)):
                row = json.loads(line)
                ref = str(row[REF.get(kind, "id")])
                entry = entries.get(ref, {})
                self._hold(entry.get("body_digest") == sha256(line), "%s %s is not as the ledger recorded it" % (kind, ref))
                found[ref] = row
            lost = sorted(entries.keys() - found.keys())
            self._hold(not lost, "%s: recorded, and missing: %s" % (kind, ", ".join(lost[:5])))
            count += len(found)
        known = {ROWS.get(kind, "rows/%s.jsonl" % kind) for kind in self.entries}
        stray = [name for name in self.files if name.startswith("rows/") and name not in known]
        self._hold(not stray, "no entry of the ledger records what is in %s" % ", ".join(stray))
        self.proved.append("%d recorded rows (collections, evaluations, acts) match their entries; none is missing" % count)

    def _checkpoints(self):
        until, reach = self.manifest["ledger"]["end"], 0
        for name in sorted(name for name in self.files if name.startswith("checkpoints/")):
            said = json.loads(self._read(name).decode())
            signature = said.pop("signature", None)
            right = said["store"] == self.manifest["store"] and self.heads.get(said["seq"]) == said["head"]
            self._hold(right and said["seq"] == said["count"], "%s is of another ledger" % name)
            if signature is None:
                self.unproved.append("the checkpoint of %s is not signed: it is as good as where it was kept" % said["recorded_at"])
                continue
            self._signed(name, signature, json.dumps(said, sort_keys=True).encode(), said["recorded_at"])
            reach = max(reach, min(said["seq"], until))
        if reach:
            self.proved.append("a signed checkpoint holds the first %d of %d entries: tamper-evident from it on" % (reach, until))
        else:
            self.unproved.append("no signed checkpoint is in the bundle: who holds the store could have rewritten all of it before")

    def _signed(self, name, signature, message, at):
        public = signature["public_key"]
        raw = base64.b64decode(public, validate=True)
        right = signature["algorithm"] == "ed25519" and signature["key_id"] == sha256(raw)[:16]
        right = right and signed(raw, message, base64.b64decode(signature["value"], validate=True))
        self._hold(right, "%s: the signature does not match" % name)
        self._hold(not self.trusted or public in self.trusted, "%s is signed by a key that you did not name: %s" % (name, public))
        events = [one for one in self.rows.get("signing_key", {}).values() if one["public_key"] == public]
        ended = [one for one in events if one["action"] == "revoke" and one["recorded_at"] <= at]
        known = not self.rows.get("signing_key") or any(one["action"] == "add" for one in events)
        self._hold(known and not ended, "%s is signed by a key that the store did not list, or had revoked" % name)

    def _signature(self):
        who = self.manifest["signed_by"]
        if not who:
            self._hold(not self.trusted, "the bundle is not signed")
            self.unproved.append(
                "this bundle is NOT SIGNED: reports, populations and this program are what whoever handed it over "
                "put in; evidence, findings and rows are held by the ledger alone"
            )
            return
        signature = json.loads(self._read("signature.json").decode())
        end = self.manifest["ledger"]["at"]
        self._signed("signature.json", signature, self._read("manifest.json"), end)
        self._hold(signature["public_key"] == who, "signature.json: another key than the manifest says")
        self._hold(compact(signature, sort_keys=True) + b"\n" == self._read("signature.json"), "signature.json was rewritten")
        named = "which you named" if self.trusted else "by its own word: compare the key with what its owner gave you"
        self.proved.append("the whole bundle is signed by the key %s (%s)" % (who, named))

    def _rules(self):
        for row in self.rows.get("rule_version", {}).values():
            text = self._read("rules/sources/%s.json" % row["source_digest"])
            said, digest = json.loads(text.decode()), hashlib.sha256()
            if said.get("format") == 2:
                digest.update(text)
                for _, part in said["parts"]:
                    right = self.files.get("rules/parts/%s.txt" % part, "  ?")[2] == part
                    self._hold(right, "a part of the rule %s is missing or was edited: %s" % (row["rule"], part))
            else:
                for name, module in sorted(said.items()):
                    digest.update(("%s\0%s\0" % (name, module)).encode())
            self._hold(digest.hexdigest() == row["source_digest"], "the text of the rule %s was edited" % row["rule"])
        self.proved.append("%d versions of rules have the text that judged" % len(self.rows.get("rule_version", {})))

    def _contents(self, name):
        """The digests of the lines of a file that is kept by content."""
        return {sha256(line) for line in self._lines(name)} if name in self.files else set()

    def _findings(self):
        kept = {name: self._contents(name + ".jsonl") for name in ("basis", "adjustments")}
        evaluations, versions = self.rows.get("evaluation", {}), self.rows.get("rule_version", {})
        sums = {number: (hashlib.sha256(), []) for number in evaluations}
        opened, closed = dict.fromkeys(sums, 0), {number: [] for number in sums}
        last = 0
        for line in self._lines("findings.jsonl"):
            one = json.loads(line)
            by = str(one["opened_by"])
            form = self.entries["evaluation"][by]["format"]
            block, blocks = sums[by]
            if form >= 3 and opened[by] and opened[by] % BLOCK == 0:
                blocks.append(block.hexdigest())
                block = hashlib.sha256()
                sums[by] = (block, blocks)
            columns = HASHED[: len(HASHED) - WITHOUT.get(form, 0)]
            block.update(compact([one[name] for name in columns], ensure_ascii=False))
            opened[by] += 1
            if one["closed_by"] is not None:
                closed[str(one["closed_by"])].append((one["id"], one["valid_to"]))
            named = "%s\0%s\0%s" % (one["rule"], one["scope"], one["resource"] or "")
            right = key_of(named).hex()[:20] == one["fingerprint"] and one["id"] > last
            right = right and versions[str(one["rule_version_id"])]["rule"] == one["rule"]
            right = right and (one["closed_by"] is not None or one["valid_to"] is None)
            right = right and one["basis"] in kept["basis"] | {None} if one["basis"] else right
            right = right and one["adjustment"] in kept["adjustments"] if one["adjustment"] else right
            self._hold(right, "finding %d was edited, or what it rests on is missing" % one["id"])
            last = one["id"]
            self.referred.add(one["digest"])
        for number, row in evaluations.items():
            block, blocks = sums[number]
            ended = [list(pair) for pair in sorted(closed[number])]
            if self.entries["evaluation"][number]["format"] < 3 or max(opened[number], len(ended)) <= BLOCK:
                rows = hashlib.sha256(compact(ended, ensure_ascii=False)).digest()
                root = sha256(block.digest() + rows)
            else:
                rows = [compact(ended[n : n + BLOCK], ensure_ascii=False) for n in range(0, len(ended), BLOCK)]
                blocks = blocks + ([block.hexdigest()] if opened[number] else [])
                root = "%s/%s" % (".".join(blocks), ".".join(map(sha256, rows)))
            right = (opened[number], len(ended), root) == (row["opened"], row["closed"], row["changes_root"])
            self._hold(right, "findings of evaluation %s were edited, added or left out" % number)
        self.proved.append("%d findings are all that %d evaluations made, as they made them" % (sum(opened.values()), len(sums)))

    def _proofs(self):
        count = 0
        for name in sorted(name for name in self.files if name.startswith("proofs/")):
            said = json.loads(self._read(name).decode())
            row = self.rows["collection"][str(said["collection"])]
            right = (said["kind"], said["scope"]) == (row["kind"], row["scope"])
            self._hold(right, "%s names another collection" % name)
            for one in said["leaves"]:
                leaf, beside = bytes.fromhex(one["leaf"]), [bytes.fromhex(far) for far in one["beside"]]
                right = len(leaf) % 64 == 0 and all(len(far) == 480 for far in beside) and len(beside) <= 64
                for uid, digest in one["documents"]:
                    key, top = key_of(uid), hashlib.sha256(b"\0" + leaf).digest()
                    at = range(0, len(leaf), 64)
                    held = key + bytes.fromhex(digest) in [leaf[n : n + 64] for n in at]
                    for depth, far in zip(reversed(range(len(beside))), beside):
                        before = step(key, depth) * 32
                        top = hashlib.sha256(b"\1" + far[:before] + top + far[before:]).digest()
                    self._hold(right and held and top.hex() == row["root"], "%s: no proof of %s" % (name, uid))
                    self.referred.add(digest)
                    count += 1
        self.proved.append("%d documents are proved to be what a recorded collection saw" % count)

    def _populations(self):
        for name in sorted(name for name in self.files if re.fullmatch(r"populations/.*\.json", name)):
            said = json.loads(self._read(name).decode())
            events = [json.loads(line) for line in self._lines(name[:-5] + ".events.jsonl")]
            for scope in said["scopes"]:
                row = self.rows["collection"].get(str(scope["collection"]))
                if row is None:
                    self.unproved.append("%s in %s was never collected completely" % (said["kind"], scope["scope"]))
                    continue
                held = [e for e in events if e["scope"] == scope["scope"] and e["opened_by"] <= row["id"]]
                right = root_of((e["uid"], e["digest"]) for e in held) == row["root"] and len(held) == row["count"]
                right = right and (said["kind"], scope["scope"], "complete") == (row["kind"], row["scope"], row["status"])
                self._hold(right, "%s: not the events that collection %d saw in %s" % (name, row["id"], row["scope"]))
                self.proved.append("%s in %s: %d events are all that collection %d saw" % (row["kind"], row["scope"], len(held), row["id"]))
            sample = said["sample"]
            if sample:
                pool = [e for e in events if e["in_period"] and e["closed_by"] is None]
                pool.sort(key=lambda e: (sha256(("%s:%s" % (sample["seed"], e["uid"])).encode("utf-8", "surrogatepass")), e["scope"]))
                drawn = [[e["scope"], e["uid"], e["digest"]] for e in pool[: sample["size"]]]
                self._hold(drawn == sample["events"], "%s: the seed draws another sample" % name)

    def _evidence(self):
        count = 0
        for name, (_, _, digest) in self.files.items():
            if name.startswith("evidence/"):
                right = name == "evidence/%s.json" % digest and digest in self.referred
                self._hold(right, "%s is not the document that was recorded" % name)
                count += 1
        self.proved.append("%d documents have the content that was recorded" % count)


def main(arguments):
    """Check the file that is named, and say what that proved."""
    keys = [arguments[n + 1] for n, one in enumerate(arguments[:-1]) if one == "--public-key"]
    names = [one for one in arguments if one not in ("--public-key", *keys)]
    if len(names) != 1:
        print("usage: python3 verify.py evidence.zip [--public-key KEY]", file=sys.stderr)
        return 2
    with open(names[0], "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = Bundle(data, keys).check()
    for title, lines in (("Proved", found.proved), ("Not proved", found.unproved), ("WRONG", found.problems)):
        print("".join("%s: %s.\n" % (title, line) for line in lines[:1000]), end="")
    print("Not checked here: time stamps by RFC 3161 (soc2-pac verify does), and whether the rules judge well.")
    print("%d problems were found." % len(found.problems) if found.problems else "Everything that was checked is as it was recorded.")
    return 4 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
