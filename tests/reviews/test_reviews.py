"""Access reviews from start to proof, and what is refused on the way."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.acts import Actor
from soc2_pac.acts.reviews import Decided
from soc2_pac.audit import removals, reviews
from soc2_pac.audit import review_files as files
from soc2_pac.errors import IntegrityError, UsageError
from soc2_pac.model import CollectionStatus
from soc2_pac.store import Store, acts, open_store, scopes

from ..store.helpers import look  # noqa: TID252 - tests are no package
from .company import (
    ADMIN,
    DAY,
    GITHUB,
    HR,
    T0,
    Company,
    aws_policy,
    collect,
    frozen,
    known,
    line,
    start,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_pac.acts.reviews import Review
    from soc2_pac.audit.review_files import Row

RITA, DAN, MONA = Actor("Rita", "rita"), Actor("Dan", "dan"), Actor("p3@acme.example", "mona")
HOUR = timedelta(hours=1)


def acme(*providers: str) -> Company:
    """Rita, Dan, Mona who manages Cy and Di, and GitHub."""
    made = Company("roster", *(providers or ("github",)))
    made.person(1, "Rita")
    made.person(2, "Dan")
    made.person(3, "Mona", manager="1")
    made.person(4, "Cy", manager="Mona")
    made.person(5, "Di", manager="p3@acme.example")
    made.organization()
    made.member("cy", mail="p4@acme.example")
    made.member("di", mail="p5@acme.example")
    made.member("rita", owner=True, mail="p1@acme.example")
    made.repository("api", {"cy": "ADMIN", "di": "WRITE"})
    return made


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


@pytest.fixture
def quick() -> Iterator[Store]:
    """For what does not depend on the database."""
    with open_store("sqlite://", create=True) as opened:
        yield opened


def handed(
    store: Store,
    review: Review,
    decide: Callable[[Row], tuple[str, str]],
    reviewer: str = "Rita",
) -> files.HandedIn:
    """A reviewer's export, filled in."""
    with store.reading() as connection:
        now = reviews.one(connection, review.id)
    (who,) = [one for one in now.reviewers if one.name == reviewer]
    own = reviews.rows_of(now, frozen(store, review), who.id)
    cells = files.exported(now, own, T0)
    for row, cell in zip(own, cells, strict=True):
        cell["decision"], cell["reason"] = decide(row)
    return files.HandedIn("decisions.json", json.dumps(cells).encode(), cells)


def keep(_: Row) -> tuple[str, str]:
    return "keep", ""


def revoke_admin(row: Row) -> tuple[str, str]:
    """Cy does not administer the repository any more."""
    return ("revoke", "not needed") if row.what == "admin" else ("keep", "")


def decide(store: Store, file: files.HandedIn, by: Actor = RITA, hours: int = 1) -> reviews.Outcome:
    return reviews.decide(store, known(), file, by=by, now=T0 + hours * HOUR)


def count(store: Store) -> int:
    with store.reading() as connection:
        return len(acts.listed(connection))


def state(store: Store, review: Review) -> Review:
    with store.reading() as connection:
        return reviews.one(connection, review.id)


# -- from start to proof --------------------------------------------------------------------------------------


def test_a_review_from_start_to_proof(store: Store) -> None:
    made = acme()
    collect(store, made.looks())
    review = start(store, "github")
    assert (review.said.rows, review.said.accounts, review.said.unmatched) == (6, 3, 0)
    assert review.said.partial == ()
    rows = frozen(store, review)
    assert {row.owner_name for row in rows if row.reviewer == "roster:acme/2"} == {"Rita (1)"}
    assert decide(store, handed(store, review, revoke_admin)).open == 0
    with pytest.raises(UsageError, match="2 of 6 rows of review-1 are open"):
        reviews.close(store, review.id, by=ADMIN)
    decide(store, handed(store, review, keep, "Dan"), DAN)
    closed = reviews.close(store, review.id, by=ADMIN, now=T0 + 2 * HOUR)
    assert closed.state == "closed"
    (pending,) = closed.pending
    assert closed.remove_by(closed.decided[pending]) == T0 + HOUR + 7 * DAY

    collect(store, made.looks(T0 + DAY))
    assert removals.prove(store, known(), by=ADMIN, now=T0 + DAY) == 0, "it is still shown"
    made.repository("api", {"di": "WRITE"})
    collect(store, made.looks(T0 + 2 * DAY))
    assert removals.prove(store, known(), by=ADMIN, now=T0 + 2 * DAY) == 1
    after = state(store, review)
    removed, act = after.removed[pending]
    assert removed.seen_at.startswith("2026-01-07")
    assert act.by == ADMIN
    with store.reading() as connection:
        kinds = {item.kind for item in store.collections() if item.id in removed.collections}
        assert reviews.population(connection, review).header["upto"] == review.said.upto
    assert kinds == {"github.repository"}
    assert after.overdue(T0 + 30 * DAY) == []
    assert removals.prove(store, known(), by=ADMIN) == 0, "proved once"
    assert store.verify().problems == []


