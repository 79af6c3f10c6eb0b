"""API keys.

Source: API Keys API v2, ``Key``; Google, "Adding restrictions to API keys".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held
from soc2_collectors.gcp.models.values import Moment
from soc2_collectors.reach import open_to_internet

_EVERY_API = "cloudapis.googleapis.com"
"""Google Cloud APIs: a name that stands for most of them."""
_SITES = """
    000webhostapp.com akamaized.net amplifyapp.com appspot.com azure-api.net b-cdn.net base44.app
    bitbucket.io blogspot.com bolt.host carrd.co cloudapp.net cloudfront.net cloudfunctions.net
    codesandbox.io csb.app deno.dev edgekey.net fastly.net firebaseapp.com fly.dev framer.app
    framer.website gitbook.io github.io githubpreview.dev gitlab.io glitch.me herokuapp.com
    hf.space infinityfreeapp.com loca.lt lovable.app myshopify.com neocities.org netlify.app
    netlify.com ngrok-free.app ngrok-free.dev ngrok.app notion.site now.sh ondigitalocean.app onrender.com
    pages.dev pythonanywhere.com r2.dev railway.app readthedocs.io repl.co replit.app replit.dev
    squarespace.com stackblitz.io streamlit.app supabase.co surge.sh trycloudflare.com
    tumblr.com vercel.app vercel.dev web.app webcontainer.io webflow.io weebly.com wixsite.com
    wordpress.com workers.dev
"""
_SHARED_HOSTS = frozenset(_SITES.split())
"""Domains under which anybody can have a site."""
_CLOUDS = (
    "amazonaws.com",
    "awsapprunner.com",
    "azureedge.net",
    "azurefd.net",
    "azurestaticapps.net",
    "azurewebsites.net",
    "backblazeb2.com",
    "cloudapp.azure.com",
    "cloudworkstations.dev",
    "digitaloceanspaces.com",
    "elasticbeanstalk.com",
    "github.dev",
    "googleusercontent.com",
    "hosted.app",
    "ngrok.io",
    "run.app",
    "storage.googleapis.com",
    "trafficmanager.net",
    "translate.goog",
    "windows.net",
)
"""Domains in which everything at any depth is of one of many customers: between the domain and the customer's
own label there may be a region, ``*.a.run.app``."""
_BY_PATH = frozenset({"s3.amazonaws.com", "storage.googleapis.com"})
"""Hosts on which everybody may have pages in a bucket, which the path begins with."""
_REGIONS = re.compile(r"([a-z0-9-]+\.)?(r\.appspot\.com|azurecontainerapps\.io)")
"""Regions, ``uc.r.appspot.com``; below them are customers, and below these only what is theirs."""
_SECOND = re.compile(r"(ac|co|com|edu|go|gob|gov|ltd|ne|net|or|org|plc)\.[a-z]{2}")
"""Where a country gives out names below a second label: ``co.uk``."""


class Target(msgspec.Struct, frozen=True, rename="camel"):
    """An API that a key is for."""

    service: str = ""

    @property
    def named(self) -> bool:
        """Whether it is one API."""
        return (
            "." in self.service and self.service.lower() != _EVERY_API and "*" not in self.service
        )


class Browser(msgspec.Struct, frozen=True, rename="camel"):
    """Sites."""

    allowed_referrers: list[str] = []


class Server(msgspec.Struct, frozen=True, rename="camel"):
    """Addresses."""

    allowed_ips: list[str] = []


class AndroidApp(msgspec.Struct, frozen=True, rename="camel"):
    """An app of Android, by its name and the certificate that it is signed with."""

    any_value: ClassVar[Mapping[str, str]] = {
        "packageName": "whichever app it is, it is one",
        "sha1Fingerprint": "whichever certificate it is, it is one",
    }

    package_name: str = ""
    sha1_fingerprint: str = ""


class Android(msgspec.Struct, frozen=True, rename="camel"):
    """Apps of Android."""

    allowed_applications: list[AndroidApp] = []


class Ios(msgspec.Struct, frozen=True, rename="camel"):
    """Apps of iOS."""

    allowed_bundle_ids: list[str] = []


class Restrictions(msgspec.Struct, frozen=True, rename="camel"):
    """For what, and for whom, a key is. Google leaves out what is empty; of the callers there is one sort."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "browserKeyRestrictions",
            "serverKeyRestrictions",
            "androidKeyRestrictions",
            "iosKeyRestrictions",
        ),
        "one sort of caller is named and the others are left out (Restrictions); without all it fails",
    )

    api_targets: list[Target] = []
    browser_key_restrictions: Browser | None = None
    server_key_restrictions: Server | None = None
    android_key_restrictions: Android | None = None
    ios_key_restrictions: Ios | None = None

    @property
    def wide_targets(self) -> list[str]:
        """Targets that are no one API."""
        return sorted(one.service or "(none)" for one in self.api_targets if not one.named)

    @property
    def callers(self) -> int:
        """How many sites, addresses or apps are named."""
        return len(self._sites) + len(self._addresses) + len(self._android) + len(self._ios)

    @property
    def wide_callers(self) -> list[str]:
        """Entries that let in whom nobody chose. Raises Unreadable for what is no address."""
        found = [one or "(no site)" for one in self._sites if not names_site(one)]
        if self._addresses and open_to_internet(self._addresses):
            found += self._addresses
        found += [
            one.package_name or "(no app)"
            for one in self._android
            if not (one.package_name and one.sha1_fingerprint)
        ]
        found += [one or "(no app)" for one in self._ios if not one or "*" in one]
        return sorted(found)

    @property
    def _sites(self) -> list[str]:
        said = self.browser_key_restrictions
        return said.allowed_referrers if said else []

    @property
    def _addresses(self) -> list[str]:
        said = self.server_key_restrictions
        return said.allowed_ips if said else []

    @property
    def _android(self) -> list[AndroidApp]:
        said = self.android_key_restrictions
        return said.allowed_applications if said else []

    @property
    def _ios(self) -> list[str]:
        said = self.ios_key_restrictions
        return said.allowed_bundle_ids if said else []


