"""Commands over a store: query, accept, verify, copy."""

from __future__ import annotations

import json
import sqlite3
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.cli.summary import unproved
from soc2_pac.store import checkpoint, open_store, schema
from soc2_pac.store.waivers import Waiver

from ..store.helpers import ANN, AWAY, T0, look, one_run, user  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended

HOSTILE = "eve\x1b[2J\n=cmd"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store with two days of history: Bob lost his MFA, Eve's name is hostile, Zoe is elsewhere."""
    name = f"sqlite:///{tmp_path / 'store.db'}"
    teams = look({"t1": {"name": "core"}}, kind="fake.team")
    with open_store(name, create=True) as store:
        users = {"a": user("ann"), "b": user("bob"), "e": user(HOSTILE, GetMfa=False)}
        one_run(store, [teams, look(users), look({"z": user("zoe", GetMfa=False)}, scope=AWAY)])
        day = T0 + timedelta(days=1)
        users["b"] = user("bob", GetMfa=False)
        one_run(store, [look(users, at=day)], at=day)
    return name


@pytest.fixture
def ask(cli: Callable[..., Ended], url: str) -> Callable[..., Ended]:
    """``ask("findings", "list")`` of that store."""
    return lambda *arguments: cli(*arguments, "--store", url)


def _rows(ended: Ended) -> list[dict[str, Any]]:
    assert ended.code == 0
    rows: list[dict[str, Any]] = json.loads(ended.out)
    return rows


def _failing(ask: Callable[..., Ended], *more: str) -> list[dict[str, Any]]:
    return _rows(ask("findings", "--status", "fail", "--format", "json", *more))


# -- findings -----------------------------------------------------------------------------------------


def test_findings_alone_lists_them(ask: Callable[..., Ended]) -> None:
    assert ask("findings") == ask("findings", "list")
    head, *lines = ask("findings").out.splitlines()
    assert head.split() == [
        "status",
        "severity",
        "rule",
        "scope",
        "resource",
        "message",
        "fingerprint",
    ]
    assert len(lines) == 12


def test_findings_are_filtered(ask: Callable[..., Ended]) -> None:
    assert {row["resource"] for row in _failing(ask)} == {"b", "e", "z"}
    assert {row["resource"] for row in _failing(ask, "--scope", "fake:other")} == {"z"}
    assert {row["resource"] for row in _failing(ask, "--resource", "bob")} == {"b"}
    assert _failing(ask, "--criterion", "CC6.2") == []
    assert len(_failing(ask, "--criterion", "CC6")) == 3
    assert len(_failing(ask, "--severity", "high", "--kind", "fake.user")) == 3
    assert _failing(ask, "--severity", "low") == []
    assert _failing(ask, "--provider", "aws") == []


def test_a_hostile_name_steers_neither_terminal_nor_spreadsheet(ask: Callable[..., Ended]) -> None:
    for form in ("table", "csv"):
        text = ask("findings", "--format", form).out
        assert "eve\\x1b[2J\\n=cmd" in text
        assert "\x1b" not in text


def test_findings_for_other_programs(ask: Callable[..., Ended]) -> None:
    run = json.loads(ask("findings", "list", "--format", "sarif").out)["runs"][0]
    assert {result["kind"] for result in run["results"]} == {"fail"}
    assert len(run["results"]) == 3
    passing = json.loads(ask("findings", "--format", "sarif", "--status", "pass").out)["runs"][0]
    assert {result["kind"] for result in passing["results"]} == {"pass"}
    cases = ET.fromstring(ask("findings", "--format", "junit").out).iter("testcase")
    assert len(list(cases)) == 12
    events = [json.loads(line) for line in ask("findings", "--format", "ocsf").out.splitlines()]
    assert len(events) == 12
    for form in ("sarif", "junit", "ocsf"):
        assert "\x1b" not in ask("findings", "--format", form).out


NONE = (
    "No finding matches.\nLast judged on 2026-01-02, more than 7 days earlier: what passed then may not hold now. "
    "Next: soc2-pac run\n"
)


def test_no_finding_matches(ask: Callable[..., Ended]) -> None:
    assert ask("findings", "--status", "error") == (0, "", NONE)