def test_the_same_evidence_gives_the_same_bytes(store: Store) -> None:
    made = acme()
    collect(store, made.looks())
    first = start(store, "github")
    reviews.cancel(store, first.id, reason="again", by=ADMIN)
    second = start(store, "github")
    digests = []
    for review in (first, second):
        with store.reading() as connection:
            file = acts.file(connection, review.started.attachment or "")
        assert file is not None
        assert file.content is not None
        digests.append(file.content.replace(review.id.encode(), b"ID"))
    assert digests[0] == digests[1]


def test_a_population_that_was_changed_is_found(quick: Store) -> None:
    collect(quick, acme().looks())
    review = start(quick, "github")
    with quick.database.writing() as connection:
        from soc2_pac.store import tables

        connection.execute(
            tables.attachment.update()
            .where(tables.attachment.c.digest == review.started.attachment)
            .values(content=b"{}\n")
        )
    with pytest.raises(IntegrityError, match="was changed"):
        frozen(quick, review)
    assert quick.verify().problems


def test_what_is_overdue_is_said_and_a_reopened_decision_must_be_proved_anew(quick: Store) -> None:
    made = acme()
    collect(quick, made.looks())
    review = start(quick, "github")
    decide(quick, handed(quick, review, revoke_admin))
    (row,) = state(quick, review).pending
    assert state(quick, review).overdue(T0 + HOUR + 7 * DAY - timedelta(seconds=1)) == []
    assert state(quick, review).overdue(T0 + HOUR + 7 * DAY) == [row]
    made.repository("api", {"di": "WRITE"})
    collect(quick, made.looks(T0 + 9 * DAY))
    removals.prove(quick, known(), by=ADMIN, now=T0 + 9 * DAY)
    assert state(quick, review).overdue(T0 + 9 * DAY) == []
    later = handed(
        quick, review, lambda row: ("revoke", "again") if row.what == "admin" else ("keep", "")
    )
    decide(quick, later, hours=24 * 9)
    assert state(quick, review).pending.keys() == {row}


@pytest.mark.parametrize(
    ("status", "hours"),
    [(CollectionStatus.PARTIAL, 48), (CollectionStatus.DENIED, 48), (CollectionStatus.COMPLETE, 0)],
)
def test_what_is_not_complete_or_not_later_proves_nothing(
    quick: Store, status: CollectionStatus, hours: int
) -> None:
    made = acme()
    collect(quick, made.looks())
    review = start(quick, "github")
    decide(quick, handed(quick, review, revoke_admin))
    made.repository("api", {"di": "WRITE"})
    at = T0 + hours * HOUR
    documents = (
        made.documents["github.repository", GITHUB] if status != CollectionStatus.DENIED else {}
    )
    collect(quick, [look(documents, at=at, scope=GITHUB, kind="github.repository", status=status)])
    assert removals.prove(quick, known(), by=ADMIN, now=at) == 0


