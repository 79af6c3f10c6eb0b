"""Reports, samples, people and checkpoints on pages are those of the command line."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from soc2_pac import plugins
from soc2_pac.audit import instant, period, populations, samples
from soc2_pac.audit.bounds import Bounds
from soc2_pac.audit.measured import Options
from soc2_pac.model import utc_text
from soc2_pac.output import reports
from soc2_pac.web.reports import FORMS
from tests.reviews.company import T0 as REVIEWED
from tests.store.helpers import CHANGES, RULES, T0
from tests.store.mutations import DAY

from .test_acting import served as company  # noqa: F401 - a fixture
from .test_acting import sign_in
from .test_auditors import admit, other, served  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from .test_acting import Served as Company
    from .test_auditors import Served

DAYS = "2026-01-02..2026-01-03"
END = T0 + 3 * DAY - timedelta(milliseconds=1)


def _options(criteria: tuple[str, ...] = ()) -> Options:
    from soc2_pac import api, config

    registry = plugins.load().adding([*RULES, *CHANGES], ())
    known = api.reviewing(config.load(None, required=False), registry)
    return Options(criteria=criteria, rules=registry.rules, known=known)


def test_reports_are_those_of_the_command_line(served: Served) -> None:  # noqa: F811
    ann = other(served, "viewer")
    assert 'action="/reports/type2"' in ann.get("/reports").text
    with served.store.reading() as connection:
        for form in ("json", "md"):
            expected = io.BytesIO()
            reports.write(instant.report(connection, END, _options()), form, expected)
            got = ann.get(f"/reports/type1.{form}?as_of={utc_text(END)}")
            assert got.content == expected.getvalue()
            assert got.headers["content-disposition"] == f'attachment; filename="type1.{form}"'
        expected = io.BytesIO()
        over = populations.AuditPeriod.parse(DAYS)
        reports.write(period.report(connection, over, _options(("CC6",))), "json", expected)
        got = ann.get(f"/reports/type2?format=json&period={DAYS}&criteria=CC6")
        assert got.content == expected.getvalue()
    for form in FORMS:
        assert ann.get(f"/reports/readiness.{form}").status_code == 200, form


@pytest.mark.parametrize(
    ("path", "code"),
    [("/reports/type3.json", 404), ("/reports/type1.exe", 404), ("/reports/type1", 404), ("/reports/type2.json", 400),
     ("/reports/type2.json?period=x", 400), ("/reports/type1.json?period=2026-01-01..2026-01-02", 400),
     ("/reports/type1.json?as_of=2025-01-01", 400), ("/reports/type1.json?criteria=CC66", 400),
     ("/reports/readiness.json?as_of=2026-01-03", 400), ("/reports/type1.json?x=1", 400), ("/reports?x=1", 400)],
)  # fmt: skip
def test_what_is_no_report(served: Served, path: str, code: int) -> None:  # noqa: F811
    assert other(served, "viewer").get(path).status_code == code


def test_an_auditors_report_holds_nothing_outside(served: Served) -> None:  # noqa: F811
    _, eve = admit(served)
    for path in ("/reports/type1.json", "/reports/type1.md", f"/reports/type2.json?period={DAYS}"):
        answer = eve.get(path)
        assert answer.status_code == 200, answer.text
        assert ("fake-user-age" in answer.text) == (".json" in path)
        for word in ("fake-user-mfa", "fake-change", "fake.change", "robot"):
            assert word not in answer.text, (path, word)
    for path, code in (
        ("/reports/readiness.json", 404), ("/reports/type1.json?criteria=CC8", 404),
        ("/reports/type1.json?criteria=CC6.1", 404), ("/reports/type1.json?as_of=2026-01-06", 404),
        ("/reports/type2.json?period=2026-01-01..2026-01-03", 400),
        ("/reports/type2.json?period=2026-01-02..2026-01-09", 400),
    ):  # fmt: skip
        assert eve.get(path).status_code == code, path


def test_a_sample_is_that_of_its_seed(served: Served) -> None:  # noqa: F811
    ann = other(served, "viewer")
    assert "Say which population" in ann.get("/samples").text
    assert ann.get("/samples.json").json() == []
    asked = "population=fake.change&period=2026-01-01..2026-01-05&size=3&seed=x"
    with served.store.reading() as connection:
        over = populations.AuditPeriod.parse("2026-01-01..2026-01-05")
        found = populations.population(connection, "fake.change", over)
        taken = samples.drawn(found, 3, "x")
    assert len(taken.events) == 3
    rows = ann.get(f"/samples.json?{asked}").json()
    assert [row["uid"] for row in rows] == [event.uid for event in taken.events]
    assert (
        taken.header["digest"] in ann.get(f"/samples?{asked}").text
        or found.header["digest"] in ann.get(f"/samples?{asked}").text
    )
    for wrong in (asked.replace("size=3", "size=x"), asked.replace("size=3", "size=0"), "population=fake.change",
                  asked.replace("fake.change", "fake.none"), asked.replace("2026-01-05", "x")):  # fmt: skip
        assert ann.get(f"/samples.json?{wrong}").status_code == 400, wrong
    _, eve = admit(served, Bounds(utc_text(T0 + DAY), utc_text(END), ("CC8",)))
    assert eve.get(f"/samples.json?{asked}").status_code == 400
    inside = eve.get(f"/samples.json?population=fake.change&period={DAYS}&size=9&seed=x")
    assert inside.status_code == 200
    _, eve = admit(served)
    hidden = eve.get(f"/samples.json?population=fake.change&period={DAYS}&size=9&seed=x")
    assert hidden.status_code == 400
    assert "holds no population" in hidden.text


def test_people_are_those_of_the_command_line(company: Company) -> None:  # noqa: F811
    olga = sign_in(company)
    rows = olga.get("/people.json").json()
    assert {row["login"]: row["name"] for row in rows} | {"cy": "Cy", "rita": "Rita"} == {
        row["login"]: row["name"] for row in rows
    }
    admins = olga.get("/people.json?show=privileged").json()
    assert {row["login"] for row in admins} < {row["login"] for row in rows}
    one = next(row for row in rows if row["login"] == "cy")
    own = olga.get("/people.json", params={"person": one["person"]}).json()
    assert [row["login"] for row in own] == ["cy"]
    assert olga.get("/people.json?system=nowhere").status_code == 400
    before = olga.get("/people.json", params={"as_of": utc_text(REVIEWED - timedelta(days=1))})
    assert before.json() == [], "nobody was collected yet"
