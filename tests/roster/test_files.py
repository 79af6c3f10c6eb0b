"""Reading the files: what survives, what is marked, and what is no roster at all."""

from __future__ import annotations

import os
import pickle
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_collectors.roster import RosterProvider
from soc2_collectors.roster.people import accounts, people
from soc2_collectors.roster.permissions import FILES
from soc2_collectors.roster.settings import RosterSettings
from soc2_pac import config as configuration
from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Unit, run_unit
from soc2_pac.config import SourceSettings
from soc2_pac.errors import CallRefused, ConfigError, ProviderError, UsageError
from soc2_pac.identity import Link, Person, Strength
from soc2_pac.model import EVERYWHERE, CollectionStatus, Document, Scope
from soc2_pac.resources import view

SCOPE = Scope("roster", "acme")
PEOPLE = """id,name,mails,status,joined_at,left_at,manager,department,access_reviewed_at
1001,Ann Berg,ann@acme.example,active,2024-02-01,,1003,Platform,2025-11-20
1002,Bob Lind,bob@acme.example; b.lind@acme.example,Left,2023-01-01,2025-12-20,1001,Sales,
"""
ACCOUNTS = """system,login,person,sort,note
github,annb,1001,,
github:acme,deploy-bot,1001,service,releases
aws,ops,,shared,
"""


def roster(
    folder: Path, text: str | bytes = PEOPLE, mapping: str | None = None, **more: Any
) -> Any:
    file = folder / "people.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    if mapping is not None:
        (folder / "accounts.csv").write_text(mapping, encoding="utf-8")
        more["accounts"] = str(folder / "accounts.csv")
    return RosterSettings(organization="acme", people=str(file), **more)


def client(made: RosterSettings, *calls: str) -> Any:
    connection = RosterProvider().connect(made)
    meter = fetch.Meter(Limits())
    return connection.client(SCOPE, meter, frozenset(calls or FILES))


def documents(made: RosterSettings) -> list[Document]:
    return list(people.function(client(made)))


def look(made: RosterSettings, kind: str = "roster.person") -> fetch.UnitResult:
    fetch.forget_connections()
    return run_unit(Unit(kind, SCOPE, SourceSettings("hr", "roster", made)), Limits())


def test_people(tmp_path: Path) -> None:
    ann, bob = documents(roster(tmp_path))
    assert (ann.uid, ann.name) == ("1001", "Ann Berg")
    assert bob.body["mails"] == ["bob@acme.example", "b.lind@acme.example"]
    assert bob.body["left_at"] == "2025-12-20T00:00:00.000Z"
    assert isinstance(bob.body["row"], dict)
    assert bob.body["row"]["status"] == "Left", "as it stands in the file"
    seen = view(people.resource, canonical(bob.body))
    (person,) = seen.identities(SCOPE)
    assert isinstance(person, Person)
    assert (person.active, person.source, person.department) == (False, "roster:acme", "Sales")


def test_the_mapping(tmp_path: Path) -> None:
    made = roster(tmp_path, mapping=ACCOUNTS)
    found = list(accounts.function(client(made)))
    links = [
        link
        for document in found
        for link in view(accounts.resource, canonical(document.body)).identities(SCOPE)
    ]
    assert links == [
        Link("github", "annb", "1001", "accounts.csv line 2", Strength.MAPPING, "person"),
        Link(
            "github:acme", "deploy-bot", "1001", "accounts.csv line 3", Strength.MAPPING, "service",
            "releases",
        ),
        Link("aws", "ops", None, "accounts.csv line 4", Strength.MAPPING, "shared"),
    ]  # fmt: skip


def test_no_mapping_is_a_complete_look_at_nothing(tmp_path: Path) -> None:
    result = look(roster(tmp_path), "roster.account")
    assert (result.status, result.count) == (CollectionStatus.COMPLETE, 0)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"\xef\xbb\xbf" + PEOPLE.encode(), id="byte order mark"),
        pytest.param(PEOPLE.replace("\n", "\r\n"), id="Windows"),
        pytest.param(PEOPLE.replace("id,name", '"ID",Name '), id="header in quotes and other case"),
        pytest.param(PEOPLE + "\n,,,,,,,,\n", id="empty rows"),
        pytest.param(PEOPLE + PEOPLE.splitlines()[1] + "\n", id="the same row twice"),
    ],
)
def test_files_as_they_come(tmp_path: Path, text: str | bytes) -> None:
    assert [(d.uid, d.body["status"]) for d in documents(roster(tmp_path, text))] == [
        ("1001", "active"),
        ("1002", "left"),
    ]