def test_what_only_a_retired_scope_showed_is_not_checked_and_not_overdue(quick: Store) -> None:
    made = acme()
    collect(quick, made.looks())
    review = start(quick, "github")
    decide(quick, handed(quick, review, revoke_admin))
    (row,) = state(quick, review).pending
    late = T0 + 9 * DAY
    assert state(quick, review).overdue(late) == [row]
    with quick.database.writing() as connection:
        words: dict[str, Any] = {"reason": "sold", "owner": "CISO", "by": ADMIN, "now": late}
        scopes.retire(connection, str(GITHUB), **words)
    assert removals.prove(quick, known(), by=ADMIN, now=late + HOUR) == 0
    after = state(quick, review)
    assert (after.overdue(late + HOUR), after.removed, after.waiting) == ([], {}, {})
    assert after.pending.keys() == {row}, "nothing proved it"
    said = "github:acme was retired on 2026-01-14: sold (CISO)"
    assert str(after.not_checked[row]) == said
    with quick.reading() as connection:
        everything = reviews.population(connection, after).rows
    (shown,) = [r for r in files.exported(after, everything, late) if r["row"] == row]
    assert (shown["state"], shown["not_checked"], shown["gone_by"]) == (
        "not checked: retired", said, "",
    )  # fmt: skip
    before = count(quick)
    removals.prove(quick, known(), by=ADMIN, now=late + 2 * HOUR)
    assert count(quick) == before, "it is said once"
    # It is ours again: what was revoked is overdue until a collection proves that it is gone.
    collect(quick, made.looks(late + DAY))
    removals.prove(quick, known(), by=ADMIN, now=late + DAY + HOUR)
    assert state(quick, review).overdue(late + DAY + HOUR) == [row]
    made.repository("api", {"di": "WRITE"})
    collect(quick, made.looks(late + 2 * DAY))
    assert removals.prove(quick, known(), by=ADMIN, now=late + 2 * DAY + HOUR) == 1
    assert quick.verify().problems == []


def test_what_another_scope_still_shows_stays_overdue(quick: Store) -> None:
    made = acme()
    collect(quick, made.looks())
    review = start(quick, "github")
    decide(quick, handed(quick, review, revoke_admin))
    late = T0 + 9 * DAY
    with quick.database.writing() as connection:
        words: dict[str, Any] = {"reason": "left", "owner": "CISO", "by": ADMIN, "now": late}
        scopes.retire(connection, str(HR), **words)
    removals.prove(quick, known(), by=ADMIN, now=late + HOUR)
    after = state(quick, review)
    assert after.not_checked == {}
    assert len(after.overdue(late + HOUR)) == 1


def test_a_renamed_repository_is_no_removal(quick: Store) -> None:
    made = acme()
    collect(quick, made.looks())
    review = start(quick, "github")
    decide(quick, handed(quick, review, revoke_admin))
    made.repository("api", {"cy": "ADMIN"}, full_name="acme/renamed")
    collect(quick, made.looks(T0 + DAY))
    assert removals.prove(quick, known(), by=ADMIN, now=T0 + DAY) == 0


def test_a_renamed_account_is_no_removal(quick: Store) -> None:
    made = acme()
    collect(quick, made.looks())
    review = start(quick, "github")
    decide(
        quick,
        handed(quick, review, lambda row: ("revoke", "x") if row.login == "di" else ("keep", "")),
    )
    node = {"id": "U_di", "login": "diana"}
    made.put("github.member", "U_di", {"role": "MEMBER", "hasTwoFactorEnabled": True, "node": node})
    made.repository("api", {"cy": "ADMIN", "diana": "WRITE"})
    collect(quick, made.looks(T0 + DAY))
    assert removals.prove(quick, known(), by=ADMIN, now=T0 + DAY) == 0
    made.drop("github.member", "U_di")
    made.drop("github.verified_mails", "U_di")
    made.repository("api", {"cy": "ADMIN"})
    collect(quick, made.looks(T0 + 2 * DAY))
    assert removals.prove(quick, known(), by=ADMIN, now=T0 + 2 * DAY) == 2


def test_a_renamed_iam_user_is_no_removal(quick: Store) -> None:
    made = acme("aws")
    old = made.iam_user("ci", UserId="AIDA1", AttachedManagedPolicies=[aws_policy("IAMFullAccess")])
    collect(quick, made.looks())
    review = start(quick, "aws")
    decide(quick, handed(quick, review, lambda _: ("revoke", "x")))
    made.drop("aws.iam.user", old)
    made.iam_user("ci2", UserId="AIDA1", AttachedManagedPolicies=[aws_policy("IAMFullAccess")])
    collect(quick, made.looks(T0 + DAY))
    assert removals.prove(quick, known(), by=ADMIN, now=T0 + DAY) == 0
    made.iam_user("ci2", UserId="AIDA1")
    collect(quick, made.looks(T0 + 2 * DAY))
    assert removals.prove(quick, known(), by=ADMIN, now=T0 + 2 * DAY) == 1