def names_site(referrer: str) -> bool:
    """Whether a referrer is of a site of somebody's own: ``*.acme.example/*``, and not ``*.com/*``."""
    host = re.sub(r"^[a-z*]+://", "", referrer.strip().lower())
    host, _, path = host.partition("/")
    host = re.split(r"[:?#]", host, maxsplit=1)[0]
    if host in _BY_PATH and not re.match(r"[\w.-]+/", path):
        return False
    labels = host.split(".")
    while labels and labels[0] == "*":
        labels.pop(0)
    rest = ".".join(labels)
    if not labels or "*" in rest or not all(labels):
        return False
    if rest != host:  # any name below it
        return len(labels) > 1 and not _of_many(rest)
    return len(labels) > 1 or rest == "localhost"


def _of_many(domain: str) -> bool:
    """Whether anybody can have a name below this domain."""
    return (
        domain in _SHARED_HOSTS
        or _SECOND.fullmatch(domain) is not None
        or _REGIONS.fullmatch(domain) is not None
        or any(domain == one or domain.endswith(f".{one}") for one in _CLOUDS)
    )


class KeyData(msgspec.Struct, frozen=True, rename="camel"):
    """``Key``; its secret part is not in it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "deleteTime": "empty unless the key is deleted (Key); a key that is there is judged",
        "serviceAccountEmail": "only named in the message; most keys are bound to no account (Key)",
    }

    name: str
    create_time: Moment
    delete_time: str | None = None
    restrictions: Restrictions | None = None
    service_account_email: str = ""
    """The service account that the key is bound to; empty: none."""


class ApiKey(Asset, frozen=True, kw_only=True, rename="camel"):
    """An API key. The key itself as recorded, as an asset from documentation."""

    kind = "gcp.apikeys.key"
    volatile = ("updateTime", "resource.data.etag")
    secret = ("resource.data.keyString",)
    resource: Held[KeyData]

    @property
    def key(self) -> KeyData:
        """What the API says."""
        return self.resource.data