def test_columns_words_and_delimiter_of_their_own(tmp_path: Path) -> None:
    text = "Employee ID;Work Email;Beschäftigung;Salary\n7;x@acme.example;angestellt;90000\n"
    made = roster(
        tmp_path,
        text,
        columns={"id": "Employee ID", "mails": "Work Email", "status": "Beschäftigung"},
        active=("Angestellt",),
        delimiter=";",
    )
    (document,) = documents(made)
    assert document.body["status"] == "active"
    assert "90000" not in str(document.body), "what nobody asks for is not kept"
    seen = view(people.resource, canonical(document.body))
    with pytest.raises(Exception, match="access_reviewed_at was not collected"):
        _ = seen.access_reviewed_at  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("1003,Cyd", "it has 2 columns, the header 9"),
        (",Cyd,c@acme.example,active,,,,,", "it has no id"),
        ("1003,Cyd,c@acme.example,perhaps,,,,,", "the status 'perhaps' is among neither"),
        ("1003,Cyd,nobody,active,,,,,", "'nobody' is no mail address"),
        ("1003,Cyd,,active,31.12.2025,,,,", "joined_at '31.12.2025' is no date"),
        ("1003,Cyd,,active,2025-13-01,,,,", "joined_at '2025-13-01' is no date"),
        ("1003,Cyd,,active,20250101,,,,", "joined_at '20250101' is no date"),
        ("1003," + "x" * 10_001 + ",,active,,,,,", "longer than 10000 characters"),
    ],
)
def test_a_malformed_row_is_kept_and_marked_and_the_rest_survives(
    tmp_path: Path, row: str, problem: str
) -> None:
    ann, bob, marked = documents(roster(tmp_path, PEOPLE + row + "\n"))
    assert (ann.uid, bob.uid) == ("1001", "1002")
    assert marked.uid.startswith("malformed:")
    assert problem in str(marked.body["malformed"])
    assert marked.body["row"]
    seen = view(people.resource, canonical(marked.body))
    assert list(seen.identities(SCOPE)) == []
    assert look(roster(tmp_path, PEOPLE + row + "\n")).status is CollectionStatus.PARTIAL


def test_an_id_with_two_different_rows_is_nobodys(tmp_path: Path) -> None:
    text = PEOPLE + "1001,Ann Berg,ann@acme.example,left,,2025-12-01,,,\n"
    found = documents(roster(tmp_path, text))
    marked = [d for d in found if d.uid.startswith("malformed:")]
    assert len(marked) == 2
    assert {d.body["malformed"] for d in marked} == {
        "the id 1001 stands on lines 2 and 4, with different rows"
    }
    assert [d.uid for d in found if d not in marked] == ["1002"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("github,", "columns"),
        (",annb,1001,,", "it names no system"),
        ("github,annb,,,", "it names no person"),
        ("github,annb,1001,boss,", "the sort 'boss' is none of"),
    ],
)
def test_a_malformed_line_of_the_mapping(tmp_path: Path, line: str, problem: str) -> None:
    made = roster(tmp_path, mapping=f"{ACCOUNTS}{line}\n")
    *_, marked = accounts.function(client(made))
    assert problem in str(marked.body["malformed"])
    assert list(view(accounts.resource, canonical(marked.body)).identities(SCOPE)) == []
    assert look(made, "roster.account").count == 4


