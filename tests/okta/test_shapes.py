"""Answers of real orgs that the views once could not take."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from soc2_pac import plugins
from soc2_pac.model import Scope, Status
from soc2_pac.testing import judge_document

RULES = plugins.load().rules
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SCOPE = Scope("okta", "acme.okta.com")
DIRECTORY = {
    "id": "0oa5",
    "name": "active_directory",
    "label": "acme.local",
    "status": "ACTIVE",
    "features": ["IMPORT_NEW_USERS", "PROFILE_MASTERING"],
    "signOnMode": None,
    "accessibility": {"selfService": False, "errorRedirectUrl": None, "loginRedirectUrl": None},
    "credentials": {"userNameTemplate": {"template": "${source.login}", "type": "BUILT_IN"}},
    "settings": {"app": {"namingContext": "acme.local"}},
    "_links": {"users": {"href": "https://acme.okta.com/api/v1/apps/0oa5/users"}},
    "groups": [],
    "users": [],
}
"""A directory: nobody signs in to it by Okta, so it has no mode and no policy."""
LABELS = {"pageContent": None, "widgetCustomizations": {"signInLabel": "Welcome"}}


def said(rule: str, document: dict[str, Any], **asked: Any) -> Status:
    return judge_document(RULES[rule], document, now=NOW, scope=SCOPE, **asked).status


@pytest.mark.parametrize(
    "rule",
    ["okta-app-provisioning", "okta-app-sso-federated", "okta-apps-not-password-only",
     "okta-service-app-super-admin"],
)  # fmt: skip
def test_a_directory_is_no_app_that_people_sign_in_to(rule: str) -> None:
    given: dict[str, Any] = {"okta.access_policy": []} if RULES[rule].joins else {}
    assert said(rule, DIRECTORY, given=given) is Status.NOT_APPLICABLE


def test_a_directory_that_says_less_is_read_all_the_same() -> None:
    less = {key: DIRECTORY[key] for key in ("id", "name", "status", "signOnMode")}
    assert said("okta-app-sso-federated", less) is Status.NOT_APPLICABLE
    assert said("okta-app-provisioning", less) is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("required", "expected"),
    [((), Status.NOT_APPLICABLE), (("Authorised use only",), Status.FAIL)],
)
def test_a_brand_with_labels_alone(required: tuple[str, ...], expected: Status) -> None:
    brand = {"id": "bnd1", "name": "Acme", "customized": LABELS}
    assert said("okta-login-banner", brand, thresholds={"required": required}) is expected