def test_access_that_comes_on_another_way_now_is_not_gone(quick: Store) -> None:
    made = acme()
    collect(quick, made.looks())
    review = start(quick, "github")
    decide(quick, handed(quick, review, revoke_admin))
    made.repository("api", {"di": "WRITE"})
    made.team("core", ["cy"], {"api": "admin"})
    collect(quick, made.looks(T0 + DAY))
    assert removals.prove(quick, known(), by=ADMIN, now=T0 + DAY) == 0


def test_an_account_that_cannot_be_used_any_more_is_gone(quick: Store) -> None:
    made = acme("okta")
    made.okta_user(4, "p4@acme.example")
    collect(quick, made.looks())
    review = start(quick, "okta")
    decide(quick, handed(quick, review, lambda _: ("revoke", "left")))
    made.okta_user(4, "p4@acme.example", "DEPROVISIONED", statusChanged="2026-01-05T20:00:00.000Z")
    collect(quick, made.looks(T0 + DAY))
    assert removals.prove(quick, known(), by=ADMIN, now=T0 + DAY) == 1


def test_a_group_whose_members_can_be_read_now_is_not_gone(quick: Store) -> None:
    made = acme("okta")
    made.okta_user(4, "p4@acme.example")
    made.okta_group(1, "Sales")
    made.okta_app(1, "Crm", groups=[1])
    collect(quick, made.looks())
    review = start(quick, "okta")
    decide(
        quick,
        handed(quick, review, lambda row: ("change", "by role") if row.group else ("keep", "")),
    )
    made.okta_group(1, "Sales", [4])
    collect(quick, made.looks(T0 + DAY))
    assert removals.prove(quick, known(), by=ADMIN, now=T0 + DAY) == 0
    made.okta_app(1, "Crm")
    collect(quick, made.looks(T0 + 2 * DAY))
    assert removals.prove(quick, known(), by=ADMIN, now=T0 + 2 * DAY) == 1


def test_a_cancelled_review_asks_for_nothing(quick: Store) -> None:
    collect(quick, acme().looks())
    review = start(quick, "github")
    decide(quick, handed(quick, review, revoke_admin))
    cancelled = reviews.cancel(quick, review.id, reason="wrong systems", by=ADMIN)
    assert (cancelled.state, cancelled.pending) == ("cancelled", {})
    with pytest.raises(UsageError, match="was cancelled"):
        decide(quick, handed(quick, review, keep))
    start(quick, "github")


def test_decisions_say_who_and_what_proved_it(quick: Store) -> None:
    collect(quick, acme().looks())
    review = start(quick, "github")
    decide(
        quick, handed(quick, review, revoke_admin), Actor("P1@acme.example", "root", "oidc rita")
    )
    (act,) = [made.act for made in state(quick, review).pending.values()]
    assert str(act.by) == "P1@acme.example (signed in as oidc rita)"
    assert act.said(Decided).reviewer == "roster:acme/1"
    with quick.reading() as connection:
        kept = acts.file(connection, act.attachment or "")
    assert kept is not None, "the file that was handed in stays"


# -- who reviews ----------------------------------------------------------------------------------------------


def test_managers_review_what_their_people_have_and_a_file_takes_the_rest(quick: Store) -> None:
    made = acme()
    made.member("ghost")
    collect(quick, made.looks())
    review = start(quick, "github", by_manager=True, given=[line("Dan")])
    by = {row.login: row.reviewer for row in frozen(quick, review)}
    assert by == {
        "cy": "roster:acme/3", "di": "roster:acme/3", "rita": "roster:acme/2", "ghost": "roster:acme/2",
    }  # fmt: skip


def test_nobody_left_over_without_a_reviewer(quick: Store) -> None:
    made = acme()
    made.member("ghost")
    collect(quick, made.looks())
    with pytest.raises(UsageError, match=r"3 of 7 grants have no reviewer: ghost in github:acme"):
        start(quick, "github", by_manager=True, given=[])
    assert count(quick) == 0


def test_nobody_reviews_their_own_access_alone(quick: Store) -> None:
    collect(quick, acme().looks())
    with pytest.raises(UsageError, match=r"2 grants would be reviewed by their owner alone: rita"):
        start(quick, "github", given=[line("Rita")])
    assert count(quick) == 0


