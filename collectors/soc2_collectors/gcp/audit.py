"""Cloud Audit Logs: what people changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.audit import HumanChange, Who
from soc2_pac import clock
from soc2_pac.errors import Unexpected
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_WINDOW = timedelta(days=7)
"""How far back changes are looked for: so long may pass between two runs without one being missed."""
_MOST = 20_000
_WHO = "protoPayload.authenticationInfo"
_BY_PEOPLE = (
    'log_id("cloudaudit.googleapis.com/activity")'
    f' AND (({_WHO}.principalEmail:"@" AND NOT {_WHO}.principalEmail:"gserviceaccount.com")'
    f' OR {_WHO}.principalSubject:"/workforcePools/"'
    f' OR {_WHO}.serviceAccountDelegationInfo.firstPartyPrincipal.principalEmail:"@"'
    f' OR {_WHO}.serviceAccountDelegationInfo.principalSubject:"user:"'
    f' OR {_WHO}.serviceAccountDelegationInfo.principalSubject:"/workforcePools/")'
    " AND NOT (operation.last=true AND NOT operation.first=true)"
)
"""People of a workforce pool have a subject and no address. Who acts as a service account stands in its
delegation, where other service accounts may stand as well. The end of an operation is no other change."""


@collects(
    HumanChange,
    calls=["logging.entries.list"],
    per="project",
    cost="pages of 1000 changes by people",
)
def human_changes(gcp: Gcp) -> Iterator[Document]:
    """Changes of the last week by people, the newest first.

    Where there are too many to read, those that were found stand, and the look counts as incomplete.
    """
    since = clock.now() - _WINDOW
    wanted = {
        "resourceNames": [gcp.scope_name],
        "filter": f'{_BY_PEOPLE} AND timestamp>="{since:%Y-%m-%dT%H:%M:%SZ}"',
        "orderBy": "timestamp desc",
        "pageSize": 1000,
    }
    entries = gcp.items("logging", "v2", "entries.list", "entries", body=wanted)
    for number, entry in enumerate(entries):
        if number >= _MOST:
            msg = f"more than {_MOST:,} changes within {_WINDOW.days} days: the older ones were not read"
            raise Unexpected(msg, operation="logging.entries.list")
        if not _by_machines(entry):
            yield document(entry, uid="insertId", name="protoPayload.methodName")


def _by_machines(entry: dict[str, Any]) -> bool:
    """Whether a service account did it, and those that acted as it are none of people's either."""
    try:
        who = msgspec.convert(entry["protoPayload"]["authenticationInfo"], Who)
    except (KeyError, TypeError, msgspec.ValidationError):
        return False  # kept as it came: the view says what is wrong with it
    return who.principal_email.endswith("gserviceaccount.com") and not who.behind
