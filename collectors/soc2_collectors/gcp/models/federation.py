"""Whose workloads an attribute condition of a workload identity provider lets in.

An issuer that serves many customers signs tokens for all of them: a condition narrows only where it says in
which account, project or repository of the issuer the workload must be. Of issuers that are not known here, a
subject that is named does, and what names a project for GitHub and GitLab, whose servers many run themselves.

Some issuers have an address for each customer, or for each cluster: there the address itself says who comes in.

Source: Google, "Configure Workload Identity Federation with deployment pipelines", "Best practices for using
workload identity federation", "Configure Workload Identity Federation with X.509 certificates"; the issuers'
lists of claims: GitHub, "OpenID Connect reference"; GitLab, "ID token payload"; HashiCorp, "Workload identity
tokens"; Buildkite, "OpenID Connect in pipelines"; addresses: Google, "Configure Workload Identity Federation
with Kubernetes"; Microsoft, "Access tokens: Token formats"; CircleCI, "Using OpenID Connect tokens in jobs";
Atlassian, "Integrate Pipelines with resource servers using OIDC"; Vercel, "OIDC reference".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.gcp.models.cel import (
    Both,
    Call,
    Compared,
    Either,
    Literal,
    Many,
    NotUnderstood,
    Path,
    Tree,
    parsed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

SUBJECT = "sub"


class Issuer(NamedTuple):
    """An issuer that signs tokens of many customers."""

    claims: frozenset[str]
    """Those that one customer has for itself: named, they say who comes in."""
    starts: Mapping[str, str]
    """Claim -> what its beginning must be like to name a customer."""


ISSUERS: dict[str, Issuer] = {
    "token.actions.githubusercontent.com": Issuer(
        frozenset(
            {
                "enterprise",
                "enterprise_id",
                "repository",
                "repository_id",
                "repository_owner",
                "repository_owner_id",
                "sub",
                "workflow_ref",
            }
        ),
        {
            "repository": r"[^/*]+/",
            "sub": r"(?:repo:[^/*]+/|repository_owner(?:_id)?:[^:*]+:)",
            "workflow_ref": r"[^/*]+/",
        },
    ),
    "gitlab.com": Issuer(
        frozenset({"namespace_id", "namespace_path", "project_id", "project_path", "sub"}),
        {"project_path": r"[^/*]+/", "sub": r"project_path:[^/*]+/"},
    ),
    "app.terraform.io": Issuer(
        frozenset(
            {
                "sub",
                "terraform_organization_id",
                "terraform_organization_name",
                "terraform_project_id",
                "terraform_workspace_id",
            }
        ),
        {"sub": r"organization:[^:*]+:"},
    ),
    "agent.buildkite.com": Issuer(
        frozenset({"organization_id", "organization_slug", "pipeline_id", "sub"}),
        {"sub": r"organization:[^:*]+:"},
    ),
    "accounts.google.com": Issuer(frozenset({"email", "hd", "sub"}), {}),
}
"""Host of the issuer -> what names a customer of it."""

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ONE_CUSTOMER = re.compile(
    r"https://(?:"
    r"container\.googleapis\.com/v1/projects/[^/*]+/(?:locations|zones)/[^/*]+/clusters/[^/*]+"
    r"|oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/id/[0-9a-f]{32}"
    rf"|(?:[a-z0-9-]+\.oic|oidc)\.prod-aks\.azure\.com/(?:{_UUID}/)?{_UUID}"
    rf"|login\.microsoftonline\.com/{_UUID}/v2\.0|sts\.windows\.net/{_UUID}"
    rf"|oidc\.circleci\.com/org/{_UUID}"
    rf"|vstoken\.dev\.azure\.com/{_UUID}"
    r"|token\.actions\.githubusercontent\.com/[a-z0-9][a-z0-9_-]*|token\.actions\.[a-z0-9-]+\.ghe\.com"
    r"|api\.bitbucket\.org/2\.0/workspaces/[^/*]+/pipelines-config/identity/oidc"
    r"|oidc\.vercel\.com/[a-z0-9][a-z0-9_-]*"
    r")/?"
)
"""Addresses of issuers that say whose workloads they sign tokens for: of a cluster, a tenant, an organisation."""

_CERTIFICATE = frozenset(
    {
        "san.dns",
        "san.uri",
        "serialNumberHex",
        "sha256Fingerprint",
        "subject.dn.cn",
        "subject.dn.o",
        "subject.dn.ou",
    }
)
"""Parts of a certificate that say whose it is, among those that the trusted authorities made."""

_WHOLE = re.compile(r"\^(?:[\w:/@-]|\\[./])+\$")
"""A regular expression that stands for one text."""
_GROUP = re.compile(r"\^\((?:\?:)?(?P<names>[\w@-]+(?:\|[\w@-]+)*)\)(?P<rest>[^?*{+|].*)")
"""One that begins with names of which each would do: ``^(acme|acme-labs)/``."""

UNKNOWN = Issuer(
    frozenset({SUBJECT}).union(
        *(ISSUERS[one].claims for one in ("token.actions.githubusercontent.com", "gitlab.com"))
    ),
    {},
)
"""An issuer that is not known here: a subject, and what servers of GitHub and GitLab of one's own say."""
X509, SAML = "X.509", "SAML"
"""In place of an issuer's address: authorities whose certificates the provider trusts; a server of SAML that
does not say its name."""
_OTHER_WAYS = {
    X509: Issuer(_CERTIFICATE, {"san.uri": r"[a-z]+://[^/*]+/"}),
    SAML: Issuer(frozenset({"subject"}), {}),
}


