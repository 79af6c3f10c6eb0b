"""Check a bundle of evidence that soc2-pac made: ``python3 verify.py evidence.zip [--public-key KEY]``.

It needs Python 3.8 or newer and nothing else: no package, no network, no trust in whoever made the bundle. Every byte
of the file is held against what it must be. Exit code 0: everything is as it was recorded; 4: something is not.
"""

from __future__ import annotations

import base64, binascii, hashlib, json, mmap, re, struct, sys  # noqa: E401 - one page less
from typing import Any, Iterator, Sequence

FORMAT, MAXIMUM, BLOCK = "soc2-pac bundle 1", 0xFFFFFFFF, 10_000
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
FOLDERS = "evidence proofs populations checkpoints rows reports rules timestamps".split()
TOP = "README.txt verify.py manifest.json signature.json".split()
TOP += [f"{name}.jsonl" for name in "ledger collections findings basis adjustments observations".split()]
# Kind of ledger entry -> the file of its rows, and the column that its entries name; others: rows/KIND.jsonl and id.
ROWS = {"collection": "collections.jsonl", "rule_version": "rules/versions.jsonl"}
REF = {"config": "digest", "attachment": "digest", "population": "collection_id"}
ENTRY = "seq kind ref body_digest recorded_at prev format hash".split()
FINDING = "id fingerprint rule_id rule_version_id scope_id resource_id status message digest until".split()
FINDING += "failing_since sla_due valid_from basis adjustment".split()

# -- Ed25519, by RFC 8032, 5.1: points in extended coordinates ------------------------------------------
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P

def added(a: Any, b: Any) -> Any:
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, d - c, d + c, right + left
    return e * f % P, g * h % P, f * g % P, e * h % P

def times(number: int, point: Any) -> Any:
    result: Any = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = added(result, point)
        point, number = added(point, point), number >> 1
    return result

def encoded(point: Any) -> bytes:
    inverse: int = pow(point[2], P - 2, P)
    x, y = int(point[0]) * inverse % P, int(point[1]) * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")

def decoded(raw: bytes) -> Any:
    """The point of 32 bytes; None where they are not the one encoding of a point."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (square == 0 and sign) or (x * x - square) % P:
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P

BASE = decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature of a message is that of a public key; strict: each has one form."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, first, second = decoded(public), decoded(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or first is None or second >= ORDER:
        return False
    if encoded((0, 1, 1, 0)) in (encoded(times(8, key)), encoded(times(8, first))):
        return False  # of small order: such a key signs anything
    factor = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus = (P - key[0], key[1], 1, P - key[3])
    return encoded(added(times(second, BASE), times(factor, minus))) == signature[:32]

# -- the one form of the zip file: stored, sorted, one date, nothing optional ---------------------------
def local_header(name: bytes, size: int, crc: int) -> bytes:
    extra = struct.pack("<HHQQ", 1, 16, size, size) if size >= MAXIMUM else b""
    sizes = (crc, min(size, MAXIMUM), min(size, MAXIMUM), len(name), len(extra))
    return struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 45 if extra else 20, 0, 0, 0, 0x21, *sizes) + name + extra

def central_header(name: bytes, size: int, crc: int, offset: int) -> bytes:
    large = ([size, size] if size >= MAXIMUM else []) + ([offset] if offset >= MAXIMUM else [])
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    fixed = (b"PK\1\2", 0x314, 45 if large else 20, 0, 0, 0, 0x21, crc, min(size, MAXIMUM), min(size, MAXIMUM))
    more = (len(name), len(extra), 0, 0, 0, 0o100644 << 16, min(offset, MAXIMUM))
    return struct.pack("<4sHHHHHHIIIHHHHHII", *fixed, *more) + name + extra

def end_record(count: int, size: int, offset: int) -> bytes:
    """The end of the file: so many lines of the directory, its size, and where it begins."""
    first = b""
    if count >= 0xFFFF or size >= MAXIMUM or offset >= MAXIMUM:
        first = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 0x32D, 45, 0, 0, count, count, size, offset)
        first += struct.pack("<4sIQI", b"PK\6\7", 0, offset + size, 1)
    last = (min(count, 0xFFFF), min(count, 0xFFFF), min(size, MAXIMUM), min(offset, MAXIMUM), 0)
    return first + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, *last)

def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

def compact(value: object, **options: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), **options).encode("utf-8", "surrogatepass")

def key_of(text: str) -> bytes:
    """SHA-256 of a text: where a uid stands in the tree of a collection."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

