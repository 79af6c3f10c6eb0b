"""A report as one page: no request to anywhere, readable without JavaScript, printable.

The script only filters and sorts what stands there. The content security policy allows this style and this script by
their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
from collections import Counter
from datetime import datetime
from importlib.resources import files
from itertools import islice
from typing import IO, TYPE_CHECKING

from soc2_pac.output import plain
from soc2_pac.output.reports import (
    csv_file,
    display,
    graded,
    main_table,
    naming,
    rows_said,
    sentence,
)
from soc2_pac.report import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from typing_extensions import Buffer

    from soc2_pac.report import Cell, Column, Lane, Part, Report, Table

MOST = {"deviations": 2000, "not-passing": 2000, "results": 2000, "rules": 1000}
"""Rows that stand on the page, worst first; of other tables :data:`_FEW`."""
_FEW = 400
_LONG = 80
"""Letters of a cell that would make a tall row of a narrow column; digests are shorter."""
_SHOWN = 7
"""A row with more columns that hold texts opens to show the others."""
_OUTSIDE = 6
"""So many of its columns stand outside."""
_COUNTED = (Shape.NUMBER, Shape.DURATION, Shape.AUDITOR)
_CHANGES = "document-changes"
_STATES = {
    "fails": "Fails",
    "unknown": "Not all seen",
    "people": "By people",
    "holds": "Holds",
    "": "",
}
_MEANS = {"holds": "holds", "fails": "fails", "unknown": "not known", "outside": "nothing in scope"}


def write(report: Report, target: IO[bytes], _table: str | None) -> None:
    """Write the page, in UTF-8."""
    style, script = _file("page.css"), _file("page.js")
    policy = (
        f"default-src 'none'; style-src 'sha256-{_hash(style)}'; script-src 'sha256-{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    for piece in _page(report, policy, style, script):
        target.write(piece.encode())
        target.write(b"\n")


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(value: object) -> str:
    return html.escape(plain(value))


def _said(text: str) -> str:
    return html.escape(sentence(text))


def _page(report: Report, policy: str, style: str, script: str) -> Iterator[str]:
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
    yield f"<title>{_said(report.title)}, {_said(report.subtitle)}</title>"
    yield f"<style>{style}</style></head><body>"
    yield '<a class="skip" href="#content">To the content</a>'
    yield '<div class="frame"><nav aria-label="Sections">'
    yield from _menu(report)
    yield '</nav><main id="content">'
    yield from _head(report)
    lanes = {(lane.kind, lane.subject): lane for lane in report.lanes}
    if report.parts:
        yield from _parts(report, lanes)
    changes = _changes(report)
    for table in _ordered(report):
        yield from _section(report, table, changes)
    yield '<section id="method"><h2>Method</h2>'
    for paragraph in report.method:
        yield f"<p>{_said(paragraph)}</p>"
    yield "</section>"
    yield f'<footer>Made by soc2-pac. Digest of this report: <code class="digest">{report.digest}</code></footer>'
    yield f"</main></div><script>{script}</script></body></html>"


def _ordered(report: Report) -> list[Table]:
    """The main table first; what changed in documents stands beside its deviation."""
    first = main_table(report)
    tables = sorted(report.tables, key=lambda table: table.name != first)
    return [table for table in tables if table.name != _CHANGES]


def _menu(report: Report) -> Iterator[str]:
    yield '<p class="brand">soc2-pac</p><ul>'
    yield '<li><a href="#content">Overview</a></li>'
    if report.parts:
        yield f'<li><a href="#parts">Controls and criteria <span>{len(report.parts)}</span></a></li>'
    for table in _ordered(report):
        yield (
            f'<li><a href="#{table.name}">{_text(table.title)} <span>{len(table.rows):,}</span></a></li>'
        )
    yield '<li><a href="#method">Method</a></li></ul>'


def _head(report: Report) -> Iterator[str]:
    yield f'<header><p class="kicker">{_said(report.subtitle)}</p><h1>{_said(report.title)}</h1>'
    for warning in report.warnings:
        yield f'<p class="warning" role="note">{_said(warning)}</p>'
    yield '<div class="statement">'
    for line in report.statement:
        yield f"<p>{_said(line)}</p>"
    yield "</div>"
    if report.parts:
        counted = Counter(part.state for part in report.parts)
        yield '<ul class="tiles">'
        for state, title in _STATES.items():
            if counted[state] and title:
                yield f'<li class="tile {state}"><strong>{counted[state]}</strong> {title.lower()}</li>'
        yield "</ul>"
    yield '<dl class="cover">'
    for fact in report.cover:
        yield f"<div><dt>{_text(fact.label)}</dt><dd>{_said(fact.value)}</dd></div>"
    yield "</dl></header>"


# -- controls and criteria ------------------------------------------------------------------------------


def _parts(report: Report, lanes: Mapping[tuple[str, str], Lane]) -> Iterator[str]:
    yield '<section id="parts" data-list><h2>Controls and criteria</h2>'
    spans = next((lane.spans for lane in report.lanes if _long(lane)), None)
    if spans is not None:
        yield '<p class="legend"><i class="holds"></i>holds <i class="fails"></i>fails '
        yield '<i class="unknown"></i>not known <i class="outside"></i>nothing in scope '
        yield (
            f'<span class="span">{spans[0].start[:10]} to {spans[-1].end[:10]}, from left to right</span></p>'
        )
    yield _tools(
        "Filter controls and criteria", [title for state, title in _STATES.items() if state]
    )
    for part in report.parts:
        yield from _part(part, lanes)
    yield f'<p class="count" aria-live="polite">{len(report.parts):,} of {len(report.parts):,}</p></section>'


def _part(part: Part, lanes: Mapping[tuple[str, str], Lane]) -> Iterator[str]:
    state = part.state or "unknown"
    yield f'<details class="part {state}" id="{_anchor(part)}" data-item><summary>'
    yield f'<span class="id">{_text(part.id)}</span><span class="what">{_said(part.title)}</span>'
    yield f'<span class="badge {state}">{_STATES.get(part.state, "")}</span>'
    lane = lanes.get((part.kind, part.id))
    if lane is not None:
        yield _lane(lane)
    yield '</summary><div class="body">'
    said = [f"Owner: {part.owner}"] if part.owner else []
    if part.kind == "control" and part.criteria:
        said.append(f"Criteria: {', '.join(part.criteria)}")
    if said:
        yield f'<p class="quiet">{_text(" · ".join(said))}</p>'
    for line in part.statement:
        yield f"<p>{_said(line)}</p>"
    for line in part.missing:
        yield f'<p class="missing">Missing: {_said(line)}</p>'
    if part.rules:
        yield '<ul class="rules">'
        for rule in part.rules:
            lane = lanes.get(("rule", rule))
            shown = '<span class="none">no timeline</span>' if lane is None else _lane(lane)
            yield f"<li><code>{_text(rule)}</code>{shown}</li>"
        yield "</ul>"
    yield "</div></details>"


def _lane(lane: Lane) -> str:
    """The period from left to right."""
    if not _long(lane):
        return ""
    first, last = _moment(lane.spans[0].start), _moment(lane.spans[-1].end)
    length = last - first
    bars, said = [], []
    for span in lane.spans:
        left = (_moment(span.start) - first) / length * 1000
        wide = max((_moment(span.end) - _moment(span.start)) / length * 1000, 1.0)
        what = _MEANS[span.status] + (f" ({span.count:,})" if span.count else "")
        text = f"{span.start[:16].replace('T', ' ')} to {span.end[:16].replace('T', ' ')}: {what}"
        bars.append(
            f'<rect class="{span.status}" x="{left:.1f}" width="{wide:.1f}" y="0" height="10">'
            f"<title>{_text(text)}</title></rect>"
        )
        said.append(span.status)
    counted = Counter(said)
    label = ", ".join(f"{counted[s]} times {_MEANS[s]}" for s in _MEANS if counted[s])
    return (
        f'<svg class="lane" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" '
        f'aria-label="Timeline: {label}">{"".join(bars)}</svg>'
    )


def _long(lane: Lane) -> bool:
    """Whether it is a stretch of time: of one instant there is nothing to draw."""
    return bool(lane.spans) and lane.spans[0].start < lane.spans[-1].end


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _anchor(part: Part) -> str:
    """Another one for each part: a control may have the id of a criterion."""
    kept = (c if c.isascii() and (c.isalnum() or c in "._-") else f"~{ord(c):x}" for c in part.id)
    return f"part-{part.kind}-{''.join(kept)}"


# -- tables ---------------------------------------------------------------------------------------------


def _section(report: Report, table: Table, changes: Mapping[Cell, list[str]]) -> Iterator[str]:
    yield f'<section id="{table.name}" data-list><h2>{_text(table.title)}</h2>'
    yield f'<p class="quiet">{_text(table.about)}</p>'
    if table.streamed and table.rows:
        yield f"<p>{rows_said(table, 0)}: they are in the JSON, XLSX and CSV of this report.</p></section>"
        return
    most = MOST.get(table.name, _FEW)
    shown = list(islice(table.rows, most))
    if not shown:
        yield '<p class="count">0 of 0 rows</p></section>'
        return
    if len(shown) > 1:
        yield _tools(f"Filter {table.title.lower()}", _choices(table, shown))
    if sum(column.shape not in _COUNTED for column in table.columns) > _SHOWN:
        yield from _wide(table, shown, changes)
    else:
        yield from _narrow(table, shown)
    yield f'<p class="count" aria-live="polite">{rows_said(table, len(shown))}</p>'
    if len(table.rows) > most:
        yield from _rest(report, table, most)
    yield "</section>"


def _narrow(table: Table, rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table><thead><tr>'
    for column in table.columns:
        yield f'<th scope="col"{_numeric(column)}>{_text(column.title)}</th>'
    yield "</tr></thead><tbody>"
    for row in rows:
        cells = "".join(
            f"<td{_numeric(column) or _roomy(cell)}{_order(cell, column)}>{_cell(cell, column)}</td>"
            for cell, column in zip(row, table.columns, strict=True)
        )
        yield f"<tr data-item>{cells}</tr>"
    yield "</tbody></table></div>"


def _wide(
    table: Table, rows: Iterable[Sequence[Cell]], changes: Mapping[Cell, list[str]]
) -> Iterator[str]:
    """A line for each row that opens: what names it outside, everything else within."""
    named = naming(table, _OUTSIDE)
    for row in rows:
        yield '<details class="row" data-item><summary>'
        for place in named:
            column = table.columns[place]
            if row[place] is not None and row[place] != "":
                mark = _grade(row[place]) if graded(column) else column.shape
                yield f'<span class="{mark}">{_cell(row[place], column)}</span>'
        yield "</summary><dl>"
        for place, column in enumerate(table.columns):
            if place not in named and (row[place] is not None or column.shape is Shape.AUDITOR):
                yield f"<div><dt>{_text(column.title)}</dt><dd>{_cell(row[place], column)}</dd></div>"
        yield "</dl>"
        if table.name == "deviations" and row[0] in changes:
            yield '<table class="changes"><caption>What changed in the document</caption>'
            yield "<thead><tr><th>At</th><th>Path</th><th>Before</th><th>After</th></tr></thead><tbody>"
            yield from changes[row[0]]
            yield "</tbody></table>"
        yield "</details>"


def _grade(cell: Cell) -> str:
    """Classes of a word that grades: ``badge v-fail``."""
    word = str(cell)
    return f"badge v-{word}" if word.isascii() and word.replace("_", "").isalpha() else "badge"


def _cell(cell: Cell, column: Column) -> str:
    text = _text(display(cell, column.shape))
    if column.shape is Shape.DIGEST and text:
        return f'<code class="digest">{text}</code>'
    return text


def _numeric(column: Column) -> str:
    return ' class="n"' if column.shape in (Shape.NUMBER, Shape.DURATION) else ""


def _roomy(cell: Cell) -> str:
    return ' class="long"' if isinstance(cell, str) and len(cell) > _LONG else ""


def _order(cell: Cell, column: Column) -> str:
    """What the script sorts by where the text does not say it."""
    return f' data-v="{cell}"' if column.shape is Shape.DURATION and cell is not None else ""


def _choices(table: Table, rows: Iterable[Sequence[Cell]]) -> list[str]:
    """Words to filter by: the few different values of what is graded."""
    found: list[str] = []
    every = list(rows)
    for place, column in enumerate(table.columns):
        if graded(column):
            seen = Counter(display(row[place], column.shape) for row in every)
            found += [word for word, _ in seen.most_common(6) if word and word not in found]
    return found


def _tools(label: str, words: Sequence[str]) -> str:
    """Shown by the script, which makes them work."""
    chips = "".join(
        f'<button type="button" data-word="{_text(w.lower())}">{_text(w)}</button>' for w in words
    )
    return (
        f'<div class="tools" hidden><input type="search" aria-label="{_text(label)}" '
        f'placeholder="{_text(label)}">{chips}</div>'
    )


def _changes(report: Report) -> dict[Cell, list[str]]:
    """Number of a deviation -> what changed in its document, as rows."""
    found: dict[Cell, list[str]] = {}
    for table in report.tables:
        if table.name != _CHANGES:
            continue
        for row in table.rows:
            cells = "".join(
                f"<td>{_cell(cell, column)}</td>"
                for cell, column in zip(row[1:], table.columns[1:], strict=True)
            )
            found.setdefault(row[0], []).append(f"<tr>{cells}</tr>")
    return found


def _rest(report: Report, table: Table, most: int) -> Iterator[str]:
    """What does not stand here: by rule and scope, and where all of it is."""
    names = [column.name for column in table.columns]
    by = [place for place, name in enumerate(names) if name in ("rule", "scope")]
    every: Counter[tuple[str, ...]] = Counter()
    here: Counter[tuple[str, ...]] = Counter()
    for number, row in enumerate(table.rows):
        key = tuple(plain(row[place]) for place in by)
        every[key] += 1
        here[key] += number < most
    hashing = _Hash()
    with io.BufferedWriter(hashing) as target:
        csv_file.write(report, target, table.name)
    yield '<h3>What is not shown</h3><p class="quiet">All rows are in <code>tables/'
    yield f"{table.name}.csv</code> of this report (SHA-256 "
    yield f'<code class="digest">{hashing.hexdigest()}</code>), in its JSON and in its XLSX.</p>'
    if not by:
        return
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table><thead><tr>'
    for place in by:
        yield f'<th scope="col">{_text(table.columns[place].title)}</th>'
    yield '<th scope="col" class="n">Shown</th></tr></thead><tbody>'
    left = [(count - here[key], key) for key, count in every.items() if count > here[key]]
    left.sort(key=lambda pair: (-pair[0], pair[1]))
    for _, key in left[:_FEW]:
        cells = "".join(f"<td>{html.escape(text)}</td>" for text in key)
        yield f'<tr>{cells}<td class="n">{here[key]:,} of {every[key]:,}</td></tr>'
    yield "</tbody></table></div>"
    yield f'<p class="count">{min(len(left), _FEW):,} of {len(left):,} groups</p>'


class _Hash(io.RawIOBase):
    """Takes bytes and keeps their SHA-256."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        self._sha.update(data)
        return memoryview(data).nbytes

    def hexdigest(self) -> str:
        return self._sha.hexdigest()