@pytest.mark.parametrize("form", ["table", "json", "sarif", "junit", "ocsf"])
def test_where_nothing_was_judged_no_list_is_empty(
    cli: Callable[..., Ended], tmp_path: Path, form: str
) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with open_store(url, create=True):
        pass
    ended = cli("findings", "list", "--store", url, "--format", form)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == "Nothing was judged yet. Next: soc2-pac run\n"


def test_a_finding_with_its_history(ask: Callable[..., Ended]) -> None:
    (bob,) = _failing(ask, "--resource", "b")
    ended = ask("findings", "show", bob["fingerprint"][:8])
    assert ended.code == 0
    for part in (
        "fake-user-mfa",
        "Users have MFA",
        "MFA is off",
        "CC6.1",
        "failing since",
        "2026-01-02",
    ):
        assert part in ended.out
    assert f"soc2-pac evidence show --finding {bob['fingerprint'][:8]}" in ended.out
    assert f"judged  fake.user  fake:acme  b         {bob['evidence'][:12]}" in ended.out
    history = ended.out[ended.out.index("\nHistory\n") :].splitlines()[3:]
    assert [line.split()[2 if n == 0 else 1] for n, line in enumerate(history)] == ["pass", "fail"]


def test_a_fingerprint_that_is_none_or_many(ask: Callable[..., Ended]) -> None:
    assert "no current finding has" in ask("findings", "show", "zzz").err
    assert "12 findings have" in ask("findings", "show", "").err


# -- evidence -----------------------------------------------------------------------------------------


def test_evidence_lists_current_documents_or_all(ask: Callable[..., Ended]) -> None:
    current = _rows(ask("evidence", "--kind", "fake.user", "--format", "json"))
    assert [row["resource"] for row in current] == ["a", "b", "e", "z"]
    every = _rows(ask("evidence", "list", "--kind", "fake.user", "--history", "--format", "json"))
    assert [row["resource"] for row in every].count("b") == 2
    assert len(every) == 5


def test_evidence_of_an_instant(ask: Callable[..., Ended]) -> None:
    day_one = json.loads(ask("evidence", "show", "b", "--at", "2026-01-01T12:00:00Z").out)
    today = json.loads(ask("evidence", "show", "bob").out)
    assert (day_one["GetMfa"], today["GetMfa"]) == (True, False)
    (row,) = _rows(ask("evidence", "--resource", "b", "--format", "json"))
    assert json.loads(ask("evidence", "show", row["digest"][:10]).out) == today


def test_a_document_cannot_steer_the_terminal(cli: Callable[..., Ended], tmp_path: Path) -> None:
    odd = "c1 \x9b2J, bidi \u202e, tag \U000e0041, lone \ud800, nul \0, zürich 東京"
    url = f"sqlite:///{tmp_path / 'odd.db'}"
    with open_store(url, create=True) as store:
        one_run(store, [look({"o": user("odd", note="before")})])
        day = T0 + timedelta(days=1)
        one_run(store, [look({"o": user("odd", note=odd)}, at=day)], at=day)
    shown = cli("evidence", "show", "o", "--store", url)
    assert json.loads(shown.out)["note"] == odd
    changed = cli("evidence", "diff", "o", "--store", url)
    assert changed.code == 1
    for text in (shown.out, changed.out):
        assert "zürich 東京" in text
        assert all(c.isprintable() or c == "\n" for c in text)


def test_evidence_diff(ask: Callable[..., Ended]) -> None:
    ended = ask("evidence", "diff", "b")
    assert ended.code == 1
    changed = [line for line in ended.out.splitlines()[2:] if line[0] in "+-"]
    assert [line.replace(",", "") for line in changed] == [
        '-  "GetMfa": true',
        '+  "GetMfa": false',
    ]
    assert ask("evidence", "diff", "a").out.startswith("There is one version only")
    assert ask("evidence", "diff", "a").code == 0


@pytest.mark.parametrize("command", ["show", "diff"])
def test_evidence_of_something_unknown(ask: Callable[..., Ended], command: str) -> None:
    ended = ask("evidence", command, "nobody")
    assert (ended.code, ended.out) == (2, "")
    assert "'nobody'" in ended.err
    assert "Next: " in ended.err


def test_a_time_that_is_none(ask: Callable[..., Ended]) -> None:
    ended = ask("evidence", "list", "--at", "yesterday")
    assert ended.code == 2
    assert "--at: 'yesterday' is no date" in ended.err


