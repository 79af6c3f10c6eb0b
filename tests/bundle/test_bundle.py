"""A bundle proves itself to a stranger: what it says, what it refuses, and that its verdicts come out again."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import bundle_mutations
import pytest

from soc2_pac import clock
from soc2_pac.audit import bundle, bundle_check, bundle_child, bundle_replay, bundle_zip
from soc2_pac.audit.bundle_check import Bundle
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.errors import IntegrityError, UsageError
from soc2_pac.model import CollectionStatus
from soc2_pac.store import checkpoint, open_store, schema
from soc2_pac.store.database import Database

from ..store.helpers import (  # noqa: TID252 - tests are no package
    CHANGES,
    RULES,
    T0,
    active,
    change,
    changes,
    look,
    one_run,
    user,
)
from ..store.test_upgrade import old_checkpoint, old_store  # noqa: TID252 - as above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.store import Store

DAY = timedelta(days=1)
ACTIVE = active((*RULES, *CHANGES))
INSTALLED = {item.rule.id: item.rule for item in ACTIVE}
PERIOD = AuditPeriod.parse("2026-01-02..2026-01-07")


class Case(NamedTuple):
    """A store with a history, and who signs for it."""

    store: Store
    key: str
    public: str
    kept: tuple[str, ...]

    def bundled(self, **asked: Any) -> bytes:
        given = {
            "period": PERIOD, "tool_version": "test", "rules": INSTALLED, "key": self.key, "checkpoints": self.kept,
            "seed": "seed", "size": 5, **asked,
        }  # fmt: skip
        target = io.BytesIO()
        with self.store.reading() as connection:
            bundle.write(connection, bundle.Asked(**given), target, Path())
        return target.getvalue()


def run(store: Store, day: int) -> None:
    at = T0 + day * DAY
    people = {
        f"u{n}": user(f'u{n} é\u2028\x7f"', GetMfa=(n + day) % 5 != 0, team="core" if n % 2 else "")
        for n in range(40)
    }  # fmt: skip
    people["old"] = user("old", created="2025-12-06T00:00:00Z")
    events = {f"c{n}": change(f"c{n}", 1 + n % 8, approved=n % 3 > 0) for n in range(day * 6)}
    teams = {"t": {"name": "core" if day < 5 else "kern"}}
    partial = CollectionStatus.PARTIAL if day in (3, 6) else CollectionStatus.COMPLETE
    looks = [
        look(teams, at=at, kind="fake.team"),
        changes(events, at=at, status=partial, reason="cut"),
    ]
    if day == 4:
        looks.append(look({}, at=at, status=CollectionStatus.DENIED, reason="no"))
    else:
        looks.append(look(people, at=at))
    one_run(store, looks, at=at, rules=ACTIVE)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    key, public = checkpoint.generate_key()
    url = f"sqlite:///{tmp_path_factory.mktemp('bundle') / 'store.db'}"
    with open_store(url, create=True) as store:
        store.add_key(public, reason="signs", owner="Ann")
        kept = []
        for day in range(8):
            run(store, day)
            if day in (2, 6):
                kept.append(checkpoint.dump(store.checkpoint(), key))
        yield Case(store, key, public, tuple(kept))


def copied(store: Store, folder: Path) -> str:
    """The URL of a copy that can be written to."""
    source = sqlite3.connect(str(store.database.path))
    with (
        contextlib.closing(source),
        contextlib.closing(sqlite3.connect(folder / "copy.db")) as target,
    ):
        source.backup(target)
    return f"sqlite:///{folder / 'copy.db'}"


@pytest.fixture(scope="module")
def whole(case: Case) -> bytes:
    return case.bundled(all_bodies=True)


def problems(content: bytes, *trusted: str) -> list[str]:
    return list(Bundle(content, trusted).check().problems)


def as_process(content: bytes, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The verifier as an auditor runs it: taken out of the file, without our packages."""
    path = folder / "evidence.zip"
    path.write_bytes(content)
    with zipfile.ZipFile(path) as opened:
        opened.extract("verify.py", folder)
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), str(path), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


# -- what it is -------------------------------------------------------------------------------------


