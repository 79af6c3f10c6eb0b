"""``controls`` and ``attestations`` at the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.store import acts, open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended

CONFIG = '[sources.home]\nprovider = "aws"\nregions = ["eu-central-1"]\n'
CONTROLS = """
[[control]]
id = "AC-03"
wording = "Access is reviewed."
owner = "Ann"
frequency = "quarterly"
criteria = ["CC6.2", "CC6.3"]
rules = ["aws-access-key-*"]
attestations = ["access-review"]

[[control]]
id = "BC-01"
wording = "Backups are restored."
owner = "Bob"
frequency = "yearly"
criteria = ["A1.3"]
attestations = ["restore-test", "penetration-test"]
"""
COVERS = ("--covers", "2026-01-01..2026-03-31", "--valid-until", "2099-12-31")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A configuration with two controls; nothing is recorded yet."""
    (tmp_path / "soc2-pac.toml").write_text(CONFIG)
    (tmp_path / "controls.toml").write_text(CONTROLS)
    (tmp_path / "review.pdf").write_bytes(b"%PDF-1.7 review")
    return tmp_path


@pytest.fixture
def ask(cli: Callable[..., Ended], home: Path) -> Callable[..., Ended]:
    """The command line where both controls are in force."""
    assert cli("controls", "record", "--by", "Zoe").code == 0
    return cli


def recorded(home: Path) -> list[tuple[str, str]]:
    with open_store(f"sqlite:///{home / 'soc2-pac.db'}") as store, store.reading() as connection:
        return [(act.kind, act.subject) for act in acts.listed(connection)]


def rows(ended: Ended) -> list[dict[str, Any]]:
    assert ended.code == 0, ended.err
    found: list[dict[str, Any]] = json.loads(ended.out)
    return found


# -- controls -----------------------------------------------------------------------------------------


def test_init_writes_controls_that_can_be_recorded(
    cli: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "soc2-pac.toml").write_text(CONFIG)
    ended = cli("controls", "init")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Wrote controls.toml with 7")
    again = cli("controls", "init")
    assert (again.code, again.out) == (2, "")
    assert "controls.toml is there already" in again.err
    ended = cli("controls", "record")
    assert ended.code == 0
    assert ended.out.splitlines()[-1].endswith("changes recorded.")
    assert len(rows(cli("controls", "list", "--format", "json"))) >= 60


def test_recording_says_what_changed(cli: Callable[..., Ended], home: Path) -> None:
    ended = cli("controls", "record", "--by", "Zoe")
    assert ended.out == "AC-03 added\nBC-01 added\n2 controls in force, 2 changes recorded.\n"
    text = CONTROLS.replace("Ann", "Cleo")
    (home / "controls.toml").write_text(text[: text.index('[[control]]\nid = "BC')])
    listed = cli("controls", "list")
    assert "differs from what is in force: 2 changes" in listed.err
    assert "BC-01" in listed.out, "until it is recorded, what was in force is"
    ended = cli("controls", "record")
    assert ended.out.splitlines()[:2] == ["AC-03 changed: owner", "BC-01 retired"]
    assert recorded(home) == [
        ("control.set", "AC-03"),
        ("control.set", "BC-01"),
        ("control.set", "AC-03"),
        ("control.retired", "BC-01"),
    ]


def test_a_mistake_in_the_file_records_nothing(cli: Callable[..., Ended], home: Path) -> None:
    (home / "controls.toml").write_text(CONTROLS.replace("CC6.3", "CC6.33"))
    ended = cli("controls", "record")
    assert (ended.code, ended.out) == (2, "")
    assert "controls.toml: control 'AC-03': criteria: there is no criterion 'CC6.33'" in ended.err
    assert not (home / "soc2-pac.db").exists()


def test_a_configured_file_must_be_there(cli: Callable[..., Ended], home: Path) -> None:
    (home / "soc2-pac.toml").write_text(CONFIG + '[controls]\npath = "ours.toml"\n')
    ended = cli("controls", "record")
    assert ended.code == 2
    assert "controls.path: there is no file" in ended.err
    (home / "controls.toml").rename(home / "ours.toml")
    assert cli("controls", "record").code == 0


def test_without_a_file_there_is_nothing_to_record(
    cli: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "soc2-pac.toml").write_text(CONFIG)
    ended = cli("controls", "record")
    assert ended.code == 2
    assert "Next: soc2-pac controls init" in ended.err


