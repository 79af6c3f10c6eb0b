"""A company that is made as of today, as it is told at an earlier instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from soc2_demo.instants import View

END = datetime(2026, 7, 1, tzinfo=UTC)
AT = datetime(2026, 4, 1, tzinfo=UTC)
VIEW = View(END, AT)


@given(st.integers(0, 1000 * 86400), st.integers(0, 180))
def test_nothing_lies_ahead_and_what_was_before_stays(seconds: int, days: int) -> None:
    view = View(END, END - timedelta(days=days))
    instant = END - timedelta(seconds=seconds)
    told = view.time(instant)
    assert told <= view.at
    if instant <= view.at:
        assert told == instant
    else:
        assert view.at - told < timedelta(days=7)
        assert (instant - told) % timedelta(days=7) == timedelta()


def test_what_lies_beyond_the_end_stays() -> None:
    later = END + timedelta(days=3)
    assert VIEW.time(later) == later


def test_bodies_keep_their_form() -> None:
    body = {
        "created": "2024-01-01T00:00:00.000Z",
        "lastLogin": "2026-06-30T10:00:00.000Z",
        "expiresAt": "2026-06-01T00:00:00Z",
        "items": [{"used": "2026-06-30T10:00:00+00:00"}, 7, None],
        "text": "at 2026-06-30T10:00:00Z",
    }
    assert VIEW.seen(body) == {
        "created": "2024-01-01T00:00:00.000Z",
        "lastLogin": "2026-03-31T10:00:00.000Z",
        "expiresAt": "2026-06-01T00:00:00Z",
        "items": [{"used": "2026-03-31T10:00:00+00:00"}, 7, None],
        "text": "at 2026-06-30T10:00:00Z",
    }


def test_at_the_end_all_is_as_it_is() -> None:
    body = {"lastLogin": "2026-06-30T10:00:00.000Z"}
    assert View(END, END).seen(body) == body