def step(key: bytes, depth: int) -> int:
    """Four bits of a key: which of sixteen branches."""
    return key[depth >> 1] & 15 if depth & 1 else key[depth >> 1] >> 4

def node(entries: list[bytes], depth: int = 0) -> bytes:
    """The digest over sorted entries (64 bytes each) that agree in their first steps."""
    if len(entries) <= 32:
        return hashlib.sha256(b"\0" + b"".join(entries)).digest()
    parts: list[list[bytes]] = [[] for _ in range(16)]
    for entry in entries:
        parts[step(entry, depth)].append(entry)
    return hashlib.sha256(b"\1" + b"".join(node(part, depth + 1) for part in parts)).digest()

class Bundle:
    """What is proved, what is not, and what is wrong; ``trusted``: public keys, one of which must have signed."""

    def __init__(self, data: Any, trusted: Sequence[str] = ()) -> None:
        self.data, self.trusted = data, tuple(trusted)
        self.problems, self.proved, self.unproved, self.manifest = [], [], [], {}
        self.files, self.heads = {}, {}  # name -> where it begins, its size, SHA-256; entry of the ledger -> hash
        self.entries, self.rows, self.referred = {}, {}, set()  # kind -> ref -> entry, and row; documents by digest

    def check(self) -> Bundle:
        for name in "zip manifest ledger rows checkpoints signature rules findings proofs populations evidence".split():
            try:
                getattr(self, f"_{name}")()
            except Exception as error:
                what = f"{name} cannot be checked, and nothing that follows"
                return self._hold(False, f"{what}: {error} ({type(error).__name__})")
        return self

    def _hold(self, right: object, problem: str) -> Bundle:
        self.problems += [] if right else [problem]
        return self

    def read(self, name: str) -> bytes:
        begin, size, _ = self.files[name]
        return bytes(self.data[begin : begin + size])

    def lines(self, name: str) -> Iterator[bytes]:
        begin, end = self.files[name][0], sum(self.files[name][:2])
        while begin < end:
            stop = self.data.find(b"\n", begin, end)
            if stop < 0:
                raise ValueError(f"{name} ends within a line")
            yield self.data[begin:stop]
            begin = stop + 1

    def records(self, name: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Each line as what it says; exactly these columns in the one form."""
        for number, line in enumerate(self.lines(name)):
            said = json.loads(line)
            right = said.keys() == set(columns) and compact(said, sort_keys=True, ensure_ascii=False) == line
            self._hold(right, f"{name}, line {number + 1}: holds something else than it must")
            yield said

    def _zip(self) -> None:
        data, place, directory, last = self.data, 0, [], ""
        while data[place : place + 4] == b"PK\3\4":
            size, _, length, more = struct.unpack("<IIHH", data[place + 18 : place + 30])
            begin = place + 30 + length + more
            name = data[place + 30 : place + 30 + length].decode("ascii")
            size = struct.unpack("<Q", data[begin - 16 : begin - 8])[0] if size == MAXIMUM else size
            known = NAME.fullmatch(name) and (name in TOP or ("/" in name and name.split("/")[0] in FOLDERS))
            if begin + size > len(data) or name <= last or not known:
                raise ValueError(f"after {last or 'the beginning'}: it is cut, or that is no file of a bundle")
            crc, digest = 0, hashlib.sha256()
            for at in range(begin, begin + size, 1 << 20):
                part = data[at : min(at + (1 << 20), begin + size)]
                crc = binascii.crc32(part, crc)
                digest.update(part)
            if data[place:begin] != local_header(name.encode(), size, crc):
                raise ValueError(f"{name} is damaged, or its header is not as it must be")
            self.files[name] = (begin, size, digest.hexdigest())
            directory.append(central_header(name.encode(), size, crc, place))
            place, last = begin + size, name
        whole = b"".join(directory)
        if data[place:] != whole + end_record(len(directory), len(whole), place):
            raise ValueError("the directory at the end is not as it must be")

    def _manifest(self) -> None:
        self.manifest = json.loads(text := self.read("manifest.json"))
        if self.manifest["format"] != FORMAT:
            raise ValueError(f"it is of the format {self.manifest['format']!r}; this program reads {FORMAT!r}")
        listed = {name: (said["size"], said["sha256"]) for name, said in self.manifest["files"].items()}
        apart = {"manifest.json"} | ({"signature.json"} if self.manifest["signed_by"] else set())
        there = {name: said[1:] for name, said in self.files.items() if name not in apart}
        for name in sorted(listed.keys() | there.keys()):
            self._hold(listed.get(name) == there.get(name), f"{name} is not as the manifest says")
        self._hold(compact(self.manifest, sort_keys=True) + b"\n" == text, "manifest.json was rewritten")
        self.proved.append(f"{len(there):,} files are byte for byte those of the manifest; nothing else is there")

    def _ledger(self) -> None:
        previous, seq, until = "0" * 64, 0, self.manifest["ledger"]["end"]
        for seq, one in enumerate(self.records("ledger.jsonl", ENTRY), 1):
            parts = [one[name] for name in ENTRY[: 7 if one["format"] != 1 else 6]]
            right = one["seq"] == seq and one["prev"] == previous and sha256(compact(parts)) == one["hash"]
            right = right and (seq != until or one["recorded_at"] == self.manifest["ledger"]["at"])
            self._hold(right, f"ledger entry {seq} was edited, or does not follow from the one before")
            if seq == 1:
                self._hold((one["kind"], one["ref"]) == ("store", self.manifest["store"]), "it is of another store")
            elif one["kind"] == "simulated":
                self.unproved.append("the history is SIMULATED: a demo made it, and it says nothing of a company")
            elif seq <= until:
                kept = self.entries.setdefault(one["kind"], {}).setdefault(one["ref"], one)
                self._hold(kept is one, f"ledger entry {seq} records again what another one did")
            previous = self.heads[seq] = one["hash"]
        self._hold(seq == self.manifest["ledger"]["last"] >= until > 0, "the ledger was cut, or goes on")
        self.proved.append(f"{seq:,} entries of the ledger form one chain from the founding of the store on")

    def _rows(self) -> None:
        files = {kind: ROWS.get(kind, f"rows/{kind}.jsonl") for kind in self.entries}
        for kind, entries in sorted(self.entries.items()):
            found = self.rows[kind] = {}
            for line in self.lines(files[kind]):
                row = json.loads(line)
                ref = str(row[REF.get(kind, "id")])
                right = ref not in found and entries.get(ref, {}).get("body_digest") == sha256(line)
                self._hold(right, f"{kind} {ref} is not as the ledger recorded it")
                found[ref] = row
            self.problems += [f"{kind} {ref} is missing: it was recorded" for ref in entries.keys() - found.keys()]
        stray = {name for name in self.files if name.startswith("rows/")} - set(files.values())
        self._hold(not stray, f"no entry of the ledger records what is in {stray}")
        count = sum(len(found) for found in self.rows.values())
        self.proved.append(f"{count:,} rows (collections, evaluations, acts ...) are as recorded; none is missing")

    def _signed(self, name: str, signature: Any, message: bytes, at: str) -> None:
        public = base64.b64decode(signature["public_key"], validate=True)
        right = signature["algorithm"] == "ed25519" and signature["key_id"] == sha256(public)[:16]
        right = right and signed(public, message, base64.b64decode(signature["value"], validate=True))
        self._hold(right, f"{name}: the signature does not match")
        right = not self.trusted or signature["public_key"] in self.trusted
        self._hold(right, f"{name} is signed by a key that you did not name: {signature['public_key']}")
        keys = [one for one in self.rows.get("signing_key", {}).values() if one["key_id"] == signature["key_id"]]
        right = not any(one["action"] == "revoke" and one["recorded_at"] <= at for one in keys)
        self._hold(right, f"{name} is signed by a key that had been revoked")
        if not keys and self.rows.get("signing_key"):
            self.unproved.append(f"{name} is signed by a key that the store did not list by the end of the period")

    def _checkpoints(self) -> None:
        until, first, most = self.manifest["ledger"]["end"], "", 0
        texts = [(json.loads(self.read(name)), name) for name in self.files if name.startswith("checkpoints/")]
        for said, name in sorted(texts, key=lambda one: one[0]["seq"]):
            signature = said.pop("signature", None)
            right = said["store"] == self.manifest["store"] and self.heads.get(said["seq"]) == said["head"]
            self._hold(right and said["seq"] == said["count"], f"{name} is of another ledger")
            if signature is None:
                self.unproved.append(f"{name} is not signed: it is as good as the place where it was kept")
            else:
                self._signed(name, signature, json.dumps(said, sort_keys=True).encode(), said["recorded_at"])
                first, most = first or said["recorded_at"], max(most, min(said["seq"], until))
        if most:
            what = f"of {until:,} entries: tamper-evident from the first checkpoint ({first}) on"
            self.proved.append(f"signed checkpoints hold the first {most:,} {what}")
        else:
            self.unproved.append("no signed checkpoint is here: whoever holds the store could have made it all anew")

    def _signature(self) -> None:
        key = self.manifest["signed_by"]
        if key:
            signature = json.loads(text := self.read("signature.json"))
            self._signed("signature.json", signature, self.read("manifest.json"), self.manifest["ledger"]["at"])
            right = signature["public_key"] == key and compact(signature, sort_keys=True) + b"\n" == text
            self._hold(right, "signature.json is not that of the manifest")
            who = "which you named" if self.trusted else "by its own word: compare it with what its owner gave you"
            self.proved.append(f"the whole bundle is signed by the key {key} ({who})")
        else:
            self._hold(not self.trusted, "the bundle is not signed")
            listed = ", though the store lists a key that signs" if self.rows.get("signing_key") else ""
            what = "reports, README.txt and this program may be anybody's; the ledger alone holds the rest"
            self.unproved.append(f"this bundle is NOT SIGNED{listed}: {what}")

    def _rules(self) -> None:
        versions = self.rows.get("rule_version", {}).values()
        for row in versions:
            text, digest = self.read(f"rules/sources/{row['source_digest']}.json"), hashlib.sha256()
            said = json.loads(text)
            if said.get("format") == 2:
                digest.update(text)
                right = all(self.files.get(f"rules/parts/{part}.txt", "   ")[2] == part for _, part in said["parts"])
                self._hold(right, f"parts of the rule {row['rule']} are missing or were edited")
            else:
                for name, module in sorted(said.items()):
                    digest.update(f"{name}\0{module}\0".encode())
            self._hold(digest.hexdigest() == row["source_digest"], f"the text of the rule {row['rule']} was edited")
        self.proved.append(f"{len(versions):,} versions of rules have the text that judged")

    def _findings(self) -> None:
        files = ("basis.jsonl", "adjustments.jsonl")
        basis, adjustments = ({sha256(line) for line in self.lines(file)} | {None} for file in files)
        versions, entries = self.rows.get("rule_version", {}), self.entries.get("evaluation", {})
        opened: Any = {number: [0, hashlib.sha256(), []] for number in entries}
        closed, last = {number: [] for number in entries}, 0
        for one in self.records("findings.jsonl", FINDING + "opened_by closed_by valid_to rule scope resource".split()):
            by, form = opened[str(one["opened_by"])], entries[str(one["opened_by"])]["format"]
            if by[0] and by[0] % BLOCK == 0 and form >= 3:
                by[2].append(by[1].hexdigest())
                by[1] = hashlib.sha256()
            columns = FINDING[: {1: -2, 2: -1}.get(form)]  # earlier formats knew no adjustment, and no basis
            by[1].update(compact([one[column] for column in columns], ensure_ascii=False))
            by[0] += 1
            if one["closed_by"] is not None:
                closed[str(one["closed_by"])].append([one["id"], one["valid_to"]])
            right = one["id"] > last and (one["closed_by"] is None) == (one["valid_to"] is None)
            named = f"{one['rule']}\0{one['scope']}\0{one['resource'] or ''}"
            right = right and key_of(named).hex()[:20] == one["fingerprint"]
            right = right and versions[str(one["rule_version_id"])]["rule"] == one["rule"]
            right = right and not any(one[column] for column in FINDING[len(columns) :])
            right = right and one["basis"] in basis and one["adjustment"] in adjustments
            self._hold(right, f"finding {one['id']} was edited, or what it rests on is missing")
            last = one["id"]
            self.referred.add(one["digest"])
        for number, (count, block, blocks) in opened.items():
            ended, row = sorted(closed[number]), self.rows["evaluation"][number]
            if entries[number]["format"] >= 3 and max(count, len(ended)) > BLOCK:
                blocks += [block.hexdigest()] if count else []
                parts = [compact(ended[n : n + BLOCK], ensure_ascii=False) for n in range(0, len(ended), BLOCK)]
                root = f"{'.'.join(blocks)}/{'.'.join(map(sha256, parts))}"
            else:
                root = sha256(block.digest() + hashlib.sha256(compact(ended, ensure_ascii=False)).digest())
            right = (count, len(ended), root) == (row["opened"], row["closed"], row["changes_root"])
            self._hold(right, f"findings of evaluation {number} were edited, added or left out")
        count = sum(one[0] for one in opened.values())
        self.proved.append(f"{count:,} verdicts are all that {len(opened):,} evaluations made, as they made them")

    def _proofs(self) -> None:
        count = 0
        for name in sorted(name for name in self.files if name.startswith("proofs/")):
            said = json.loads(self.read(name))
            row = self.rows["collection"][str(said["collection"])]
            self._hold((said["kind"], said["scope"]) == (row["kind"], row["scope"]), f"{name} names another collection")
            for one in said["leaves"]:
                leaf, beside = bytes.fromhex(one["leaf"]), [bytes.fromhex(far) for far in one["beside"]]
                right = len(leaf) % 64 == 0 and all(len(far) == 480 for far in beside) and len(beside) <= 64
                right = right and one == {**one, "leaf": leaf.hex(), "beside": [far.hex() for far in beside]}
                top = hashlib.sha256(b"\0" + leaf).digest()
                held = {leaf[n : n + 64].hex() for n in range(0, len(leaf), 64)}
                for depth, far in zip(reversed(range(len(beside))), beside):
                    at = step(leaf, depth) * 32
                    top = hashlib.sha256(b"\1" + far[:at] + top + far[at:]).digest()
                wrong = [uid for uid, digest in one["documents"] if key_of(uid).hex() + digest not in held]
                self._hold(right and not wrong and top.hex() == row["root"], f"{name} does not prove {wrong}")
                self.referred.update(digest for _, digest in one["documents"])
                count += len(one["documents"])
        self.proved.append(f"{count:,} times it is proved that a recorded collection saw a document")

    def _populations(self) -> None:
        for name in sorted(name for name in self.files if re.fullmatch(r"populations/.*\.json", name)):
            said = json.loads(self.read(name))
            events = [json.loads(line) for line in self.lines(name[:-5] + ".events.jsonl")]
            for one in said["scopes"]:
                what = f"{said['kind']} in {one['scope']}"
                row = self.rows["collection"].get(str(one["collection"]))
                if row is None:
                    self.unproved.append(f"{what} was never collected completely: nobody knows how many there were")
                    continue
                at, here = row["id"], [e for e in events if e["scope"] == one["scope"]]
                held = [e for e in here if e["opened_by"] <= at and (e["closed_by"] is None or e["closed_by"] > at)]
                root = node(sorted(key_of(e["uid"]) + bytes.fromhex(e["digest"]) for e in held)).hex()
                right = (said["kind"], one["scope"], "complete") == (row["kind"], row["scope"], row["status"])
                right = right and (root, len(held)) == (row["root"], row["count"])
                self._hold(right, f"{name}: not what collection {at} saw in {one['scope']}")
                self.proved.append(f"{what}: {len(held):,} events are all that the last complete collection ({at}) saw")
            if said["sample"]:
                size, seed = said["sample"]["size"], said["sample"]["seed"]
                pool = [e for e in events if e["in_period"] and e["closed_by"] is None]
                pool.sort(key=lambda e: (key_of(f"{seed}:{e['uid']}"), e["scope"]))
                drawn = [[e["scope"], e["uid"], e["digest"]] for e in pool[:size]]
                self._hold(drawn == said["sample"]["events"], f"{name}: the seed draws another sample")

    def _evidence(self) -> None:
        names = [(name, said[2]) for name, said in self.files.items() if name.startswith("evidence/")]
        self.referred.update(bare := self.manifest["without_proof"])  # seen before there were Merkle roots
        for name, digest in names:
            self._hold(name == f"evidence/{digest}.json" and digest in self.referred, f"{name} is no recorded document")
        self.unproved += [f"of {len(bare):,} documents no proof is possible: {', '.join(bare)}"] if bare else []
        self.proved.append(f"{len(names):,} documents are those that verdicts and proofs name")

def main(arguments: Sequence[str]) -> int:
    keys = [arguments[n + 1] for n, one in enumerate(arguments[:-1]) if one == "--public-key"]
    names = [one for one in arguments if one not in ("--public-key", *keys)]
    if len(names) != 1:
        print("usage: python3 verify.py evidence.zip [--public-key KEY]", file=sys.stderr)
        return 2
    with open(names[0], "rb") as file:
        found = Bundle(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if file.seek(0, 2) else b"", keys).check()
    for title, said in (("Proved", found.proved), ("Not proved", found.unproved), ("WRONG", found.problems)):
        print("".join(f"{title}: {repr(line)[1:-1]}.\n" for line in said[:1000]), end="")  # no escapes
    print("Not checked here: time stamps by RFC 3161 (soc2-pac verify does), and whether the rules judge well.")
    print(f"{len(found.problems):,} problems." if found.problems else "All that was checked is as it was recorded.")
    return 4 if found.problems else 0

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
