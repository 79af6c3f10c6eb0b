"""Apps: how people get them, lose them, and sign in to them."""

from __future__ import annotations

from soc2_collectors.okta.models.app import (
    BOOKMARK,
    FEDERATED,
    GRANT_TYPES,
    OPENID_CONNECT,
    PASSWORD_REPLAY,
    App,
)
from soc2_collectors.okta.models.role import Group
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.known import Unread

_DEACTIVATES = "PUSH_USER_DEACTIVATION"
_WRITES_PASSWORDS = "PUSH_PASSWORD_UPDATES"
_SOURCE = "PROFILE_MASTERING"
_MAKES = {"PUSH_NEW_USERS", "PUSH_PENDING_USERS"}
"""Features by which Okta makes accounts in the app."""
_NONE = not_applicable("the org has no apps")


def _outside(app: App, in_scope: tuple[str, ...], exempt: tuple[str, ...]) -> str | None:
    """Why the app is not asked, or ``None``."""
    if not app.active:
        return f"{app.called} is {app.status}"
    if app.of_okta:
        return f"{app.called} is a part of Okta"
    if app.named_in(exempt):
        return f"{app.called} is exempt"
    if in_scope and not app.named_in(in_scope):
        return f"{app.called} is not in scope"
    if app.sign_on_mode == BOOKMARK and not in_scope:
        return f"{app.called} is a bookmark"
    return f"{app.called} signs in nobody: a service app" if app.service else None


@rule(criteria=["CC6.2"], severity=Severity.HIGH, empty=_NONE)
def okta_app_provisioning(
    app: App, *, in_scope: tuple[str, ...] = (), exempt: tuple[str, ...] = ()
) -> Verdict:
    """Apps are notified when somebody is deactivated in Okta.

    ``in_scope`` and ``exempt`` take labels, keys or ids of apps; an empty ``in_scope`` means all. Bookmarks
    are asked when they are named in scope. Apps that Okta takes people from (an HR system), and makes no
    accounts in, are not asked.

    Why: without it the account in the app, its sessions and its tokens outlive the person.
    Fix: Applications, the app, Provisioning, To App: turn on "Deactivate Users".
    """
    outside = _outside(app, in_scope, exempt)
    if outside:
        return not_applicable(outside)
    if app.features is None:
        return inconclusive(f"Okta does not say what provisioning of {app.called} does")
    if _DEACTIVATES in app.features:
        return passed(f"{app.called} is notified of deactivations")
    if _SOURCE in app.features and not _MAKES & set(app.features):
        return not_applicable(f"{app.called} is where Okta takes people from")
    on = ", ".join(sorted(app.features)) or "no provisioning at all"
    return failed(f"{app.called} is not notified of deactivations ({on})")


@rule(criteria=["CC6.3"], severity=Severity.MEDIUM, needs=[Group], empty=_NONE)
def okta_app_assignment_by_group(
    app: App,
    evidence: Evidence,
    *,
    in_scope: tuple[str, ...] = (),
    exempt: tuple[str, ...] = (),
    max_direct: int = 0,
) -> Verdict:
    """Apps are assigned to groups, not to single people and not to everyone.

    ``in_scope`` and ``exempt`` take labels, keys or ids of apps; an empty ``in_scope`` means all. Bookmarks
    are asked when they are named in scope. Federation Broker Mode lets everyone in without an assignment. Of a
    directory in which Okta makes no accounts nothing is asked: its people are those that Okta took from it.

    Why: what was given to one person is not taken back when the job changes, and what everyone has
        nobody decided on.
    Fix: Applications, the app, Assignments: assign a group of those who need it, then remove the
        single people and the group Everyone.
    """
    outside = _outside(app, in_scope, exempt)
    if outside:
        return not_applicable(outside)
    if app.sign_on_mode is None and app.features is not None and not _MAKES & set(app.features):
        return not_applicable(f"{app.called} is a directory that Okta takes people from")
    if app.settings is not None and app.settings.implicit_assignment:
        return failed(
            f"{app.called} lets everyone in who signs in to Okta (Federation Broker Mode)"
        )
    direct = sum(user.scope != "GROUP" for user in app.users)
    groups = {group.id for group in app.groups}
    unread = Unread()
    everyone = unread.of(lambda: evidence.index(Group, "everyone").get(True, ()))
    wrong = []
    if any(group.id in groups for group in everyone):
        wrong.append("everyone")
    if direct > max_direct:
        wrong.append(f"{direct} people one by one")
    if wrong:
        return failed(f"{app.called} is assigned to {' and to '.join(wrong)}")
    unread.demand_all()
    if not everyone:
        return inconclusive("Okta does not list the group Everyone, and every org has it")
    if app.settings is None:
        return inconclusive(f"Okta does not show the settings of {app.called}")
    asked = app.accessibility.self_service if app.accessibility else None
    if asked is None:
        return inconclusive(
            f"Okta does not say whether people may add {app.called} to their own apps"
        )
    if asked:
        return inconclusive(
            f"{app.called} may be added by people themselves; whether somebody approves is not shown"
        )
    if not direct and not groups:
        return not_applicable(f"{app.called} is assigned to nobody")
    return passed(f"{app.called} is assigned to {len(groups)} groups and {direct} single people")