def test_nobody_answers_alone_for_a_service_account_of_their_own(quick: Store) -> None:
    made = acme("aws")
    made.iam_user("ci", Tags=[{"Key": "owner", "Value": "1"}])
    collect(quick, made.looks())
    with pytest.raises(UsageError, match="by their owner alone: ci"):
        start(quick, "aws", given=[line("Rita")])


def test_lines_narrow_by_login_department_and_grant(quick: Store) -> None:
    made = acme()
    made.person(5, "Di", department="Sales")
    collect(quick, made.looks())
    given = [
        line("Dan", "github:acme", grant="admin"),
        line("Mona", "git*", department="sales"),
        line("Mona", login="rita"),
        line("Rita"),
    ]
    review = start(quick, "github", given=given)
    by = {(row.login, row.what): row.reviewer[-1] for row in frozen(quick, review)}
    assert by == {
        ("cy", "account"): "1", ("cy", "admin"): "2", ("di", "account"): "3", ("di", "write"): "3",
        ("rita", "account"): "3", ("rita", "owner of the organisation"): "3",
    }  # fmt: skip


def test_without_a_source_on_people_reviewers_are_whoever_is_named(quick: Store) -> None:
    made = Company("github")
    made.organization()
    made.member("rita")
    made.member("cy")
    collect(quick, made.looks())
    with pytest.raises(UsageError, match="by their owner alone: rita"):
        start(quick, "github", given=[line("Rita")])
    review = start(quick, "github")
    assert {one.id for one in review.said.reviewers} == {"Rita", "Dan"}
    cy = handed(quick, review, keep)
    with pytest.raises(UsageError, match="'cy' is no reviewer"):
        decide(quick, cy, Actor("cy", "cy"))
    assert decide(quick, cy).recorded == 1


def test_somebody_else_reviews_in_the_place_of_one_who_left(quick: Store) -> None:
    made = acme()
    collect(quick, made.looks())
    review = start(quick, "github")
    made.person(1, "Rita", status="left", left_at="2026-01-05T18:00:00.000Z")
    collect(quick, made.looks(T0 + DAY, only=["roster.person"]))
    before = count(quick)
    with pytest.raises(
        UsageError, match=r"reviewer Rita: Rita \(1\) left on 2026-01-05, and cannot review"
    ):
        decide(quick, handed(quick, review, keep), hours=30)
    with pytest.raises(UsageError, match="nobody decides alone on their own access, as Di would"):
        reviews.reassign(
            quick,
            known(),
            review.id,
            instead_of="Rita",
            to="Di",
            reason="left",
            by=ADMIN,
            now=T0 + DAY,
        )
    assert count(quick) == before
    reviews.reassign(
        quick,
        known(),
        review.id,
        instead_of="Rita",
        to="Mona",
        reason="left",
        by=ADMIN,
        now=T0 + DAY,
    )
    assert {one.name for one in state(quick, review).reviewers} == {"Mona", "Dan"}
    assert decide(quick, handed(quick, review, keep, "Mona"), MONA, hours=30).open == 0


def test_what_somebody_decided_before_another_took_over_counts(quick: Store) -> None:
    from soc2_collectors.company.reviews import _body

    collect(quick, acme().looks())
    review = start(quick, "github")
    some = handed(quick, review, lambda row: ("keep", "") if row.login == "cy" else ("", ""))
    decide(quick, some)
    reviews.reassign(
        quick,
        known(),
        review.id,
        instead_of="Rita",
        to="Mona",
        reason="away",
        by=ADMIN,
        now=T0 + HOUR,
    )
    told = {one["name"]: one for one in _body(state(quick, review))["reviewers"]}  # type: ignore[attr-defined]
    assert {name: (one["rows"], one["decided"]) for name, one in told.items()} == {
        "Mona": (4, 2), "Dan": (2, 0),
    }  # fmt: skip
    decide(quick, handed(quick, review, keep, "Mona"), MONA)
    assert state(quick, review).open_rows == 2


# -- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["github.member", "github.repository", "roster.person"])
def test_an_incomplete_collection_refuses_or_is_said_for_ever(quick: Store, kind: str) -> None:
    collect(quick, acme().looks(partial=[kind]))
    with pytest.raises(UsageError, match=f"{kind} in .* is not complete: .*broke off.*--partial"):
        start(quick, "github")
    assert count(quick) == 0
    review = start(quick, "github", partial=True)
    assert len(review.said.partial) == 1
    assert kind in review.said.partial[0]
    with quick.reading() as connection:
        assert reviews.population(connection, review).header["partial"] == list(review.said.partial)
        assert reviews.all_reviews(connection)[review.id].said.partial == review.said.partial