def test_list_shows_what_is_missing(ask: Callable[..., Ended]) -> None:
    (one,) = rows(ask("controls", "list", "--criterion", "A1", "--format", "json"))
    assert (one["control"], one["state"], one["owner"]) == ("BC-01", "missing", "Bob")
    assert one["missing"] == [
        "restore-test: nothing was handed in",
        "penetration-test: nothing was handed in",
    ]
    assert one["set_by"].startswith("Zoe (not proved; user ")
    ended = ask("controls")
    assert "2 controls: 0 with failures, 2 lack evidence, 0 have what they name." in ended.out
    assert "No control serves 58 of the criteria: CC1.1, CC1.2, " in ended.out
    assert "No control serves" not in ask("controls", "list", "--criterion", "A1").out
    assert ask("controls", "list", "--fail").code == 1
    assert ask("controls", "list", "--criterion", "CC9.1", "--fail").code == 0


def test_show_tells_evidence_and_versions(ask: Callable[..., Ended]) -> None:
    assert ask("attest", "AC-03", "--file", "review.pdf", *COVERS, "--by", "Ann Ray").code == 0
    ended = ask("controls", "show", "AC-03")
    assert ended.code == 0
    assert "wording         Access is reviewed." in ended.out
    assert "missing         none of its rules was judged yet" in ended.out
    assert "due             2026-07-31" in ended.out
    assert "2026-01-01..2026-03-31  2026-07-31    Ann Ray (not proved; user " in ended.out
    assert "Zoe (not proved; user " in ended.out
    assert ask("controls", "show", "AC-03", "--fail").code == 1
    ended = ask("controls", "show", "AC-3")
    assert (ended.code, ended.out) == (2, "")
    assert "there is no control 'AC-3'. Did you mean 'AC-03'?" in ended.err


def test_words_of_the_file_do_not_steer_the_terminal(cli: Callable[..., Ended], home: Path) -> None:
    (home / "controls.toml").write_text(CONTROLS.replace("Access is", "\\u001b[2JAccess is"))
    assert cli("controls", "record").code == 0
    assert "\x1b" not in cli("controls", "show", "AC-03").out
    assert "\x1b" not in cli("controls", "list").out


# -- attestations -------------------------------------------------------------------------------------