@rule(criteria=["CC6.1", "CC6.2"], severity=Severity.MEDIUM, empty=_NONE)
def okta_app_sso_federated(
    app: App, *, in_scope: tuple[str, ...] = (), exempt: tuple[str, ...] = ()
) -> Verdict:
    """People sign in to apps by SAML or OpenID Connect, not with a password that they or Okta type into the app.

    ``in_scope`` and ``exempt`` take labels, keys or ids of apps; an empty ``in_scope`` means all. Bookmarks
    are asked when they are named in scope. An OpenID Connect app that may use the grant type password takes
    people's Okta passwords itself; one with interaction_code may, which is inconclusive. Where Okta writes
    passwords into the app (Sync Password), they are people's own or random ones: which is not read.

    Why: a password of the app's own goes around Okta's policies, and works on after the person left.
    Fix: set up SAML or OpenID Connect for the app, and turn off passwords there; Applications, the app, General:
        clear the grant type Resource Owner Password.
    """
    outside = _outside(app, in_scope, exempt)
    if outside:
        return not_applicable(outside)
    mode = app.sign_on_mode
    if mode is None:
        return not_applicable(f"{app.called} is a directory: nobody signs in to it by Okta")
    if mode in FEDERATED:
        told = _with_a_password(app) if mode == OPENID_CONNECT else None
        return told or _trusted(app, mode)
    if mode in PASSWORD_REPLAY:
        return failed(f"{app.called} has passwords of its own that Okta types in ({mode})")
    if mode == BOOKMARK:
        return failed(f"{app.called} is a bookmark: who signs in does so past Okta")
    return inconclusive(f"{app.called} has a way to sign in that is not known here: {mode}")


def _with_a_password(app: App) -> Verdict | None:
    """What is to be said of an OpenID Connect app that takes passwords itself, or may; ``None``: it does not."""
    grants = app.grant_types
    if grants is None:
        return inconclusive(f"Okta does not say how {app.called} gets its tokens")
    if "password" in grants:
        return failed(f"{app.called} takes people's passwords itself (grant type password)")
    if "interaction_code" in grants:
        return inconclusive(
            f"{app.called} may show a sign-in of its own (grant type interaction_code): whether people type "
            "their passwords into it is not read"
        )
    if strange := set(grants) - GRANT_TYPES:
        return inconclusive(
            f"{app.called} has ways to get tokens that are not known here: {listed(strange)}"
        )
    return None


def _trusted(app: App, mode: str) -> Verdict:
    if app.features is None:
        return inconclusive(f"Okta does not say whether it writes passwords into {app.called}")
    if _WRITES_PASSWORDS in app.features:
        return inconclusive(
            f"{app.called} trusts Okta ({mode}), and Okta writes passwords into it: whether those are what people "
            "know is not read"
        )
    return passed(f"{app.called} trusts Okta ({mode}), and Okta writes no passwords into it")
