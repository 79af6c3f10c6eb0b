"""What a question in SQL reads and calls: found in its text, before a database sees it.

A question may be one SELECT over the documented views. This reader is strict: what it cannot place it refuses.
The database enforces the rest; see :mod:`soc2_pac.store.sandbox` for what each of the two guarantees.

Source: the lexical structure of SQL in the manuals of PostgreSQL (4.1) and SQLite ("The SQLite tokenizer", list of
keywords), where the two differ in a way that matters (brackets, nested comments, dollar quotes), it is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.errors import UsageError
from soc2_pac.store import tables
from soc2_pac.text import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "v_attestations": (
        "attestation", "control", "topic", "covers_from", "covers_to", "valid_until",
        "received_at", "file_name", "digest", "size", "media_type", "location", "note",
        "systems", "handed_in_by", "os_user", "login", "revoked_at", "revoked_because",
        "revoked_by",
    ),
    "v_collections": (
        "id", "run", "source", "scope", "kind", "status", "reason", "permission", "requests",
        "pages", "count", "gaps", "asked", "read", "root", "started_at", "finished_at",
        "collector_version", "opened", "closed",
    ),
    "v_controls": (
        "control", "valid_from", "valid_to", "wording", "owner", "frequency", "grace_days",
        "criteria", "rules", "attestations", "populations", "set_by", "os_user", "login",
    ),
    "v_criteria": (
        "criterion", "rule", "severity", "status", "findings", "outside",
    ),
    "v_evidence": (
        "scope", "kind", "resource", "resource_name", "digest", "valid_from", "valid_to",
        "observed_at", "opened_by_collection", "closed_by_collection", "body",
    ),
    "v_finding_counts": (
        "rule", "title", "severity", "criteria", "provider", "scope", "kind", "status", "outside",
        "findings",
    ),
    "v_finding_documents": (
        "fingerprint", "rule", "role", "kind", "scope", "resource", "digest", "collection",
    ),
    "v_finding_history": (
        "fingerprint", "rule", "severity", "scope", "kind", "resource", "status", "message",
        "evidence", "valid_from", "valid_to", "failing_since", "sla_due",
        "opened_by_evaluation", "closed_by_evaluation", "rule_version", "thresholds", "basis",
        "outside", "adjustment",
    ),
    "v_findings": (
        "fingerprint", "rule", "title", "severity", "criteria", "thresholds", "provider",
        "scope", "kind", "resource", "resource_name", "status", "message", "evidence", "since",
        "failing_since", "sla_due", "until", "waiver", "basis", "outside", "adjustment",
    ),
    "v_populations": (
        "collection", "run", "source", "scope", "kind", "status", "reason", "permission",
        "instant", "parameters", "cursor", "total", "read", "added", "read_root", "count",
        "root", "pages", "requests", "started_at", "finished_at", "collector_version",
    ),
    "v_review_decisions": (
        "review", "grant_row", "label", "decision", "reason", "reviewer", "decided_at",
        "decided_by", "os_user", "login", "file", "counts", "own", "remove_by", "gone_by",
        "gone_collections", "not_checked",
    ),
    "v_reviews": (
        "review", "state", "systems", "started_at", "started_by", "os_user", "login", "due",
        "partial", "population", "grants", "accounts", "privileged", "unmatched",
        "members_not_read", "removal_days", "decided", "closed_at", "closed_by", "cancelled_at",
        "cancelled_by", "cancelled_because",
    ),
    "v_runs": (
        "id", "command", "started_at", "finished_at", "status", "tool_version", "config_digest",
        "collections", "complete", "requests",
    ),
    "v_waivers": (
        "waiver", "rule", "scope", "resource", "reason", "owner", "added_at", "expires_at",
        "revoked_at", "revoked_because", "revoked_by", "approver", "pattern", "os_user",
        "login",
    ),
}  # fmt: skip
"""The documented views and their columns; a test holds it against the schema."""

VIEWS = frozenset(COLUMNS)

_BOTH = """
    abs avg ceil ceiling coalesce concat concat_ws count cume_dist dense_rank exp first_value floor lag last_value
    lead length ln log lower ltrim max min mod nth_value ntile nullif percent_rank power rank replace round
    row_number rtrim sign sqrt string_agg substr substring sum trim upper