# -- waivers ------------------------------------------------------------------------------------------


def test_a_waiver_from_beginning_to_end(ask: Callable[..., Ended], url: str) -> None:
    # The rules of this store are no installed ones, so the first waiver is written below the command.
    with open_store(url) as store:
        waiver = store.add_waiver(
            rule="fake-user-mfa", reason="=known", owner="ann", approver="cto", by=ANN, resource="b", scope=None,
            expires_at=T0 + timedelta(days=36500),
        )  # fmt: skip
    (line,) = ask("waivers", "list").out.splitlines()[1:]
    assert line.startswith(f"{waiver}  active")
    assert "fail (waived)" in ask("findings", "--resource", "b").out
    assert {row["resource"] for row in _failing(ask, "--not-waived")} == {"e", "z"}
    assert {row["resource"] for row in _failing(ask, "--waived")} == {"b"}
    word = "not proved: on the word of ann (user ann)"
    (row,) = _failing(ask, "--waived")
    assert row["approval"] == word
    assert f"approval        {word}" in ask("findings", "show", row["fingerprint"]).out
    (one,) = json.loads(ask("waivers", "list", "--format", "json").out)
    assert (one["approver"], one["approval"]) == ("cto", word)
    kept = {name: value for name, value in one.items() if name not in ("approval", "state")}
    what = f"the approver is not proved: {waiver} (approver cto). Next: soc2-pac waivers list"
    assert unproved([Waiver(**kept)]) == [f"Accepted on one person's word, {what}"]
    assert ",'=known," in ask("waivers", "--format", "csv").out
    assert ask("waivers", "revoke", waiver, "--reason", "mended").out == f"{waiver} revoked.\n"
    assert ask("waivers", "list", "--active") == (0, "", "No waivers.\n")
    assert "revoked" in ask("waivers").out
    assert "fail (waived)" not in ask("findings", "--resource", "b").out


SOON = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"


def _waive(ask: Callable[..., Ended], *options: str, expires: str = SOON) -> Ended:
    terms = ("--reason", "r", "--owner", "o", "--approver", "a", "--expires", expires)
    return ask("waivers", "add", "aws-root-mfa", *terms, *options)


def test_waiving_says_what_it_covers(ask: Callable[..., Ended]) -> None:
    ended = _waive(ask, "--ahead")
    assert ended.code == 0
    assert "It covers 0 current failures, which stay visible as waived.\n" in ended.out
    assert ended.out.endswith("That a agreed is on the word of o: nothing proves it.\n")
    again = _waive(ask, "--ahead")
    assert (again.code, again.out) == (2, "")
    assert f"accepts the same until {SOON} already. Next: soc2-pac waivers list" in again.err
    assert _waive(ask, "--ahead", "--resource", "bob").code == 0, "another resource"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "the rule has no current failure of aws-root-mfa: the waiver would cover nothing"),
        (("--resource", "bob"), "'bob' has no current failure of aws-root-mfa"),
        (("--scope", "fake:acmee"), "no scope in the store is 'fake:acmee'. Did you mean"),
    ],
)
def test_a_waiver_that_covers_nothing_is_refused(
    ask: Callable[..., Ended], options: tuple[str, ...], says: str
) -> None:
    ended = _waive(ask, *options)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
    assert ask("waivers", "list", "--format", "json").out.strip() == "[]"


def test_a_waiver_lasts_no_longer_than_configured(ask: Callable[..., Ended]) -> None:
    assert "a waiver lasts 365 days at most" in _waive(ask, "--ahead", expires="2999-01-01").err


