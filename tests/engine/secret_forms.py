"""Every form that a credential comes in, made up at run time: no file holds anything that looks like one.

``form(NUMBER)`` gives another secret each time; the same number gives the same one. What must not be found
anywhere afterwards is ``Secret.core``; what stands around it, in ``Secret.text``, is how it is met.
"""

from __future__ import annotations

import base64
import hashlib
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_WORD = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"
_BASE64 = _WORD + "+/"


@dataclass(frozen=True)
class Secret:
    """One planted secret."""

    text: str
    """As it stands in a longer text."""
    core: str
    """The part that lets somebody in."""


def drawn(seed: str, length: int, alphabet: str = _WORD) -> str:
    """Characters that only this seed gives. Digits, small and capital letters stand at the beginning."""
    found = "".join(c for c in "7qZ" if c in alphabet)
    round_ = 0
    while len(found) < length:
        block = hashlib.sha256(f"{seed}/{round_}".encode()).digest()
        found += "".join(alphabet[byte % len(alphabet)] for byte in block)
        round_ += 1
    return found[:length]


def _token(prefix: str, length: int, alphabet: str = _WORD) -> Callable[[str], Secret]:
    def make(seed: str) -> Secret:
        core = prefix + drawn(seed, length, alphabet)
        return Secret(core, core)

    return make


def _within(
    before: str, length: int, after: str = "", alphabet: str = _WORD
) -> Callable[[str], Secret]:
    def make(seed: str) -> Secret:
        core = drawn(seed, length, alphabet)
        return Secret(f"{before}{core}{after}", core)

    return make


def _block(sort: str) -> Callable[[str], Secret]:
    def make(seed: str) -> Secret:
        core = drawn(seed, 64, _BASE64)
        return Secret(f"-----{'BEGIN'} {sort}-----\n{core}\n-----END {sort}-----", core)

    return make


def _basic(seed: str) -> Secret:
    core = base64.b64encode(f"robot:{drawn(seed, 16)}".encode()).decode()
    return Secret(f"Authorization: Basic {core}", core)


def _jwt(seed: str) -> Secret:
    core = f"eyJ{drawn(seed, 20)}.eyJ{drawn(seed + 'b', 30)}.{drawn(seed + 'c', 43)}"
    return Secret(core, core)


def _azure_storage(seed: str) -> Secret:
    core = f"{drawn(seed, 76, _BASE64)}+ASt{drawn(seed + 'b', 5)}A=="
    return Secret(core, core)


_GUID = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"