def test_a_line_of_the_mapping_that_stands_twice_counts_once(tmp_path: Path) -> None:
    made = roster(tmp_path, mapping=ACCOUNTS + "GitHub,AnnB,1001,person,\n")
    assert look(made, "roster.account").count == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "people.csv is empty"),
        ("\n", "people.csv is empty"),
        (PEOPLE.splitlines()[0] + "\n", "an empty roster is no roster"),
        ("id,name\n1,x\n", "people.csv has no column 'mails'; it has id, name"),
        ("id,id,mails,status\n1,1,,active\n", "has the column 'id' more than once"),
        (PEOPLE + '1003,"Cyd', "unexpected end of data"),
        (PEOPLE.encode() + b"\xff\xfe", "people.csv is not UTF-8"),
    ],
)
def test_what_is_no_roster_is_a_failed_look(tmp_path: Path, text: str | bytes, reason: str) -> None:
    result = look(roster(tmp_path, text))
    assert result.status in (CollectionStatus.FAILED, CollectionStatus.PARTIAL)
    assert reason in result.reason


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    made = RosterSettings(organization="acme", people=str(tmp_path / "people.csv"))
    assert look(made).status is CollectionStatus.FAILED
    assert look(made).reason == "there is no file people.csv"
    with pytest.raises(ProviderError, match="there is no file"):
        RosterProvider().connect(made).whoami()
    folder = RosterSettings(organization="acme", people=str(tmp_path))
    assert "cannot be read" in look(folder).reason


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = roster(tmp_path)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    result = look(made)
    assert result.status is CollectionStatus.DENIED
    assert result.permission == "read access to people.csv"


def test_a_file_that_is_too_large_or_too_old(tmp_path: Path) -> None:
    assert "larger than 100 bytes" in look(roster(tmp_path, max_bytes=100)).reason
    made = roster(tmp_path)
    then = time.time() - 40 * 86400
    os.utime(made.people, (then, then))
    assert "over 31 days before" in look(made).reason
    assert look(msgspec.structs.replace(made, max_age_days=60)).count == 2


def test_a_configured_column_that_is_not_there(tmp_path: Path) -> None:
    result = look(roster(tmp_path, columns={"department": "Team"}))
    assert "people.csv has no column 'Team'" in result.reason


def test_only_declared_files_are_opened(tmp_path: Path) -> None:
    with pytest.raises(CallRefused, match="READ people"):
        list(client(roster(tmp_path), "READ accounts").people())


def test_the_connection(tmp_path: Path) -> None:
    connection = RosterProvider().connect(roster(tmp_path))
    assert list(connection.discover("organization", EVERYWHERE, fetch.Meter(Limits()))) == [SCOPE]
    assert list(connection.discover("account", EVERYWHERE, fetch.Meter(Limits()))) == []
    assert connection.whoami().account == "acme"
    assert connection.spent == {}
    assert pickle.loads(pickle.dumps(roster(tmp_path))) == roster(tmp_path)


def test_permissions_name_the_files() -> None:
    declared = {
        call
        for collector in plugins.load().collectors.values()
        if collector.provider == "roster"
        for call in collector.calls
    }
    assert declared == set(FILES)
    text = RosterProvider().permissions(sorted(declared), "text")
    assert "the file of people" in text
    with pytest.raises(UsageError, match="use text"):
        RosterProvider().permissions([], "json")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"organization": "a/b"}, "no name of a scope"),
        ({"people": " "}, "name files"),
        ({"columns": {"salary": "x"}}, "'salary' is none of id"),
        ({"active": ["x"], "left": ["X"]}, "share a word"),
        ({"delimiter": "ab"}, "name one character"),
        ({"max_bytes": 0}, "at least 1"),
    ],
)
def test_wrong_settings(more: dict[str, Any], said: str) -> None:
    table = {"provider": "roster", "organization": "acme", "people": "p.csv", **more}
    parsed = configuration.parse({"sources": {"hr": table}}, None)
    with pytest.raises(ConfigError, match=said):
        parsed.sources(plugins.load().providers)


def test_paths_count_from_the_configurations_own_folder(tmp_path: Path) -> None:
    table = {
        "provider": "roster",
        "organization": "acme",
        "people": "hr/p.csv",
        "accounts": "/a.csv",
    }
    parsed = configuration.parse({"sources": {"hr": table}}, tmp_path / "soc2-pac.toml")
    made = parsed.sources(plugins.load().providers)["hr"].settings
    assert made.people == str(tmp_path.resolve() / "hr/p.csv")
    assert made.accounts == "/a.csv"


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet='id,"\n;\r\0ä@.x', max_size=60) | st.binary(max_size=60))
def test_no_file_breaks_the_reader(tmp_path_factory: Any, text: str | bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    header = b"id,mails,status\n"
    content = header + (text if isinstance(text, bytes) else text.encode())
    try:
        found = documents(roster(folder, content))
    except ProviderError:
        return
    assert found
    for document in found:
        view(people.resource, canonical(document.body))