class Read(NamedTuple):
    """What a condition was found to say."""

    claim: str
    """The claim that names who comes in; empty: none does."""
    understood: bool
    """Whether all of it could be read: if not, it may narrow in a way that is not known here."""


def host(issuer: str) -> str:
    """``token.actions.githubusercontent.com``."""
    return issuer.lower().removeprefix("https://").partition("/")[0]


def shared(issuer: str) -> Issuer:
    """The issuer with the claims that tell its customers apart."""
    return _OTHER_WAYS.get(issuer) or ISSUERS.get(host(issuer), UNKNOWN)


def of_one_customer(issuer: str) -> bool:
    """Whether an issuer's address says whose workloads it signs tokens for: a cluster's, a tenant's."""
    return _ONE_CUSTOMER.fullmatch(issuer.lower()) is not None


def read(condition: str, issuer: str, mapping: Mapping[str, str]) -> Read:
    """Whether a condition says whose workloads come in.

    Args:
        condition: of the provider.
        issuer: its address.
        mapping: attribute (``attribute.repository``) -> the expression that fills it.
    """
    try:
        tree = parsed(condition)
    except NotUnderstood:
        return Read("", understood=False)
    claims = _claims(mapping)
    claim = _pinned(tree, shared(issuer), claims)
    return Read(claim, understood=bool(claim) or not _made_of(tree, shared(issuer), claims))


def _claims(mapping: Mapping[str, str]) -> dict[str, str]:
    """Attribute -> the claim that it is a copy of; others are left out."""
    found = {}
    for attribute, expression in mapping.items():
        try:
            tree = parsed(expression)
        except NotUnderstood:
            continue
        if isinstance(tree, Path) and tree.text.startswith("assertion."):
            found[attribute] = tree.text.removeprefix("assertion.")
    return found


def _pinned(tree: Tree, issuer: Issuer, claims: Mapping[str, str]) -> str:
    """The claim that a tree demands to be of one customer; empty where it does not."""
    if isinstance(tree, Both):
        return next((one for part in tree.parts if (one := _pinned(part, issuer, claims))), "")
    if isinstance(tree, Either):
        found = [_pinned(part, issuer, claims) for part in tree.parts]
        return found[0] if all(found) else ""
    if isinstance(tree, Compared):
        return _compared(tree, issuer, claims)
    if isinstance(tree, Call) and tree.on is not None and len(tree.arguments) == 1:
        claim = _claim(tree.on, claims)
        (argument,) = tree.arguments
        if isinstance(argument, Literal) and isinstance(argument.value, str):
            return claim if _begins(tree.name, claim, argument.value, issuer) else ""
    return ""


def _compared(tree: Compared, issuer: Issuer, claims: Mapping[str, str]) -> str:
    if tree.sign == "==":
        for side, other in ((tree.left, tree.right), (tree.right, tree.left)):
            claim = _claim(side, claims)
            if claim in issuer.claims and _says(other):
                return claim
    if tree.sign == "in" and isinstance(tree.right, Many) and tree.right.items:
        claim = _claim(tree.left, claims)
        if claim in issuer.claims and all(_says(one) for one in tree.right.items):
            return claim
    return ""


def _made_of(tree: Tree, issuer: Issuer, claims: Mapping[str, str]) -> bool:
    """Whether a tree demands something of a text that is made of a claim of one customer: ``extract``.

    What such a text says of the claim is not known here. How long it is names nobody.
    """
    if isinstance(tree, Both | Either):
        return any(_made_of(part, issuer, claims) for part in tree.parts)
    if not isinstance(tree, Compared) or tree.sign not in ("==", "in"):
        return False
    return any(
        isinstance(side, Call)
        and side.name != "size"
        and side.on is not None
        and _claim(side.on, claims) in issuer.claims
        for side in (tree.left, tree.right)
    )


def _begins(method: str, claim: str, text: str, issuer: Issuer) -> bool:
    """Whether ``startsWith`` or an anchored ``matches`` demands a beginning that names a customer."""
    form = issuer.starts.get(claim)
    if method == "matches" and (found := _GROUP.fullmatch(text)):
        named = (f"^{one}{found['rest']}" for one in found["names"].split("|"))
        return all(_begins(method, claim, one, issuer) for one in named)
    if method == "matches" and "|" in text and "(" not in text:
        return all(_begins(method, claim, one, issuer) for one in text.split("|"))
    if form is None:
        whole = method == "matches" and _WHOLE.fullmatch(text) is not None
        return whole and claim in issuer.claims
    if method == "startsWith":
        return re.match(form, text) is not None
    if method != "matches" or not text.startswith("^"):
        return False
    # The letters up to the first sign of a regular expression must name the customer whole, and a sign that
    # lets the last letter be missing takes it away.
    said = text[1:].replace("\\.", ".").replace("\\/", "/")
    plain = re.match(r"[\w:/@-]*", said)
    if plain is None or "|" in text:
        return False
    sure = plain[0][:-1] if said[plain.end() :].startswith(("?", "*", "{")) else plain[0]
    return re.match(form, sure) is not None


def _claim(tree: Tree, claims: Mapping[str, str]) -> str:
    if not isinstance(tree, Path):
        return ""
    if tree.text.startswith("assertion."):
        return tree.text.removeprefix("assertion.")
    return claims.get(tree.text, "")


def _says(tree: Tree) -> bool:
    """Whether it is a text with something in it."""
    return isinstance(tree, Literal) and isinstance(tree.value, str) and bool(tree.value.strip())