FORMS: dict[str, Callable[[str], Secret]] = {
    "GitHub personal": _token("ghp_", 36),
    "GitHub app": _token("ghs_", 36),
    "GitHub fine-grained": _token("github_pat_", 82),
    "GitLab": _token("glpat-", 20),
    "Slack bot": _token("xoxb-", 40),
    "Slack webhook": _token("https://hooks.slack.com/services/", 44),
    "Slack workflow": _token("https://hooks.slack.com/workflows/", 44),
    "Discord webhook": _token("https://discord.com/api/webhooks/123456789012345678/", 60),
    "Teams webhook": _token(
        f"https://acme.webhook.office.com/webhookb2/{_GUID}@{_GUID}/IncomingWebhook/", 32
    ),
    "PagerDuty webhook": _token("https://events.pagerduty.com/integration/", 32, _HEX),
    "Zapier webhook": _token("https://hooks.zapier.com/hooks/catch/12345/", 12),
    "a webhook's path": _within("https://alerts.acme.example/webhooks/", 32),
    "Telegram": _token("https://api.telegram.org/bot123456789:", 35),
    "Google API key": _token("AIza", 35),
    "Google access token": _token("ya29.", 60),
    "Google refresh token": _token("1//0", 50),
    "Google client secret": _token("GOCSPX-", 28),
    "npm": _token("npm_", 36),
    "PyPI": _token("pypi-AgEIcHlwaS5vcmc", 60),
    "RubyGems": _token("rubygems_", 48, _HEX),
    "Docker": _token("dckr_pat_", 27),
    "SendGrid": lambda seed: Secret(*[f"SG.{drawn(seed, 22)}.{drawn(seed + 'b', 43)}"] * 2),
    "Twilio": _token("SK", 32, _HEX),
    "Mailgun": _token("key-", 32, _HEX),
    "Vault": _token("hvs.", 90),
    "Terraform": _within("abcdefghijklm1.atlasv1.", 64),
    "OpenAI": _token("sk-proj-", 64),
    "OpenAI, older": _token("sk-", 48),
    "Anthropic": _token("sk-ant-api03-", 80),
    "Hugging Face": _token("hf_", 34, string.ascii_letters),
    "Stripe": _token("sk_live_", 24),
    "Stripe webhook": _token("whsec_", 32),
    "DigitalOcean": _token("dop_v1_", 64, _HEX),
    "Databricks": _token("dapi", 32, _HEX),
    "Grafana": lambda seed: Secret(*[f"glsa_{drawn(seed, 32)}_{drawn(seed + 'b', 8, _HEX)}"] * 2),
    "New Relic": _token("NRAK-", 27),
    "Atlassian": _token("ATATT3", 60),
    "Shopify": _token("shpat_", 32, _HEX),
    "Pulumi": _token("pul-", 40, _HEX),
    "Heroku": _token("HRKU-AA", 58),
    "Postman": lambda seed: Secret(
        *[f"PMAK-{drawn(seed, 24, _HEX)}-{drawn(seed + 'b', 34, _HEX)}"] * 2
    ),
    "Linear": _token("lin_api_", 40),
    "Adobe": _token("p8e-", 32),
    "Alibaba": _token("LTAI", 20),
    "Artifactory": _token("AKCp", 69),
    "Bedrock": _token("ABSK", 120),
    "Cloudflare": lambda seed: Secret(
        *[f"v1.0-{drawn(seed, 24, _HEX)}-{drawn(seed + 'b', 146, _HEX)}"] * 2
    ),
    "Doppler": _token("dp.pt.", 43),
    "Dynatrace": lambda seed: Secret(*[f"dt0c01.{drawn(seed, 24)}.{drawn(seed + 'b', 64)}"] * 2),
    "EasyPost": _token("EZAK", 54),
    "Facebook": _token("EAAM", 120),
    "Fly": _token("fo1_", 43),
    "Infracost": _token("ico-", 32),
    "Notion": lambda seed: Secret(
        *[f"ntn_{drawn(seed, 11, string.digits)}{drawn(seed + 'b', 35)}"] * 2
    ),
    "Octopus": _token("API-", 26, string.ascii_uppercase + string.digits),
    "1Password": _token("ops_eyJ", 260),
    "OpenShift": _token("sha256~", 43),
    "Perplexity": _token("pplx-", 48),
    "PlanetScale": _token("pscale_tkn_", 43),
    "Prefect": _token("pnu_", 36),
    "PuTTY": lambda seed: Secret(
        f"PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{drawn(seed, 48)}", drawn(seed, 48)
    ),
    "ReadMe": _token("rdme_", 70, string.ascii_lowercase + string.digits),
    "Sendinblue": lambda seed: Secret(
        *[f"xkeysib-{drawn(seed, 64, _HEX)}-{drawn(seed + 'b', 16)}"] * 2
    ),
    "Sentry": _token("sntryu_", 64, _HEX),
    "Square": _token("sq0atp-", 22),
    "JSON web token": _jwt,
    "AWS session token": _token("FwoGZXIvYXdz", 200, _BASE64),
    "AWS session token, newer": _token("IQoJb3JpZ2lu", 200, _BASE64),
    "AWS secret key, assigned": _within("aws_secret_access_key = ", 40, alphabet=_BASE64),
    "AWS secret key, in JSON": _within('{"SecretAccessKey": "', 40, '"}', _BASE64),
    "AWS secret key, in JSON in a text": _within('{\\"SecretAccessKey\\":\\"', 40, '\\"}', _BASE64),
    "Azure storage, connection string": _within(
        "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=",
        86,
        "==;EndpointSuffix=x",
        _BASE64,
    ),
    "Azure storage key": _azure_storage,
    "Azure service bus": _within(
        "Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=",
        43,
        "=",
        _BASE64,
    ),
    "Azure shared access signature": _within(
        "https://acme.blob.core.windows.net/b?sv=2024-11-04&sp=r&sig=", 43, "%3D", _WORD
    ),
    "Azure client secret": lambda seed: Secret(
        *[f"{drawn(seed, 3)}8Q~{drawn(seed + 'b', 34)}"] * 2
    ),
    "a password in a URL": _within("postgres://app:", 20, "@db.acme.example/app"),
    "a password without a user": _within("redis://:", 20, "@cache.acme.example:6379"),
    "a token in a URL": _within("https://", 40, "@git.acme.example/app.git"),
    "a connection string": _within(
        "Server=db;Database=app;User Id=sa;Password=", 14, ";Encrypt=true"
    ),
    "a password, assigned": _within("PGPASSWORD=", 14),
    "a password, quoted": _within("password: '", 14, "'"),
    "a token in a query": _within("https://in.acme.example/collect?token=", 24),
    "a key in a query": _within("https://in.acme.example/collect?v=1&api_key=", 24),
    "Google Chat": _within("https://chat.googleapis.com/v1/spaces/AAA/messages?key=", 39, "&x=1"),
    "Bearer": _within("Authorization: Bearer ", 40),
    "Basic": _basic,
    "SSWS": _within("Authorization: SSWS 00", 40),
    "Splunk": _within("Authorization: Splunk ", 36),
    "PEM": _block("RSA PRIVATE KEY"),
    "OpenSSH": _block("OPENSSH PRIVATE KEY"),
    "PGP": _block("PGP PRIVATE KEY BLOCK"),
    "age": _token("AGE-SECRET-KEY-1", 58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
}
"""Form -> a secret of that form from a seed."""


def plain(seed: str) -> Secret:
    """A password that looks like nothing: only its place says that it is secret."""
    core = f"correct-{drawn(seed, 12, string.ascii_lowercase)}-staple"
    return Secret(core, core)