"""
_SQLITE = """
    char date datetime format glob group_concat hex if ifnull iif instr json json_array json_array_length json_each
    json_extract json_group_array json_group_object json_object json_quote json_tree json_type json_valid julianday
    like octet_length printf quote strftime time timediff total typeof unicode unixepoch -> ->>
"""
_POSTGRESQL = """
    age array_agg array_length array_to_string ascii bool_and bool_or btrim cardinality char_length chr date_part
    date_trunc every extract generate_series greatest initcap json_agg json_array_elements json_array_elements_text
    json_array_length json_build_array json_build_object json_each json_each_text json_extract_path
    json_extract_path_text json_object_agg json_object_keys json_typeof jsonb_agg jsonb_array_elements
    jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text
    jsonb_extract_path jsonb_extract_path_text jsonb_object_agg jsonb_object_keys jsonb_path_exists
    jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_typeof least left make_interval md5 mode
    now octet_length overlay percentile_cont percentile_disc position regexp_count regexp_like regexp_match
    regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr reverse right
    split_part starts_with stddev string_to_array strpos to_char to_date to_json to_jsonb to_timestamp unnest
    variance
"""
FUNCTIONS: Mapping[bool, frozenset[str]] = {
    True: frozenset((_BOTH + _SQLITE).split()),
    False: frozenset((_BOTH + _POSTGRESQL).split()),
}
"""Functions that a question may call, by whether the store is SQLite: they read nothing but their arguments,
change nothing, and do not wait."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TYPES = _words(
    "bit cast char character decimal float interval numeric time timestamp varchar varying"
)
_BEFORE_PAREN = _words("""
    all and any array as between by case cross cube distinct else except exists filter from full group grouping
    having ilike in inner intersect is join lateral left like limit materialized not offset on or order outer over
    partition recursive right rollup row select sets some symmetric then union using values when where window with
    within
""")
"""Words after which a parenthesis calls nothing."""
_AFTER_FROM = _words("""
    except fetch for group having intersect limit offset order select union where window
""")
"""Words that end a FROM clause."""
_REFUSED = _words("delete insert into merge table update")

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\n\f\v]+|--[^\n]*)
  | (?P<comment>/\*.*?\*/)
  | (?P<escaped>[eE]'(?:[^'\\]|''|\\.)*')
  | (?P<string>(?:[bBxXnN])?'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<number>(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?))
  | (?P<parameter>(?<!:):[a-zA-Z_]\w*)
  | (?P<name>[a-zA-Z_\u0080-\U0010ffff][a-zA-Z0-9_\u0080-\U0010ffff]*)
  | (?P<cast>::)
  | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


class Token(NamedTuple):
    """A word, mark or literal of SQL."""

    sort: str
    """``name``, ``quoted``, ``string``, ``number``, ``parameter``, ``mark``."""
    text: str
    """As written."""
    word: str
    """Of a name: in lower case and without quotes; of a parameter: its name; of a mark: itself."""
    at: int
    """Where it begins."""

    def says(self, *words: str) -> bool:
        """Whether it is one of these keywords or marks, not in quotes."""
        return self.sort in ("name", "mark") and self.word in words

    @property
    def named(self) -> bool:
        """Whether it is a name, in quotes or not."""
        return self.sort in ("name", "quoted")


@dataclass(frozen=True, slots=True)
class Question:
    """A question that may be asked."""

    text: str
    """Without a semicolon at its end."""
    parameters: tuple[str, ...]
    """Names in order of their first use."""
    tokens: tuple[Token, ...] = field(repr=False)

    def numbered(self) -> str:
        """The text with ``$1``, ``$2`` in place of names, as PostgreSQL takes parameters."""
        places = {name: f"${number}" for number, name in enumerate(self.parameters, 1)}
        parts, end = [], 0
        for token in self.tokens:
            if token.sort == "parameter":
                parts += [self.text[end : token.at], places[token.word]]
                end = token.at + len(token.text)
        return "".join([*parts, self.text[end:]])


def read(text: str, *, sqlite: bool) -> Question:
    """Read a question.

    Args:
        text: of one statement.
        sqlite: of SQLite; otherwise of PostgreSQL.

    Raises:
        UsageError: it is not one SELECT over the documented views, or calls a function that is not known to be safe.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    tokens = list(_tokens(text, sqlite=sqlite))
    if not tokens:
        raise _refused("it is empty", "write SELECT ... FROM v_findings, or soc2-pac query --list")
    for place, token in enumerate(tokens):
        if token.says(";"):
            if place + 1 < len(tokens):
                raise _refused("it holds more than one statement", "ask one at a time")
            tokens, text = tokens[:-1], text[: token.at]
    if not tokens or not tokens[0].says("select", "with"):
        first = tokens[0].text if tokens else ";"
        raise _refused(
            f"it begins with {first}", "begin with SELECT or WITH: a question only reads"
        )
    for token in tokens:
        if token.says(*_REFUSED):
            raise _refused(
                f"it says {token.text}", "a question only reads: use SELECT ... FROM a view"
            )
    _check(tokens, sqlite=sqlite)
    names = dict.fromkeys(token.word for token in tokens if token.sort == "parameter")
    return Question(text, tuple(names), tuple(tokens))


def _tokens(text: str, *, sqlite: bool) -> Iterator[Token]:
    if "\0" in text:
        raise _refused("it holds a NUL character", "take it out")
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        assert found is not None and found.lastgroup is not None  # noqa: PT018, S101 - mark takes anything
        sort, said = found.lastgroup, found.group()
        yield from _token(sort, said, at, text[found.end() : found.end() + 1], sqlite=sqlite)
        at = found.end()


def _token(sort: str, said: str, at: int, after: str, *, sqlite: bool) -> Iterator[Token]:
    if sort == "space":
        return
    if sort == "comment":
        if "/*" in said[2:]:
            raise _refused("it holds a comment within a comment", "take it out")
        return
    if sort == "escaped" and sqlite:
        raise _refused(f"it says {said[:2]}", "write a text as '...'")
    if sort == "number" and (after.isidentifier() or after.isdigit() or after > "\x7f"):
        raise _refused(f"letters follow the number {said}", "put a space between them")
    if sort == "name" and said.lower() == "u" and after == "&":
        raise _refused("it says U&", "write the characters themselves")
    if sort == "mark" and (said in "'\"`$\\" or (sqlite and said in "[]@?#:") or said < " "):
        raise _refused(
            f"{said!r} cannot be placed",
            "quote texts as '...', names as \"...\"; parameters are :name",
        )
    if sort == "mark" and said == "/" and after == "*":
        raise _refused("a comment does not end", "close it with */")
    word = said
    if sort == "name":
        word = said.lower()
    elif sort == "quoted":
        word = said[1:-1].replace('""', '"').lower()
    elif sort == "parameter":
        word = said[1:]
    yield Token({"escaped": "string", "cast": "mark"}.get(sort, sort), said, word, at)


# -- what it reads and calls --------------------------------------------------------------------------


@dataclass(slots=True)
class _Frame:
    """What stands between two parentheses."""

    wants: bool = False
    """The next word is something to read from."""
    within: bool = False
    """In a FROM clause."""
    select: bool = False


def _check(tokens: Sequence[Token], *, sqlite: bool) -> None:
    own = _own_names(tokens)
    frames = [_Frame()]
    place = 0
    while place < len(tokens):
        token, frame = tokens[place], frames[-1]
        if token.says("("):
            # In FROM it may hold a join; a SELECT within says otherwise.
            frames.append(_Frame(wants=frame.wants, select=frame.wants))
            frame.within, frame.wants = frame.within or frame.wants, False
        elif token.says(")"):
            if len(frames) == 1:
                raise _refused("a parenthesis closes that was not opened", "count them")
            frames.pop()
        elif frame.wants and not token.says("select", "with", "values"):
            place = _source(tokens, place, frame, own.names, sqlite=sqlite)
            continue
        else:
            _step(token, frame, tokens[max(0, place - 3) : place])
            if token.named and place not in own.places and not _only_named(tokens, place, frame):
                _call(token, sqlite=sqlite)
        place += 1
    if len(frames) > 1:
        raise _refused("a parenthesis does not close", "count them")


def _step(token: Token, frame: _Frame, before: Sequence[Token]) -> None:
    """Follow where FROM clauses begin and end."""
    if token.says("select"):
        frame.select, frame.within, frame.wants = True, False, False
    elif token.says("with", "values"):
        frame.wants = False
    elif token.says("from") and frame.select:
        if not _compares(before):
            frame.wants = True
    elif frame.within and token.says("join", ","):
        frame.wants = True
    elif frame.within and token.says(*_AFTER_FROM):
        frame.within = False


def _compares(before: Sequence[Token]) -> bool:
    """Whether FROM belongs to IS DISTINCT FROM: the words are no names (``a.is`` is one)."""
    return (
        len(before) == 3  # noqa: PLR2004 - what it is of, IS or NOT, DISTINCT
        and before[2].says("distinct")
        and before[1].says("is", "not")
        and not before[0].says(".", "as")
    )


def _source(
    tokens: Sequence[Token], place: int, frame: _Frame, own: frozenset[str], *, sqlite: bool
) -> int:
    """What a FROM clause reads; returns where it goes on."""
    token = tokens[place]
    if token.says("lateral", "only"):
        return place + 1
    if not token.named:
        raise _refused(
            f"{token.text} stands where a view is expected", "name one: " + listed(VIEWS)
        )
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    frame.wants, frame.within = False, True
    if after is not None and after.says("."):
        raise _refused(f"it names {token.text}. with a schema", "name the view alone")
    if after is not None and after.says("("):
        _call(token, sqlite=sqlite)
    elif token.word not in VIEWS and token.word not in own:
        raise _unknown(token.word)
    return place + 1


def _unknown(name: str) -> UsageError:
    if name in tables.metadata.tables:
        hint = nearest(f"v_{name}s", VIEWS) or nearest(f"v_{name}", VIEWS)
        what = f"{name} is a table, and tables change without notice.{hint}"
    else:
        what = f"there is no view '{name}'.{nearest(name, VIEWS) or nearest(f'v_{name}', VIEWS)}"
    return UsageError(f"the question cannot be asked: {what} Views: {listed(VIEWS)}")


class _Own(NamedTuple):
    """Names that a question gives to parts of itself: WITH name AS (...)."""

    names: frozenset[str]
    places: frozenset[int]
    """Of the tokens that give them."""


def _own_names(tokens: Sequence[Token]) -> _Own:
    """Raises UsageError for names of views and tables: SQLite tells which view reads by its name alone."""
    places = set()
    for place, token in enumerate(tokens):
        if token.says("as") and place and _opens(tokens, place + 1):
            start = place - 1
            if tokens[start].says(")"):
                start = _opened(tokens, start) - 1
            if start >= 0 and tokens[start].named:
                places.add(start)
        elif token.named and token.word in VIEWS and place and tokens[place - 1].says("as", ")"):
            raise _refused(f"{token.text} is given to something else", "choose another name")
    names = frozenset(tokens[place].word for place in places)
    for name in names:
        if name in VIEWS or name in tables.metadata.tables or name.startswith(("pg_", "sqlite_")):
            raise _refused(f"{name} is given to a part of it", "choose another name")
    return _Own(names, frozenset(places))


def _opens(tokens: Sequence[Token], place: int) -> bool:
    while place < len(tokens) and tokens[place].says("not", "materialized"):
        place += 1
    return place < len(tokens) and tokens[place].says("(")


def _opened(tokens: Sequence[Token], place: int) -> int:
    """Where the parenthesis that closes here was opened."""
    depth = 0
    while place >= 0:
        depth += tokens[place].says(")") - tokens[place].says("(")
        if depth == 0:
            return place
        place -= 1
    return 0


def _only_named(tokens: Sequence[Token], place: int, frame: _Frame) -> bool:
    """Whether a name stands for itself: it calls nothing. Raises UsageError for names of the database's own."""
    token = tokens[place]
    if token.word.startswith(("pg_", "sqlite_", "information_schema")):
        raise _refused(f"it names {token.text}", "read the views: " + listed(VIEWS))
    if place + 1 == len(tokens) or not tokens[place + 1].says("("):
        return True
    if token.sort == "name" and token.word in _BEFORE_PAREN:
        return True
    # Columns of an alias: FROM json_each(...) AS item(name, value).
    return frame.within and place > 0 and tokens[place - 1].says("as", ")")


def _call(token: Token, *, sqlite: bool) -> None:
    known = FUNCTIONS[sqlite]
    if token.word not in known and token.word not in _TYPES:
        hint = nearest(token.word, known)
        raise _refused(
            f"it calls {token.text}(), which is not among the functions known to be safe.{hint}",
            "docs/queries.md lists them",
        )


def _refused(why: str, step: str) -> UsageError:
    end = "" if why.endswith(("?", ".")) else "."
    return UsageError(f"the question cannot be asked: {why}{end} Next: {step}")
