"""Evidence that people hand in: what is refused, what is kept, and that it comes back as it was."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec
import pytest

from soc2_pac import plugins
from soc2_pac.acts import Actor
from soc2_pac.acts.controls import Control
from soc2_pac.audit import attachments, controls
from soc2_pac.audit import attestations as handing
from soc2_pac.audit import review_files as files
from soc2_pac.audit.attestations import Days
from soc2_pac.config import parse
from soc2_pac.errors import ConfigError, Gone, IntegrityError, Unreachable, UsageError
from soc2_pac.store import Store, acts, open_store
from soc2_pac.store.acts import File

if TYPE_CHECKING:
    from collections.abc import Iterator

ANN = Actor("ann", "ann")
TODAY = date(2026, 11, 30)
QUARTER = Days(date(2026, 1, 1), date(2026, 3, 31))
END = date(2026, 12, 31)
PDF = File.inside(b"%PDF-1.7 quarter", "application/pdf")
REVIEW = Control(
    wording="w",
    owner="Ann",
    frequency="quarterly",
    criteria=("CC6.2",),
    attestations=("access-review",),
)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        declared = {
            "A": REVIEW,
            "B": msgspec.structs.replace(REVIEW, attestations=("access-review", "own-topic")),
            "C": msgspec.structs.replace(REVIEW, attestations=(), rules=("x",)),
        }
        with opened.database.writing() as connection:
            controls.record(connection, declared, by=ANN)
        yield opened


def add(store: Store, control: str = "A", file: File = PDF, **more: Any) -> str:
    said: dict[str, Any] = {
        "topic": None,
        "covers": QUARTER,
        "valid_until": END,
        "file_name": "review.pdf",
        "note": "",
        "by": ANN,
        **more,
    }
    with store.database.writing() as connection:
        return handing.add(connection, control, file=file, **said).id


def rows(store: Store, now: datetime) -> list[dict[str, object]]:
    with store.reading() as connection:
        return handing.rows(acts.listed(connection), now)


def count(store: Store) -> int:
    with store.reading() as connection:
        return len(acts.listed(connection, ["attestation."]))


# -- days ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-31..2026-01-01", "ends before it begins"),
        ("2026-11-01..2026-12-01", "2026-12-01 is yet to come"),
        ("2026-01-01..", "has no last day"),
        ("..2026-01-01", "has no first day"),
        ("0001-01-01..", "has no last day"),
        ("0001-01-01..2026-01-01", "0001-01-01 lies outside of the years 2000 to 2199"),
        ("", "'' is no day"),
        ("2026-01-01..2026-02-01..2026-03-01", "is no day"),
        ("Q1", "'Q1' is no day"),
        ("20260101..20260331", "'20260101' is no day"),
        ("2026-01-01T00:00:00Z..2026-03-31", "is no day"),
        ("2026-02-30", "'2026-02-30' is no day"),
    ],
)
def test_days_that_cannot_be_covered(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"--covers: .*{said}"):
        Days.parse(text, "--covers", TODAY)


def test_one_day_and_today_can_be_covered() -> None:
    assert Days.parse("2026-11-30", "--covers", TODAY) == Days(TODAY, TODAY)


# -- handing in ---------------------------------------------------------------------------------------


def test_what_is_handed_in_is_recorded_with_its_file(store: Store) -> None:
    name = add(store, note="see page 3")
    (row,) = rows(store, datetime(2026, 4, 1, tzinfo=UTC))
    assert row["attestation"] == name
    assert (row["control"], row["topic"], row["state"]) == ("A", "access-review", "current")
    assert (row["covers_from"], row["covers_to"]) == ("2026-01-01", "2026-03-31")
    assert (row["valid_until"], row["counts_until"]) == ("2026-12-31", "2026-07-31")
    assert (row["by"], row["note"]) == ("ann (not proved; user ann)", "see page 3")
    with store.reading() as connection:
        kept = acts.file(connection, str(row["digest"]))
    assert kept is not None
    assert b"".join(attachments.read(kept, None)) == b"%PDF-1.7 quarter"
    assert store.verify().problems == []


@pytest.mark.parametrize(
    ("control", "more", "said"),
    [
        ("D", {}, "there is no control 'D'"),
        ("C", {}, "control C names no evidence of people"),
        ("B", {}, "control B names several topics: access-review, own-topic"),
        ("B", {"topic": "own-topics"}, "names no topic 'own-topics'. Did you mean 'own-topic'"),
        ("A", {"topic": "restore-test"}, "names no topic 'restore-test'"),
        ("A", {"valid_until": date(2026, 3, 30)}, "2026-03-30 comes before 2026-03-31"),
    ],
)
def test_what_cannot_be_handed_in_leaves_nothing(
    store: Store, control: str, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        add(store, control, **more)
    assert count(store) == 0
    with store.reading() as connection:
        assert acts.file(connection, PDF.digest) is None


def test_a_topic_is_chosen_where_there_are_several(store: Store) -> None:
    add(store, "B", topic="own-topic")
    assert [row["topic"] for row in rows(store, datetime.now(UTC))] == ["own-topic"]


def test_the_same_file_for_the_same_days_is_handed_in_once(store: Store) -> None:
    name = add(store)
    with pytest.raises(UsageError, match=f"as {name} already"):
        add(store, valid_until=date(2027, 1, 1))
    add(store, covers=Days(date(2026, 4, 1), date(2026, 6, 30)))
    add(store, "B", topic="access-review")
    assert count(store) == 3
    with store.database.writing() as connection:
        handing.revoke(connection, name, reason="too early", by=ANN)
    add(store)


def test_revoking_needs_a_reason_and_happens_once(store: Store) -> None:
    name = add(store)
    with store.database.writing() as connection:
        with pytest.raises(UsageError, match="--reason: say why"):
            handing.revoke(connection, name, reason=" ", by=ANN)
        with pytest.raises(UsageError, match=rf"no attestation '{name}x'\. Did you mean '{name}'"):
            handing.revoke(connection, name + "x", reason="r", by=ANN)
        handing.revoke(connection, name, reason="wrong file", by=Actor("bob", "bob"))
    (row,) = rows(store, datetime(2026, 4, 1, tzinfo=UTC))
    assert (row["state"], row["revoked_because"]) == ("revoked", "wrong file")
    assert row["revoked_by"] == "bob (not proved; user bob)"
    with (
        store.database.writing() as connection,
        pytest.raises(UsageError, match=r"was revoked on .* already"),
    ):
        handing.revoke(connection, name, reason="again", by=ANN)
    assert count(store) == 2
    assert store.verify().problems == []


def test_a_credential_in_a_note_is_not_kept(store: Store) -> None:
    token = "ghp_" + "a1B2" * 9
    name = add(store, note=f"token {token}")
    with store.database.writing() as connection:
        handing.revoke(connection, name, reason=f"it held {token}", by=ANN)
    with store.reading() as connection:
        assert token not in "".join(act.body for act in acts.listed(connection))
    (row,) = rows(store, datetime.now(UTC))
    assert str(row["note"]).startswith("token ")


def test_what_is_due(store: Store) -> None:
    add(store)
    ends = datetime(2026, 8, 1, tzinfo=UTC)

    def due(now: datetime, days: int = 30) -> list[tuple[object, object, object]]:
        with store.reading() as connection:
            found = handing.due(controls.states(connection, (), {}, now), now, days)
        return [(row["control"], row["topic"], row["state"]) for row in found]

    missing = [("B", "access-review", "missing"), ("B", "own-topic", "missing")]
    assert due(ends - timedelta(days=31)) == missing
    assert due(ends - timedelta(days=30)) == [*missing, ("A", "access-review", "due")]
    assert due(ends - timedelta(days=31), 40) == [*missing, ("A", "access-review", "due")]
    assert due(ends) == [("A", "access-review", "expired"), *missing]


# -- types of files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("A.PDF", b"%PDF-1.7", "application/pdf"),
        ("a.png", b"\x89PNG\r\n\x1a\n..", "image/png"),
        ("a.csv", b"a,b\n", "text/csv"),
        ("a.xlsx", b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.zip", b"PK\x03\x04", "application/zip"),
        ("scan", b"%PDF-1.4", "application/pdf"),
        ("a.unknown", b"what", "application/octet-stream"),
    ],
)  # fmt: skip
def test_media_types(name: str, head: bytes, kind: str) -> None:
    assert attachments.media_type(name, head) == kind


@pytest.mark.parametrize(
    ("name", "head"),
    [("a.pdf", b"hello"), ("a.csv", b"%PDF-"), ("a.xlsx", b"a,b"), ("a.png", b"\xff\xd8\xff")],
)
def test_a_file_that_is_not_what_it_is_called(name: str, head: bytes) -> None:
    with pytest.raises(UsageError, match=f"{name} is named .*, and its content is not"):
        attachments.media_type(name, head)


# -- places -------------------------------------------------------------------------------------------


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(b"x" * (attachments.INSIDE_BYTES + 1))
    return path


def place(tmp_path: Path, **table: Any) -> attachments.Outside | None:
    config = parse({"attachments": table}, tmp_path / "soc2-pac.toml")
    return attachments.outside(config, plugins.load())


def test_up_to_5_mb_stand_in_the_store(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"y" * attachments.INSIDE_BYTES)
    file = attachments.keep(path, None)
    assert file.content is not None
    assert (file.size, file.location) == (5_000_000, None)


def test_larger_ones_need_a_place(large: Path) -> None:
    with pytest.raises(ConfigError, match=r"large\.bin has 5,000,001 bytes, .*\[attachments\]"):
        attachments.keep(large, None)


def test_a_folder_keeps_files_by_their_digest(tmp_path: Path, large: Path) -> None:
    (tmp_path / "kept").mkdir()
    where = place(tmp_path, folder="kept")
    file = attachments.keep(large, where)
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    assert (file.digest, file.content) == (digest, None)
    kept = tmp_path / "kept" / "attachments" / digest[:2] / digest
    assert file.location == kept.as_uri()
    assert kept.stat().st_mode & 0o077 == 0
    assert [p.name for p in kept.parent.iterdir()] == [digest]
    assert attachments.keep(large, where) == file, "kept once"
    assert b"".join(attachments.read(file, where)) == large.read_bytes()
    attachments.same(large, file)


def test_a_changed_file_is_not_given_back_as_the_one_that_was_handed_in(
    tmp_path: Path, large: Path
) -> None:
    (tmp_path / "kept").mkdir()
    where = place(tmp_path, folder="kept")
    file = attachments.keep(large, where)
    kept = Path(str(file.location).removeprefix("file://"))
    kept.write_bytes(b"other")
    with pytest.raises(IntegrityError, match="is not the one that was handed in"):
        list(attachments.read(file, where))
    kept.unlink()
    with pytest.raises(IntegrityError, match="any more"):
        list(attachments.read(file, where))
    large.write_bytes(b"changed since")
    with pytest.raises(IntegrityError, match=r"large\.bin is not the file that was handed in"):
        attachments.same(large, file)


def test_a_file_is_read_where_it_was_kept_only(tmp_path: Path, large: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    file = attachments.keep(large, place(tmp_path, folder="one"))
    for where in (place(tmp_path, folder="two"), None):
        with pytest.raises(ConfigError, match="is not the place that the configuration names"):
            list(attachments.read(file, where))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"folder": "a", "url": "s3://b"}, "name a folder or a url, not both"),
        ({"folder": "nowhere"}, r"attachments\.folder: there is no folder .*nowhere"),
        ({"url": "ftp://a/b"}, r"attachments\.url: 'ftp://a/b' is of no known object store"),
        ({"access": {"profile": "x"}}, r"attachments\.access: there is no url"),
        ({"folder": ".", "access": {"a": 1}}, r"attachments\.access: a folder needs none"),
    ],
)
def test_places_that_are_none(tmp_path: Path, table: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        place(tmp_path, **table)


def test_files_that_show_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(UsageError, match="empty is empty"):
        attachments.keep(tmp_path / "empty", None)
    for blank in (b" \r\n\t", b"\0" * 2_000_000, b"\xef\xbb\xbf \n", b"\xc2\xa0"):
        (tmp_path / "blank.txt").write_bytes(blank)
        with pytest.raises(UsageError, match=r"blank.txt holds nothing but blanks"):
            attachments.keep(tmp_path / "blank.txt", None)
    (tmp_path / "utf16.txt").write_bytes("a".encode("utf-16"))
    assert attachments.keep(tmp_path / "utf16.txt", None).size == 4


def test_what_is_no_file_is_neither_read_nor_waited_for(tmp_path: Path) -> None:
    (tmp_path / "review.txt").write_text("seen", encoding="utf-8")
    (tmp_path / "link.txt").symlink_to(tmp_path / "review.txt")
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(attachments.LARGEST_BYTES + 1)
    for name, said in (
        ("link.txt", "link.txt is a link, which may show .* Next: name the file itself"),
        ("pipe", "pipe is a pipe or a device, and no file"),
        ("", "is a folder, and no file"),
        ("none", "none cannot be read: No such file"),
        ("huge", "huge has more than 5,000,000,000 bytes"),
    ):
        with pytest.raises(UsageError, match=said):
            attachments.keep(tmp_path / name, None)
    for name in ("pipe", ""):
        with pytest.raises(UsageError, match="and no file"):
            files.handed_in(tmp_path / name)
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        attachments.keep(tmp_path / "none", None)


def test_a_folder_that_cannot_be_written(tmp_path: Path, large: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "attachments").write_text("in the way")
    with pytest.raises(UsageError, match="the file cannot be kept there"):
        attachments.keep(large, place(tmp_path, folder="kept"))


class Memory:
    """An object store of this process."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def put(self, name: str, content: IO[bytes], size: int) -> bool:
        if name in self.held:
            return False
        self.held[name] = content.read()
        assert len(self.held[name]) == size
        return True

    def get(self, name: str) -> Iterator[bytes]:
        if name not in self.held:
            raise Gone(name)
        content = self.held[name]
        yield from (content[at : at + 1000] for at in range(0, len(content), 1000))


def test_an_object_store_takes_the_place_of_a_folder(large: Path) -> None:
    memory = Memory()
    where = attachments.Outside("s3://acme/x", memory)
    file = attachments.keep(large, where)
    assert file.location == f"s3://acme/x/attachments/{file.digest[:2]}/{file.digest}"
    assert b"".join(attachments.read(file, where)) == large.read_bytes()
    memory.held.clear()
    with pytest.raises(IntegrityError, match="any more"):
        list(attachments.read(file, where))


def test_what_the_place_does_not_take_is_not_recorded(large: Path) -> None:
    class Down(Memory):
        def put(self, name: str, content: IO[bytes], size: int) -> bool:
            msg = "no answer"
            raise Unreachable(msg)

    with pytest.raises(Unreachable):
        attachments.keep(large, attachments.Outside("s3://acme", Down()))


def test_what_the_store_holds_is_held_against_its_digest() -> None:
    with pytest.raises(IntegrityError, match="in the store is not the one"):
        list(attachments.read(replace_content(PDF), None))


def replace_content(file: File) -> File:
    return file._replace(content=b"%PDF-1.7 other")