def test_nobody_approves_a_waiver_of_their_own(ask: Callable[..., Ended]) -> None:
    ended = _waive(ask, "--ahead", "--approver", " O ")
    assert (ended.code, ended.out) == (2, "")
    assert "o cannot approve a waiver of their own: name somebody else" in ended.err
    for owner, approver in (
        ("Ana Kovac", "ana.kovac"), ("Ana Kovac", "Kovac, Ana"), ("Ana Kovac", "Ana  Kova\u010d"),
        ("Ana Kovac", "\u0410na Kovac"), ("Ann Ray", "ann  ray"),
    ):  # fmt: skip
        refused = _waive(ask, "--ahead", "--owner", owner, "--approver", approver)
        assert "cannot approve a waiver of their own" in refused.err, approver
    assert "a waiver needs an approver" in _waive(ask, "--ahead", "--approver", " ").err
    assert ask("waivers", "list", "--format", "json").out.strip() == "[]"


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("*", {"b", "e", "z"}), ("b*", {"b"}), ("e", {"e"}), ("?", set()), ("[be]*", set()),
        ("*2J*", {"e"}), ("user*", set()),
    ],
)  # fmt: skip
def test_a_waiver_over_a_pattern(
    ask: Callable[..., Ended], url: str, pattern: str, covered: set[str]
) -> None:
    with open_store(url) as store:
        store.add_waiver(
            rule="fake-user-mfa", reason="r", owner="ann", approver="cto", by=ANN, pattern=pattern,
            expires_at=datetime.now(UTC) + timedelta(days=10),
        )  # fmt: skip
        (waiver,) = store.waivers(active=True)
        found = store.findings(rules=["fake-user-mfa"])
        told = {
            f.resource
            for f in found
            if f.status == "fail" and waiver.covers(f.scope, f.resource, f.resource_name)
        }
    assert {row["resource"] for row in _failing(ask, "--waived")} == covered == told
    assert "Waivers that end within 14 days: w-" in ask("waivers").err


# -- what leaves ----------------------------------------------------------------------------------------


def test_archiving_and_looking_at_it_again(ask: Callable[..., Ended], tmp_path: Path) -> None:
    file = tmp_path / "old.jsonl"
    terms = ("--reason", "kept for two years", "--owner", "dpo", "-o", str(file))
    assert "nothing to archive" in ask("db", "archive", "--before", "2020-01-01", *terms).out
    assert not file.exists()
    assert "lies in the future" in ask("db", "archive", "--before", "2999-01-01", *terms).err
    ended = ask("db", "archive", "--before", "2026-06-01", *terms)
    if "nothing to archive" not in ended.out:
        assert f"to {file}; digest" in ended.out
        assert ask("verify").code == 0


def test_erasing_asks_first(ask: Callable[..., Ended]) -> None:
    terms = ("--reason", "asked for", "--owner", "dpo")
    asked = ask("evidence", "erase", "b", *terms)
    assert (asked.code, asked.out) == (2, "")
    assert "say --yes" in asked.err
    ended = ask("evidence", "erase", "b", *terms, "--yes")
    assert (ended.code, ended.out) == (2, "")
    assert "b is still there: delete it at its provider first" in ended.err


def test_retiring_a_scope(ask: Callable[..., Ended]) -> None:
    terms = ("--reason", "sold", "--owner", "ciso")
    assert "fake:other" in ask("sources").out
    assert "Did you mean 'fake:other'?" in ask("sources", "retire", "fake:othe", *terms).err
    assert ask("sources", "retire", "fake:other", *terms).out.startswith("Retired 1 scope:")
    (row,) = [line for line in ask("sources").out.splitlines() if "fake:other" in line]
    assert row.rstrip().endswith("sold (ciso)")
    assert ask("sources", "retire", "fake:other", *terms).code == 2
    assert ask("verify").code == 0


# -- filters ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (
            ("findings", "list", "--provider", "awss"),
            "there is no provider 'awss'. Did you mean 'aws'?",
        ),
        (("findings", "list", "--kind", "aws.s3.buckets"), "Did you mean 'aws.s3.bucket'?"),
        (
            ("findings", "list", "--scope", "fake:acm"),
            "no scope in the store is 'fake:acm'. Did you mean",
        ),
        (("findings", "list", "--scope", "aws:1111*"), "no scope in the store is 'aws:1111*'"),
        (("evidence", "list", "--kind", "aws.s3.buckets"), "Did you mean 'aws.s3.bucket'?"),
        (("evidence", "list", "--scope", "aws:1111"), "no scope in the store is 'aws:1111'"),
        (
            ("people", "list", "--system", "githubb"),
            "there is no system 'githubb'. Did you mean 'github'?",
        ),
    ],
)
def test_a_filter_that_can_match_nothing_is_refused(
    ask: Callable[..., Ended], command: tuple[str, ...], says: str
) -> None:
    ended = ask(*command)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


