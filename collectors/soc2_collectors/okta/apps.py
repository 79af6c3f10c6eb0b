"""Collects apps and their assignments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.app import OKTA_APPS, App
from soc2_pac.model import Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from soc2_collectors.okta.client import Okta
    from soc2_pac.model import Document

_APPS = "/api/v1/apps"
_GROUPS = "/api/v1/apps/{appId}/groups"
_USERS = "/api/v1/apps/{appId}/users"
_CLIENT_ROLES = "/oauth2/v1/clients/{clientId}/roles"
_PAGE = 200
_USERS_PAGE = 500


@collects(
    App,
    calls=[f"GET {path}" for path in (_APPS, _GROUPS, _USERS, _CLIENT_ROLES)],
    per="organization",
    cost="pages of 200 + for each active app pages of 200 groups and of 500 users; 1 for a service app",
)
def apps(okta: Okta) -> Iterator[Document]:
    """Apps, Okta's own included; assignments of active ones that are not Okta's own."""
    for record in okta.items(_APPS, limit=_PAGE):
        yield document(record, name="label", body=_assigned(okta, record))


def _assigned(okta: Okta, record: Mapping[str, Any]) -> Callable[[str], Mapping[str, object]]:
    def read(number: str) -> Mapping[str, object]:
        if record.get("status") != "ACTIVE" or record.get("name") in OKTA_APPS:
            return {}
        if _service(record):
            return {"client_roles": okta.list_fact(_CLIENT_ROLES, clientId=number)}

        def directly() -> object:
            # Of a large org nearly everybody comes by a group: the listing is read, and not kept.
            everybody = okta.items(_USERS, limit=_USERS_PAGE, appId=number)
            return [one for one in everybody if one.get("scope") != "GROUP"]

        return {
            "groups": okta.list_fact(_GROUPS, limit=_PAGE, appId=number),
            "users": Fact(f"GET {_USERS}", directly),
        }

    return read


def _service(record: Mapping[str, Any]) -> bool:
    settings = record.get("settings")
    client = settings.get("oauthClient") if isinstance(settings, dict) else None
    return isinstance(client, dict) and client.get("application_type") == "service"