def test_what_is_handed_in_is_listed_shown_and_given_back(
    ask: Callable[..., Ended], home: Path
) -> None:
    ended = ask("attest", "AC-03", "--file", "review.pdf", *COVERS, "--by", "Ann", "--note", "p. 3")
    assert ended.code == 0
    assert "recorded for AC-03: access-review, 15 bytes (application/pdf)" in ended.out
    (one,) = rows(ask("attestations", "--format", "json"))
    assert (one["topic"], one["file"], one["note"]) == ("access-review", "review.pdf", "p. 3")
    name = one["attestation"]
    shown = ask("attestations", "show", name)
    assert "kept_at         the store" in shown.out
    assert ask("attestations", "show", name, "--output", "back.pdf").code == 0
    assert (home / "back.pdf").read_bytes() == b"%PDF-1.7 review"
    assert (home / "back.pdf").stat().st_mode & 0o077 == 0
    again = ask("attestations", "show", name, "--output", "back.pdf")
    assert (again.code, "is there already" in again.err) == (2, True)
    assert ask("attestations", "show", name, "--file", "back.pdf").code == 0
    (home / "back.pdf").write_bytes(b"%PDF-1.7 changed")
    changed = ask("attestations", "show", name, "--file", "back.pdf")
    assert (changed.code, "is not the file that was handed in" in changed.err) == (4, True)
    assert ask("attestations", "list", "--control", "BC-01").err == "No attestation matches.\n"
    assert ask("verify").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("AC-3", "--file", "review.pdf", *COVERS), "there is no control 'AC-3'. Did you mean"),
        (("BC-01", "--file", "review.pdf", *COVERS), "names several topics"),
        (("AC-03", "--file", "review.pdf", *COVERS, "--by", " "), "--by: name who does this"),
        (("AC-03", "--file", "none.pdf", *COVERS), "'none.pdf' does not exist"),
        (("AC-03", "--file", "fake.pdf", *COVERS), "fake.pdf is named .pdf, and its content is not"),
        (("AC-03", "--file", "big.bin", *COVERS), "files over 5,000,000 are kept outside"),
        (
            ("AC-03", "--file", "review.pdf", "--covers", "2026-03-31..2026-01-01", *COVERS[2:]),
            "ends before it begins",
        ),
        (
            ("AC-03", "--file", "review.pdf", "--covers", "2026-01-01..2098-01-01", *COVERS[2:]),
            "is yet to come",
        ),
        (
            ("AC-03", "--file", "review.pdf", *COVERS[:2], "--valid-until", "2026-03-30"),
            "comes before 2026-03-31",
        ),
        (("AC-03", "--file", "review.pdf", *COVERS[:2], "--valid-until", "soon"), "'soon' is no day"),
    ],
)  # fmt: skip
def test_what_cannot_be_handed_in_leaves_nothing(
    ask: Callable[..., Ended], home: Path, arguments: tuple[str, ...], said: str
) -> None:
    (home / "fake.pdf").write_text("no pdf")
    (home / "big.bin").write_bytes(b"x" * 5_000_001)
    before = recorded(home)
    ended = ask("attestations", "add", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert recorded(home) == before


def test_large_files_go_where_the_configuration_says(ask: Callable[..., Ended], home: Path) -> None:
    (home / "big.bin").write_bytes(b"x" * 5_000_001)
    (home / "kept").mkdir()
    (home / "soc2-pac.toml").write_text(CONFIG + '[attachments]\nfolder = "kept"\n')
    ended = ask("attest", "AC-03", "--file", "big.bin", *COVERS)
    assert ended.code == 0
    assert f"Kept at {(home / 'kept').as_uri()}/attachments/" in ended.out
    (one,) = rows(ask("attestations", "--format", "json"))
    assert ask("attestations", "show", one["attestation"], "-o", "back.bin").code == 0
    assert (home / "back.bin").stat().st_size == 5_000_001
    next((home / "kept").rglob("attachments/*/*")).write_bytes(b"other")
    ended = ask("attestations", "show", one["attestation"], "-o", "other.bin")
    assert (ended.code, "is not the one that was handed in" in ended.err) == (4, True)
    assert not (home / "other.bin").exists()


def test_due_and_revoke(ask: Callable[..., Ended]) -> None:
    def due() -> list[tuple[str, str]]:
        listed = rows(ask("attestations", "list", "--due", "--format", "json"))
        return [(row["topic"], row["state"]) for row in listed]

    both = [("penetration-test", "missing"), ("restore-test", "missing")]
    assert sorted(due()) == [("access-review", "missing"), *both]
    add = ("attest", "BC-01", "--file", "review.pdf", "--topic", "restore-test")
    ended = ask(*add, "--covers", "2026-11-01", "--valid-until", "2099-12-31")
    assert ended.code == 0
    assert sorted(due()) == [("access-review", "missing"), both[0]]
    name = ended.out.split()[0]
    assert ask("attestations", "revoke", name, "--reason", "").code == 2
    assert ask("attestations", "revoke", name, "--reason", "wrong", "--by", "Bob").code == 0
    again = ask("attestations", "revoke", name, "--reason", "wrong")
    assert (again.code, "already" in again.err) == (2, True)
    assert sorted(due()) == [("access-review", "missing"), *both]
    (one,) = rows(ask("attestations", "list", "--format", "json"))
    assert (one["state"], one["revoked_because"]) == ("revoked", "wrong")


# -- runs ---------------------------------------------------------------------------------------------

ONLY = """
[[rules.include]]
rule = "company-*"
reason = "a test"
owner = "ciso"
date = 2026-01-01
"""


def test_a_run_speaks_of_controls(cli: Callable[..., Ended], home: Path) -> None:
    (home / "soc2-pac.toml").write_text(ONLY)
    text = CONTROLS.replace("aws-access-key-*", "company-access-review")
    (home / "controls.toml").write_text(text)
    ended = cli("run")
    assert ended.code == 1
    assert "Controls recorded: 2 added (AC-03, BC-01)." in ended.out
    summary = ended.out.partition("\n\n")[2]
    assert summary.startswith("criterion ")
    assert "Controls: 2 in force, 1 with failures, 2 lack evidence." in ended.out
    assert "  AC-03 Access is reviewed." in ended.out
    assert "Controls recorded" not in cli("run").out
    (home / "controls.toml").write_text(text.replace("Ann", "Cleo"))
    assert "Controls recorded: 1 changed (AC-03)." in cli("run").out
    (home / "controls.toml").unlink()
    (home / "soc2-pac.toml").write_text(ONLY + '[sources.us]\nprovider = "company"\n')
    assert "the 2 controls that were recorded stay in force" in cli("run").out


def test_findings_of_a_control(cli: Callable[..., Ended], home: Path) -> None:
    (home / "soc2-pac.toml").write_text(ONLY)
    text = CONTROLS.replace("aws-access-key-*", "company-*-review")
    (home / "controls.toml").write_text(text)
    assert cli("run", "--quiet").code == 1
    listed = ("findings", "list", "--status", "fail", "--format", "json", "--control")
    found = {row["rule"] for row in rows(cli(*listed, "AC-03"))}
    assert found == {"company-access-review", "company-board-review", "company-vendor-review"}
    # Each finding names its controls, where some are recorded.
    every = rows(cli("findings", "list", "--format", "json"))
    assert {row["rule"]: row["controls"] for row in every}["company-board-review"] == ["AC-03"]
    assert {row["rule"]: row["controls"] for row in every}["company-restore-test"] == []
    head, *lines = cli("findings", "list", "--format", "csv", "--control", "AC-03").out.splitlines()
    assert head.endswith(",controls")
    assert all(line.endswith(",AC-03") for line in lines)
    one = rows(cli(*listed, "AC-03", "--rule", "company-board-review"))
    assert {row["rule"] for row in one} == {"company-board-review"}
    for name, said in (
        ("BC-01", "control BC-01 has no findings: it names no rule"),
        ("AC-3", "there is no control 'AC-3'. Did you mean 'AC-03'?"),
    ):
        ended = cli(*listed, name)
        assert (ended.code, ended.out) == (2, "")
        assert said in ended.err


def test_check_reads_what_people_did(cli: Callable[..., Ended], home: Path) -> None:
    (home / "soc2-pac.toml").write_text(ONLY)
    before = cli("check", "company-restore-test")
    assert (before.code, "no store could be opened" in before.out) == (3, True)
    assert cli("controls", "record").code == 0
    add = ("attest", "BC-01", "--file", "review.pdf", "--topic", "restore-test")
    assert cli(*add, "--covers", "2026-11-01", "--valid-until", "2099-12-31").code == 0
    checked = rows(cli("check", "company-restore-test", "--format", "json"))
    (held,) = [row for row in checked if row["resource"] == "restore-test"]
    assert held["status"] in ("pass", "fail"), "it depends on the day"
    assert "handed in for BC-01, covers up to 2026-11-01" in held["message"]


def test_without_controls_their_rules_say_what_to_do(cli: Callable[..., Ended], home: Path) -> None:
    (home / "soc2-pac.toml").write_text(CONFIG)
    (home / "controls.toml").unlink()
    ended = cli("check", "company-restore-test")
    assert ended.code == 2
    assert "the store holds nothing that people declared. Next: soc2-pac controls init" in ended.err


def test_decisions_are_listed_by_the_store_alone(cli: Callable[..., Ended], home: Path) -> None:
    (home / "soc2-pac.toml").write_text(ONLY)
    assert cli("rules", "decisions", "--store", "sqlite:///soc2-pac.db").code == 2
    assert cli("run", "-q").code in (0, 1, 3)
    (home / "soc2-pac.toml").unlink()
    store = ("--store", "sqlite:///soc2-pac.db", "--format", "json")
    asked: tuple[tuple[str, str], ...] = (
        ("--at", "2100-01-01"),
        ("--period", "2020-01-01..2100-01-01"),
    )
    for when in asked:
        ended = cli("rules", "decisions", *store, *when)
        assert ended.code == 0, ended.err
        (row,) = json.loads(ended.out)
        assert (row["what"], row["sort"], row["findings"]) == ("company-*", "switched off", 0)
        assert row["effect"].endswith("others are switched off")
        assert (row["reason"], row["owner"], row["date"]) == ("a test", "ciso", "2026-01-01")
        assert "roster-no-shared-accounts" in row["rules"]
        assert ("was not recorded" in ended.err) is when[0].endswith("period")
    early = cli("rules", "decisions", *store, "--at", "2020-01-01")
    assert json.loads(early.out) == []
    assert "what was decided before" in early.err
    both = cli(
        "rules", "decisions", *store, "--at", "2026-01-01", "--period", "2026-01-01..2026-01-02"
    )
    assert (both.code, both.out) == (2, "")