def test_the_verifier_fits_on_a_few_pages() -> None:
    text = Path(bundle_check.__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert "soc2_pac" not in text.split('"""', 2)[2]
    assert max(map(len, text.splitlines())) <= 120


def test_made_twice_it_is_the_same_and_later_runs_do_not_matter(case: Case, tmp_path: Path) -> None:
    first = case.bundled()
    assert case.bundled() == first
    with open_store(copied(case.store, tmp_path)) as later:
        run(later, 9)
        assert case._replace(store=later).bundled() == first


def test_other_programs_read_the_zip(whole: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        assert names == sorted(names)
        assert {one.compress_type for one in opened.infolist()} == {zipfile.ZIP_STORED}
        said = json.loads(opened.read("manifest.json"))
    assert set(said["files"]) == set(names) - {"manifest.json", "signature.json"}
    assert (said["period"]["from"], said["simulated"]) == ("2026-01-02T00:00:00.000Z", False)


def test_large_files_and_many_files_have_one_form_too() -> None:
    # Sizes and places beyond 4 GiB, and over 65,534 files: what Python's own reader makes of the headers.
    name, size = b"findings.jsonl", 5 << 30
    header = bundle_check.local_header(name, size, 7)
    assert header[26:30] == b"\x0e\0\x14\0"
    line = bundle_check.central_header(name, size, 7, 6 << 30)
    end = bundle_check.end_record(70_000, len(line) * 70_000, 12 << 30)
    read = zipfile._EndRecData64(io.BytesIO(end), -22, [0] * 10)  # type: ignore[attr-defined]
    assert (read[3], read[5], read[6]) == (70_000, len(line) * 70_000, 12 << 30)
    info = zipfile.ZipInfo()
    info.file_size = info.compress_size = info.header_offset = 0xFFFFFFFF
    info.extra = line[46 + len(name) :]
    info._decodeExtra(*([7] if sys.version_info >= (3, 12) else []))  # type: ignore[attr-defined]
    assert (info.file_size, info.header_offset) == (size, 6 << 30)


def test_a_stranger_checks_it_with_an_interpreter_alone(
    whole: bytes, case: Case, tmp_path: Path
) -> None:
    done = as_process(whole, tmp_path, "--public-key", case.public)
    assert (done.returncode, done.stderr) == (0, "")
    assert "tamper-evident from the first checkpoint" in done.stdout
    assert f"signed by the key {case.public} (which you named)" in done.stdout
    assert "Not checked here: time stamps by RFC 3161" in done.stdout
    other = checkpoint.generate_key()[1]
    done = as_process(whole, tmp_path, "--public-key", other)
    assert done.returncode == 4
    assert "by a key that you did not name" in done.stdout


def test_without_a_signature_it_says_so_and_verifies(case: Case, tmp_path: Path) -> None:
    done = as_process(case.bundled(key=None, checkpoints=()), tmp_path)
    assert done.returncode == 0
    assert "NOT SIGNED, though the store lists a key that signs" in done.stdout
    assert "no signed checkpoint is here" in done.stdout


def test_a_changed_byte_ends_in_4(whole: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        name = next(one for one in opened.namelist() if one.startswith("evidence/"))
    changed = whole.replace(b'"GetMfa":false', b'"GetMfa":true ', 1)
    assert changed != whole
    done = as_process(changed, tmp_path)
    assert done.returncode == 4
    assert "WRONG: zip cannot be checked" in done.stdout
    assert name.startswith("evidence/")


def test_an_empty_file_is_wrong_and_none_is_a_question_of_usage(tmp_path: Path) -> None:
    (tmp_path / "empty.zip").touch()
    command = [sys.executable, "-I", bundle_check.__file__]
    assert (
        subprocess.run(
            [*command, tmp_path / "empty.zip"], capture_output=True, check=False
        ).returncode
        == 4
    )
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2


# -- what stands in it ------------------------------------------------------------------------------


def test_documents_of_deviations_and_samples_are_there_with_proofs(case: Case) -> None:
    found = Bundle(case.bundled()).check()
    assert not found.problems
    events = json.loads(found.read("populations/fake.change.json"))
    assert len(events["sample"]["events"]) == 5
    proved = {
        digest
        for name in found.files if name.startswith("proofs/")
        for leaf in json.loads(found.read(name))["leaves"]
        for _, digest in leaf["documents"]
    }  # fmt: skip
    bodies = {name[9:-5] for name in found.files if name.startswith("evidence/")}
    assert bodies == proved
    assert {one[2] for one in events["sample"]["events"]} <= bodies
    failing = [json.loads(line) for line in found.lines("findings.jsonl")]
    failing = [
        one
        for one in failing
        if one["status"] == "fail" and (one["valid_to"] or "~") > "2026-01-02"
    ]
    assert {
        one["digest"] for one in failing if one["resource"] and one["valid_from"] < "2026-01-07"
    } <= bodies


def test_all_bodies_are_more(case: Case, whole: bytes) -> None:
    few = {name for name in Bundle(case.bundled()).check().files if name.startswith("evidence/")}
    many = {name for name in Bundle(whole).check().files if name.startswith("evidence/")}
    assert few < many


def test_the_calls_of_each_collection_are_there(whole: bytes) -> None:
    found = Bundle(whole).check()
    rows = [json.loads(line) for line in found.lines("collections.jsonl")]
    assert {row["read"] for row in rows} == {'{"fake:List":1}'}
    assert {row["status"] for row in rows} == {"complete", "partial", "denied"}


def test_a_checkpoint_of_another_ledger_is_refused(case: Case) -> None:
    said = json.loads(case.kept[0])
    taken = checkpoint.Checkpoint(
        said["store"], said["seq"], "0" * 64, said["count"], said["recorded_at"], said["ends"]
    )
    with pytest.raises(IntegrityError, match="is not the one that the checkpoint"):
        case.bundled(checkpoints=(checkpoint.dump(taken),))
    other = checkpoint.Checkpoint(
        "f" * 32, said["seq"], said["head"], said["count"], said["recorded_at"], said["ends"]
    )
    with pytest.raises(UsageError, match="of another store"):
        case.bundled(checkpoints=(checkpoint.dump(other),))


def test_a_revoked_key_signs_no_bundle(case: Case, tmp_path: Path) -> None:
    with open_store(copied(case.store, tmp_path)) as store:
        store.revoke_key(checkpoint.key_id(case.public), reason="lost", owner="Ann")
        run(store, 8)
        period = AuditPeriod.parse("2026-01-02..2026-01-20")
        content = case._replace(store=store).bundled(period=period)
    assert any("had been revoked" in one for one in problems(content))


# -- what it refuses --------------------------------------------------------------------------------


def test_200_changes_are_all_caught(case: Case, whole: bytes, tmp_path: Path) -> None:
    strange, _ = checkpoint.generate_key()
    with open_store(f"sqlite:///{tmp_path / 'other.db'}", create=True) as other:
        for day in range(2):
            run(other, day)
        second = Case(other, case.key, case.public, ())
        content = second.bundled(
            period=AuditPeriod.parse("2026-01-01..2026-01-07"), all_bodies=True
        )
        old = checkpoint.dump(other.checkpoint(), case.key)
    assert problems(content) == []
    mutations = bundle_mutations.Mutations(whole, case.public, content, old, strange)
    missed = [one.what for one in mutations.made(200) if not bundle_mutations.caught(one)]
    assert missed == []


def test_untouched_ones_are_not_refused(case: Case) -> None:
    for number in range(24):
        options: dict[str, Any] = {
            "seed": str(number) if number % 4 else None,
            "size": 1 + number % 7,
            "key": case.key if number % 2 else None,
            "checkpoints": case.kept[: number % 3],
            "all_bodies": number % 5 == 0,
            "period": AuditPeriod.parse(f"2026-01-01..2026-01-{2 + number % 7:02}"),
        }
        assert problems(case.bundled(**options), *([case.public] if number % 2 else [])) == [], (
            options
        )


def test_a_verdict_that_was_left_out_is_missed_by_nobody(whole: bytes) -> None:
    files = bundle_mutations.files_of(whole)
    lines = files["findings.jsonl"].splitlines(keepends=True)
    failing = next(n for n, line in enumerate(lines) if json.loads(line)["status"] == "fail")
    files["findings.jsonl"] = b"".join(lines[:failing] + lines[failing + 1 :])
    found = problems(bundle_mutations.again(files))
    assert "were edited, added or left out" in found[0]


# -- judged again -----------------------------------------------------------------------------------


def test_every_verdict_comes_out_again(whole: bytes) -> None:
    done = bundle_replay.replay(Bundle(whole).check(), INSTALLED, "test")
    assert done.differs == []
    # Documents of before the period are not in it.
    assert [reason.partition(" (")[0] for reason in done.not_replayed] == [
        "their documents are not in the bundle"
    ]
    assert done.equal > 400


def test_a_verdict_that_the_rule_does_not_give_differs(whole: bytes) -> None:
    class Lying(Bundle):
        def lines(self, name: str) -> Iterator[bytes]:
            for line in super().lines(name):
                lie = name == "findings.jsonl" and b'"MFA is off"' in line
                yield (
                    line.replace(b"is off", b"is on").replace(b'"fail"', b'"pass"') if lie else line
                )

    honest, lying = Bundle(whole).check(), Lying(whole)
    vars(lying).update(vars(honest))
    done = bundle_replay.replay(lying, INSTALLED, "test")
    said = [json.loads(line) for line in honest.lines("findings.jsonl") if b'"MFA is off"' in line]
    count = sum(f"evidence/{one['digest']}.json" in honest.files for one in said)
    assert len(done.differs) == count > 0
    assert "recorded pass (MFA is on), judged again fail (MFA is off)" in done.differs[0]


def test_another_engine_is_not_judged_again_and_does_not_differ(whole: bytes) -> None:
    done = bundle_replay.replay(Bundle(whole).check(), INSTALLED, "9.9")
    assert (done.equal, done.differs) == (0, [])
    assert list(done.not_replayed) == ["soc2-pac test judged, and this is 9.9"]


def test_joined_documents_are_needed(case: Case) -> None:
    done = bundle_replay.replay(Bundle(case.bundled()).check(), INSTALLED, "test")
    assert done.equal > 100
    assert done.differs == []
    assert any("join other documents" in reason for reason in done.not_replayed)


def test_other_rules_run_apart_and_only_if_trusted(whole: bytes) -> None:
    found = Bundle(whole).check()
    done = bundle_replay.replay(found, {}, "test")
    assert (done.equal, done.differs) == (0, [])
    assert all("--trust-rules" in reason for reason in done.not_replayed)
    done = bundle_replay.replay(found, {}, "test", trust_rules=True)
    assert done.equal > 300
    assert done.differs == []


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("__import__('socket').create_connection(('127.0.0.1', 9))", "PermissionError"),
        ("__import__('subprocess').run(['true'])", "PermissionError"),
        ("open('x.txt', 'w')", "PermissionError"),
        ("failed(str(sorted(__import__('os').environ)))", "'HOME'"),
        ("'x' * (3 << 30)", "MemoryError"),
    ],
)
def test_a_recorded_rule_is_confined(harm: str, said: str) -> None:
    declared = '@rule(criteria=["CC6.1"], severity=Severity.LOW)\ndef bad(user: User) -> Verdict:\n'
    text = '    """It is bad.\n\n    Why: x.\n    Fix: y.\n    """\n'
    parts = [
        [
            "User",
            'class User(Resource, frozen=True):\n    """A user."""\n    kind = "fake.user"\n    name: str',
        ],
        ["bad", f"{declared}{text}    return {harm}"],
    ]
    case = {
        "body": '{"name":"a"}',
        "now": "2026-01-01T00:00:00.000Z",
        "scope": "fake:acme",
        "thresholds": {},
    }
    found = bundle_child.judged("bad", parts, [case])
    assert not isinstance(found, str), found
    assert said in found[0]["message"]


def test_a_text_that_needs_more_does_not_run() -> None:
    found = bundle_child.judged("bad", [["bad", "bad = nobody_knows_this()"]], [])
    assert isinstance(found, str)
    assert "nobody_knows_this" in found


# -- any store ---------------------------------------------------------------------------------------


def test_it_is_the_same_on_every_database(store_url: str) -> None:
    with open_store(store_url, create=True) as store:
        for day in range(4):
            run(store, day)
        period = AuditPeriod.parse("2026-01-02..2026-01-03")
        case = Case(store, checkpoint.generate_key()[0], "", (checkpoint.dump(store.checkpoint()),))
        for everything in (False, True):
            content = case.bundled(period=period, all_bodies=everything)
            assert problems(content) == []
            assert case.bundled(period=period, all_bodies=everything) == content
        done = bundle_replay.replay(Bundle(content).check(), INSTALLED, "test")
        assert done.differs == []
        assert done.equal > 200


@pytest.mark.parametrize("revision", ["0002", "0004"])
def test_a_store_of_an_older_version_proves_itself_too(tmp_path: Path, revision: str) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    old_store(url, revision)
    database = Database(url)
    schema.upgrade(database)
    database.close()
    with open_store(url) as store:
        run(store, 30)
        kept = (checkpoint.dump(old_checkpoint(revision)), checkpoint.dump(store.checkpoint()))
        period = AuditPeriod.parse("2026-01-02..2026-02-01")
        for everything in (False, True):
            case = Case(store, checkpoint.generate_key()[0], "", kept)
            content = case.bundled(period=period, all_bodies=everything)
            assert problems(content) == []
        found = Bundle(content).check()
        forms = {entry["format"] for kind in found.entries.values() for entry in kind.values()}
        assert len(forms) > 1
        done = bundle_replay.replay(found, INSTALLED, "test")
        assert done.differs == []


def test_simulated_history_says_so_by_the_word_of_the_ledger(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'made.db'}"
    with clock.simulated(T0), open_store(url, create=True) as store:
        for day in range(2):
            run(store, day)
        case = Case(store, "", "", ())
        content = case.bundled(key=None, period=AuditPeriod.parse("2026-01-01..2026-01-02"))
    files = bundle_mutations.files_of(content)
    said = json.loads(files["manifest.json"])
    assert said["simulated"] is True
    files["manifest.json"] = json.dumps({**said, "simulated": False}).encode()
    for one in (content, bundle_mutations.again(files)):
        found = Bundle(one).check()
        assert found.problems == []
        assert any("SIMULATED" in line for line in found.unproved)


def test_a_hostile_name_does_not_steer_the_terminal(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'x.db'}", create=True) as store:
        people = {"a\x1b[2J": user("eve\x1b[2J", GetMfa=False)}
        for day in range(2):
            one_run(store, [look(people, at=T0 + day * DAY)], at=T0 + day * DAY, rules=ACTIVE)
        content = Case(store, "", "", ()).bundled(
            key=None, period=AuditPeriod.parse("2026-01-01..2026-01-02")
        )
    files = bundle_mutations.files_of(content)
    name = next(one for one in files if one.startswith("proofs/"))
    said = json.loads(files[name])
    for leaf in said["leaves"]:
        leaf["documents"] = [[f"{uid}\x1b[2J", digest] for uid, digest in leaf["documents"]]
    files[name] = json.dumps(said, sort_keys=True).encode()
    done = as_process(bundle_mutations.again(files), tmp_path)
    assert done.returncode == 4
    assert "\x1b" not in done.stdout
    assert "does not prove" in done.stdout


# -- the zip file -----------------------------------------------------------------------------------


def test_names_that_leave_the_folder_are_not_written(tmp_path: Path) -> None:
    writer = bundle_zip.Writer(tmp_path)
    for name in ("../x", "/x", "a//b", "a/../b", ".hidden", "a\\b", "é", ""):
        with pytest.raises(ValueError, match="is no name of a file"):
            writer.add(name, [b""])
    writer.add("a", [b""])
    with pytest.raises(ValueError, match="or is taken"):
        writer.add("a", [b""])
    writer.close()


def test_a_file_is_there_only_when_all_of_it_was_written(tmp_path: Path) -> None:
    target = tmp_path / "evidence.zip"

    def broken() -> None:
        with bundle_zip.whole(target) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert list(tmp_path.iterdir()) == []