def test_a_filter_that_matches_nothing_yet_is_answered(ask: Callable[..., Ended]) -> None:
    ended = ask("findings", "list", "--provider", "aws", "--kind", "aws.s3.bucket")
    assert (ended.code, ended.err) == (0, NONE)


# -- waivers that cannot be -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "expires", "says"),
    [
        ("aws-root-mfaa", SOON, "Did you mean 'aws-root-mfa'?"),
        ("aws-root-mfa", "soon", "--expires: 'soon' is no date"),
        ("aws-root-mfa", "2020-01-01", "2020-01-01"),
    ],
)
def test_a_waiver_that_cannot_be(
    ask: Callable[..., Ended], rule: str, expires: str, says: str
) -> None:
    terms = ("--reason", "r", "--owner", "o", "--approver", "a", "--expires", expires)
    ended = ask("waivers", "add", rule, *terms)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


# -- integrity ----------------------------------------------------------------------------------------


def test_verify_of_a_sound_store(ask: Callable[..., Ended], tmp_path: Path) -> None:
    ended = ask("verify")
    assert ended.code == 0
    assert "Everything is as it was written." in ended.out
    assert "Not checked: whether the tail was cut off" in ended.out
    assert ask("checkpoint", "--output", "kept.json").out == "Wrote kept.json.\n"
    with_checkpoint = ask("verify", "--checkpoint", "kept.json")
    assert with_checkpoint.code == 0
    assert "Not checked" not in with_checkpoint.out
    assert "not signed; it is as good as the place where it was kept." in with_checkpoint.out


def test_verify_since_a_checkpoint_says_what_it_read(
    ask: Callable[..., Ended], tmp_path: Path
) -> None:
    ask("checkpoint", "--output", "kept.json")
    ended = ask("verify", "--since", "kept.json")
    assert (ended.code, ended.err) == (0, "")
    assert "Everything that was checked is as it was written." in ended.out
    assert "the 1 in 30 whose turn is today" in ended.out
    assert "Not read: the rest of what is older." in ended.out
    old = {**json.loads((tmp_path / "kept.json").read_text(encoding="utf-8"))}
    del old["ends"]
    (tmp_path / "old.json").write_text(
        json.dumps({**old, "format": "soc2-pac checkpoint 1"}), encoding="utf-8"
    )
    assert ask("verify", "--checkpoint", "old.json").code == 0
    refused = ask("verify", "--since", "old.json")
    assert refused.code == 2
    assert "Next: verify --checkpoint with it once, then take a new one" in refused.err


def test_keys_are_made_listed_replaced_and_revoked(
    cli: Callable[..., Ended], ask: Callable[..., Ended], tmp_path: Path
) -> None:
    assert "No key is listed." in ask("checkpoint", "keys").err
    made = cli("checkpoint", "keygen", "key.pem")
    assert made.code == 0
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    assert cli("checkpoint", "keygen", "key.pem").code == 2
    key_id, public = (
        next(line.split()[-1] for line in made.out.splitlines() if line.startswith(start))
        for start in ("Key id:", "Public key:")
    )
    settings = tmp_path / "soc2-pac.toml"
    before = settings.read_text(encoding="utf-8") if settings.exists() else ""
    settings.write_text(before + '\n[signing]\nkey = { file = "key.pem" }\n', encoding="utf-8")
    unlisted = ask("checkpoint", "-o", "one.json")
    assert (unlisted.code, f"does not list the key {key_id}" in unlisted.err) == (0, True)
    terms = ("--reason", "first key", "--owner", "ciso")
    assert ask("checkpoint", "trust", *terms).out == f"The key {key_id} signs from now on.\n"
    assert ask("checkpoint", "trust", public, *terms).code == 2
    listed = json.loads(ask("checkpoint", "keys", "--format", "json").out)
    assert [(key["key_id"], key["revoked_at"]) for key in listed] == [(key_id, None)]
    taken = ask("checkpoint", "-o", "two.json")
    assert (taken.code, taken.err) == (0, "")
    assert json.loads((tmp_path / "two.json").read_text())["signature"]["key_id"] == key_id
    # Several keys may be trusted: in the option, or a line each in a file.
    (tmp_path / "trusted.txt").write_text(f"{'A' * 43}=\n{public}\n", encoding="utf-8")
    trusted = ask("verify", "--checkpoint", "two.json", "--public-key", "trusted.txt")
    assert trusted.code == 0
    assert f"signed by the key {key_id}, which you named." in trusted.out
    alone = ask("verify", "--checkpoint", "two.json")
    assert f"signed by the key {key_id}, by its own word. Next: --public-key" in alone.out
    other = ask("verify", "--checkpoint", "two.json", "--public-key", "A" * 43 + "=")
    assert (other.code, "signed by another key" in other.err) == (4, True)
    nonsense = ask("verify", "--public-key", "nonsense")
    assert (nonsense.code, "neither a file nor a public key" in nonsense.err) == (2, True)
    # A checkpoint that the key signs after it was revoked proves nothing.
    private = (tmp_path / "key.pem").read_text(encoding="utf-8")
    assert ask("checkpoint", "revoke", "0" * 16, *terms).code == 2
    assert ask("checkpoint", "revoke", key_id, "--reason", "lost", "--owner", "ciso").code == 0
    assert "was revoked on" in ask("checkpoint", "-o", "three.json").err
    assert ask("verify", "--checkpoint", "two.json").code == 0
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        late = checkpoint.dump(store.checkpoint(), private)
    (tmp_path / "late.json").write_text(late, encoding="utf-8")
    ended = ask("verify", "--checkpoint", "late.json")
    assert ended.code == 4
    assert f"was signed by {key_id}, which was revoked on" in ended.out
    unknown = checkpoint.generate_key()[0]
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        strange = checkpoint.dump(store.checkpoint(), unknown)
    (tmp_path / "strange.json").write_text(strange, encoding="utf-8")
    assert "which the store does not list" in ask("verify", "--checkpoint", "strange.json").out