def test_a_stale_collection_refuses(quick: Store) -> None:
    collect(quick, acme().looks())
    with pytest.raises(
        UsageError, match="the last complete look was on 2026-01-05, over 7 days before"
    ):
        start(quick, "github", now=T0 + 8 * DAY)
    assert count(quick) == 0


def test_a_kind_that_was_never_collected_refuses(quick: Store) -> None:
    made = acme()
    del made.documents["github.team", GITHUB]
    collect(quick, made.looks())
    with pytest.raises(
        UsageError, match=r"github\.team was never collected.*collect --kind github\.team"
    ):
        start(quick, "github")


def test_what_could_not_be_read_within_a_collection_refuses(quick: Store) -> None:
    made = acme()
    denied = {"direct_collaborators": {"status": "denied", "reason": "no"}}
    gaps: dict[str, Any] = {"$gaps": denied}
    made.repository("api", **gaps)
    del made.documents["github.repository", GITHUB]["R_api"]["direct_collaborators"]
    collect(quick, made.looks())
    with pytest.raises(UsageError, match=r"who has access to acme/api: .*denied: no"):
        start(quick, "github")


def test_what_only_adds_is_noted(quick: Store) -> None:
    made = acme()
    collect(quick, made.looks(partial=["github.verified_mails"]))
    denied = look(
        {}, at=T0, scope=GITHUB, kind="github.external_identity", status=CollectionStatus.DENIED
    )
    collect(quick, [denied])
    review = start(quick, "github")
    with quick.reading() as connection:
        notes = reviews.population(connection, review).header["notes"]
    assert [note.partition(" ")[0] for note in notes] == [
        "github.external_identity", "github.verified_mails",
    ]  # fmt: skip


def test_another_system_that_is_incomplete_does_not_refuse(quick: Store) -> None:
    made = acme("github", "aws")
    collect(quick, made.looks(partial=["aws.iam.user"]))
    assert start(quick, "github").said.partial == ()


def test_two_reviews_at_once_over_one_system_are_refused(quick: Store) -> None:
    made = acme("github", "okta")
    made.okta_user(1, "p1@acme.example")
    collect(quick, made.looks())
    start(quick, "github:acme")
    for systems in (["github"], ["GitHub:Acme"], ["okta", "github"]):
        with pytest.raises(UsageError, match="review-1 over github:acme is open"):
            start(quick, *systems)
    assert start(quick, "okta").id == "review-2"


@pytest.mark.parametrize(
    ("systems", "values", "message"),
    [
        (["gihub"], {}, "the store knows no system 'gihub'. Did you mean 'github'"),
        (["  "], {}, "name at least one system"),
        (["github"], {"given": []}, "say who reviews"),
        (["github"], {"due": T0 - DAY}, "2026-01-04 is in the past"),
        (
            ["github"],
            {"given": [line("Ritta")]},
            "nobody who works here is 'Ritta'. Did you mean 'Rita'",
        ),
        (
            ["github"],
            {"given": [line("Rita", deputy="Nobody")]},
            "nobody who works here is 'Nobody'",
        ),
        (["github"], {"given": [line("Rita"), line("Lee")]}, r"Lee \(9\) left on 2025-12-01"),
        (["roster"], {}, "nobody has anything in roster|knows no system 'roster'"),
    ],
)
def test_a_start_that_is_refused_records_nothing(
    quick: Store, systems: list[str], values: dict[str, Any], message: str
) -> None:
    made = acme()
    made.person(9, "Lee", status="left", left_at="2025-12-01T00:00:00.000Z")
    collect(quick, made.looks())
    with pytest.raises(UsageError, match=message):
        start(quick, *systems, **values)
    assert count(quick) == 0


def _without_first(rows: list[dict[str, str]]) -> None:
    del rows[0]


def _twice(rows: list[dict[str, str]]) -> None:
    rows.append(rows[0])


def _altered(rows: list[dict[str, str]]) -> None:
    rows[0]["grant"] = "read"


def _unknown(rows: list[dict[str, str]]) -> None:
    rows[0]["row"] = "0123456789ab"


def _strange_word(rows: list[dict[str, str]]) -> None:
    rows[0]["decision"] = "kep"


def _no_reason(rows: list[dict[str, str]]) -> None:
    rows[0] |= {"decision": "revoke", "reason": " "}


def _reason_alone(rows: list[dict[str, str]]) -> None:
    rows[0] |= {"decision": "", "reason": "why"}


def _other_review(rows: list[dict[str, str]]) -> None:
    rows[0]["review"] = "review-7"


def _all_unknown(rows: list[dict[str, str]]) -> None:
    for row in rows:
        row["review"] = "review-7"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_without_first, "missing is"),
        (_twice, "more than once stands"),
        (_altered, r"altered is .* \(grant\)"),
        (_unknown, "no row of the review is 0123456789ab"),
        (_strange_word, r"keep, revoke or change must be said of .* \('kep'\)"),
        (_no_reason, "a reason is needed to revoke or change"),
        (_reason_alone, "a reason without a decision"),
        (_other_review, "speaks of 2 reviews"),
        (_all_unknown, "there is no review 'review-7'. Did you mean 'review-1'"),
    ],
)
def test_a_file_that_is_refused_records_nothing(
    quick: Store, spoil: Callable[[list[dict[str, str]]], None], message: str
) -> None:
    collect(quick, acme().looks())
    review = start(quick, "github")
    file = handed(quick, review, keep)
    spoil(file.rows)
    before = count(quick)
    with pytest.raises(UsageError, match=message):
        decide(quick, file)
    assert count(quick) == before


def test_another_reviewers_rows_are_refused(quick: Store) -> None:
    collect(quick, acme().looks())
    review = start(quick, "github")
    for file, by, message in (
        (handed(quick, review, keep), DAN, "not Dan but Rita decides on"),
        (handed(quick, review, keep), Actor("Cy", "cy"), "'Cy' is no reviewer of review-1"),
    ):
        with pytest.raises(UsageError, match=message):
            decide(quick, file, by)
    both = handed(quick, review, keep)
    both.rows.extend(handed(quick, review, keep, "Dan").rows)
    with pytest.raises(UsageError, match="not Rita but Dan decides on"):
        decide(quick, both)
    assert count(quick) == 1


def test_an_account_that_became_the_reviewers_own_is_still_refused(quick: Store) -> None:
    """The population is frozen: whose an account was at the start counts, whatever name is claimed."""
    collect(quick, acme().looks())
    review = start(quick, "github")
    file = handed(quick, review, keep, "Dan")
    with pytest.raises(UsageError, match="not Rita but Dan decides on"):
        decide(quick, file, RITA)


def test_decisions_may_come_in_parts_and_the_last_counts(quick: Store) -> None:
    collect(quick, acme().looks())
    review = start(quick, "github")
    some = handed(quick, review, lambda row: ("keep", "") if row.login == "cy" else ("", ""))
    first = decide(quick, some)
    assert (first.recorded, first.open) == (2, 2)
    assert decide(quick, some).recorded == 0, "nothing new"
    assert decide(quick, handed(quick, review, revoke_admin)).recorded == 3
    assert len(state(quick, review).pending) == 1


def test_a_closed_review_takes_nothing_more(quick: Store) -> None:
    collect(quick, acme().looks())
    review = start(quick, "github")
    files_of = [handed(quick, review, keep), handed(quick, review, keep, "Dan")]
    decide(quick, files_of[0])
    decide(quick, files_of[1], DAN)
    reviews.close(quick, review.id, by=ADMIN)
    before = count(quick)
    for attempt in (
        lambda: decide(quick, files_of[0]),
        lambda: reviews.close(quick, review.id, by=ADMIN),
        lambda: reviews.cancel(quick, review.id, reason="x", by=ADMIN),
    ):
        with pytest.raises(UsageError, match="review-1 was closed"):
            attempt()
    assert count(quick) == before


def test_people_whom_nobody_could_read_refuse(quick: Store) -> None:
    made = acme()
    others = [one for one in made.looks() if one.kind != "roster.person"]
    failed = look(
        {}, at=T0, scope=HR, kind="roster.person", status=CollectionStatus.FAILED, reason="no file"
    )
    collect(quick, [*others, failed])
    with pytest.raises(
        UsageError, match=r"roster\.person in roster:acme is not complete: .*no file"
    ):
        start(quick, "github")