def test_verify_of_an_edited_store_ends_in_4(ask: Callable[..., Ended], tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("UPDATE evidence SET body = replace(body, 'false', 'true')")
    connection.close()
    ended = ask("verify")
    assert ended.code == 4
    assert "problems:" in ended.out
    problems = json.loads(ask("verify", "--format", "json").out)
    assert problems
    assert set(problems[0]) == {"where", "what"}


def test_a_checkpoint_is_never_overwritten(ask: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "kept.json").write_text("mine", encoding="utf-8")
    ended = ask("checkpoint", "-o", "kept.json")
    assert ended.code == 2
    assert (tmp_path / "kept.json").read_text(encoding="utf-8") == "mine"


def test_a_checkpoint_on_standard_output_is_json(ask: Callable[..., Ended]) -> None:
    ended = ask("checkpoint")
    assert set(json.loads(ended.out)) >= {"count", "head", "seq", "store"}
    assert "not signed" in ended.err


def test_something_that_is_no_checkpoint(ask: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    ended = ask("verify", "--checkpoint", "x.json")
    assert ended.code in (2, 4)
    assert ended.err.startswith("Error: ")


# -- db -----------------------------------------------------------------------------------------------


def test_upgrade_creates_and_then_has_nothing_to_do(cli: Callable[..., Ended]) -> None:
    first = cli("db", "upgrade", "--store", "sqlite:///new.db")
    assert first.code == 0
    assert f"schema none -> {schema.HEAD}" in first.out
    assert (
        f"has schema {schema.HEAD} already"
        in cli("db", "upgrade", "--store", "sqlite:///new.db").out
    )


def test_copy(cli: Callable[..., Ended], url: str) -> None:
    target = "sqlite:///copy.db"
    ended = cli("db", "copy", url, target)
    assert ended.code == 0
    assert ended.out.endswith("The copy is sound.\n")
    options = ("findings", "--format", "json", "--store")
    assert cli(*options, target) == cli(*options, url)
    again = cli("db", "copy", url, target)
    assert (again.code, again.out) == (2, "")
    assert "Traceback" not in again.err


@pytest.mark.parametrize(
    "wrong",
    ["sqlite:///nowhere.db", "mysql://x@y/z", "nonsense", "postgresql://u:s3cret@127.0.0.1:1/x"],
)
def test_a_store_that_is_not_there(cli: Callable[..., Ended], wrong: str) -> None:
    ended = cli("findings", "--store", wrong)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Error: ")
    assert "Traceback" not in ended.err
    assert "s3cret" not in ended.err
