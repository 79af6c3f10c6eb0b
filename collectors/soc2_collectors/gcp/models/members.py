"""Members of IAM policies: who they are, and whose.

Source: Google, "IAM: Principal identifiers", "Service accounts", "Service agents".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

PUBLIC = frozenset({"allUsers", "allAuthenticatedUsers", "principalSet://goog/public:all"})
"""Anybody, and anybody with a Google account."""

_DEFAULT_ACCOUNTS = (
    "-compute@developer.gserviceaccount.com",
    "@appspot.gserviceaccount.com",
    "@cloudbuild.gserviceaccount.com",
)
_AGENT_DOMAINS = (
    "bigquery-encryption.iam.",
    "cloud-cdn-fill.iam.",
    "cloud-filer.iam.",
    "cloud-memcache-sa.iam.",
    "cloud-ml.google.com.iam.",
    "cloud-redis.iam.",
    "cloud-tpu.iam.",
    "cloudcomposer-accounts.iam.",
    "cloudservices.gserviceaccount.",
    "compute-system.iam.",
    "container-analysis.iam.",
    "container-engine-robot.iam.",
    "containerregistry.iam.",
    "dataflow-service-producer-prod.iam.",
    "dataproc-accounts.iam.",
    "dlp-api.iam.",
    "endpoints-portal.iam.",
    "firebase-rules.iam.",
    "gae-api-prod.google.com.iam.",
    "gcf-admin-robot.iam.",
    "gcp-gae-service.iam.",
    "genomics-api.google.com.iam.",
    "gs-project-accounts.iam.",
    "remotebuildexecution.iam.",
    "security-center-api.iam.",
    "serverless-robot-prod.iam.",
    "service-consumer-management.iam.",
    "service-networking.iam.",
    "sourcerepo-service-accounts.iam.",
    "storage-transfer-service.iam.",
)
"""Of Google's own projects. That an account is called ``service-1`` alone proves nothing: anybody may call
one so."""
_OF_GOOGLE_ITSELF = frozenset({"system.gserviceaccount.com"})
"""Accounts that are the same for every customer: ``cloud-logs@system.gserviceaccount.com``."""
_FOR_EVERYBODY = frozenset(
    {
        "crashlytics-exporter@crashlytics-bigquery-prod.iam.gserviceaccount.com",
        "firebase-service-account@firebase-sa-management.iam.gserviceaccount.com",
    }
)
"""Others that are the same for every customer. Source: Firebase, "Overview of Firebase-related service
accounts"."""

_GROUPS_OF_GOOGLE = frozenset({"cloud-logs@google.com", "cloud-storage-analytics@google.com"})
"""By which Google writes for every customer: logs that sinks of old send, and usage logs of buckets. Source:
"Usage logs & storage logs"; "Configure and manage sinks"."""
_WORKFORCE = re.compile(r"//iam\.googleapis\.com/locations/global/workforcePools/(?P<pool>[^/]+)/.")
_WORKLOAD = re.compile(
    r"//iam\.googleapis\.com/projects/(?P<project>[^/]+)/locations/global/workloadIdentityPools/(?P<pool>[^/]+)/."
)
_RESOURCE_SET = re.compile(
    r"//cloudresourcemanager\.googleapis\.com/(?P<node>(projects|folders|organizations)/\d+)(/type/(?P<type>\w+))?"
)
_AGENT = re.compile(
    r"//agents\.global\.(?P<node>org|proj)-(?P<number>\d+)\.system\.id\.goog(?:/|$)", re.ASCII
)
"""Agents that run on Google Cloud, by the trust domain of their organisation or project."""
_KUBERNETES = re.compile(r"(?P<project>[^\[\]@/]+)\.svc\.id\.goog\[.+/.+\]")
_NUMBERED = re.compile(
    r"(?:service-|bq-|bqcx-|cmek-|connection-|project-)?"
    r"(?P<node>organizations-|org-|folder-|o(?=\d)|f(?=\d)|p(?=\d)|)(?P<number>\d+)(?:-[\w-]+)?(?:@|$)"
)
"""``service-123``, ``service-org-9``, ``p123-456``, ``o9-456``, ``123-compute``, ``123``; ``bq-123`` and
``bqcx-123-ab`` of BigQuery, ``cmek-p123`` of Cloud Logging, ``project-123`` of Storage Transfer Service."""
_NODES = {"o": "organizations", "f": "folders"}
_MANAGED = ("developer.gserviceaccount.com", "cloudbuild.gserviceaccount.com")


class Sort(StrEnum):
    """What a member is."""

    EVERYONE = "everyone"
    PERSON = "person"
    GROUP = "group"
    DOMAIN = "domain"
    WORKFORCE = "workforce pool"
    """People who sign in with an identity provider of a workforce pool."""
    WORKLOAD = "workload pool"
    """Workloads that sign in with an identity provider of a workload identity pool; agents have Google's own."""
    ACCOUNT = "service account"
    ACCOUNTS = "service accounts of a resource"
    """Those of a project, a folder or an organisation, all at once."""
    HOLDERS = "holders of a basic role"
    """``projectOwner:acme``: whoever holds that role on the project."""
    UNKNOWN = "unknown"


_SORTS = {
    "user": Sort.PERSON,
    "group": Sort.GROUP,
    "domain": Sort.DOMAIN,
    "serviceAccount": Sort.ACCOUNT,
    "projectOwner": Sort.HOLDERS,
    "projectEditor": Sort.HOLDERS,
    "projectViewer": Sort.HOLDERS,
}
PEOPLE = frozenset({Sort.PERSON, Sort.GROUP, Sort.DOMAIN, Sort.WORKFORCE})
"""Sorts behind which there are people."""


@dataclass(frozen=True, slots=True)
class Member:
    """A principal as a binding names it."""

    text: str
    """As it came: ``user:ana@acme.example``, ``allUsers``, ``deleted:user:bo@acme.example?uid=1``."""

    @property
    def deleted(self) -> bool:
        """Whether the principal no longer exists: the grant is dead until it is restored."""
        return self.text.startswith("deleted:")

    @property
    def sort(self) -> str:
        """``user``, ``group``, ``serviceAccount``, ``domain``, ``principalSet``, ``allUsers``."""
        return self.text.removeprefix("deleted:").partition(":")[0]

    @property
    def id(self) -> str:
        """What follows the sort, without the uid of a deleted principal: a mail address, a domain."""
        said = self.text.removeprefix("deleted:").partition(":")[2]
        return said.partition("?uid=")[0] if self.deleted else said

    @property
    def is_a(self) -> Sort:
        """What it is; ``UNKNOWN`` for a form that Google added since."""
        if self.public:
            return Sort.EVERYONE
        if self.sort in ("principal", "principalSet"):
            for form, sort in (
                (_WORKFORCE, Sort.WORKFORCE),
                (_WORKLOAD, Sort.WORKLOAD),
                (_RESOURCE_SET, Sort.ACCOUNTS),
                (_AGENT, Sort.WORKLOAD),
            ):
                if form.match(self.id):
                    return sort
            return Sort.UNKNOWN
        if self.sort == "serviceAccount" and _KUBERNETES.fullmatch(self.id):
            return Sort.WORKLOAD
        return _SORTS.get(self.sort, Sort.UNKNOWN)

    @property
    def public(self) -> bool:
        """Whether it is anybody at all, or anybody with a Google account."""
        return self.text in PUBLIC

    @property
    def spelled(self) -> str:
        """The text with mail addresses and domains in lower case: Google keeps them as they were written."""
        by_mail = self.sort in ("user", "group", "domain", "serviceAccount")
        return f"{self.sort}:{self.id.lower()}" if by_mail and not self.deleted else self.text

    def among(self, everyone: str) -> bool:
        """Whether it is one of ``allUsers`` or ``allAuthenticatedUsers``; these are no people of identity pools."""
        if everyone == "allAuthenticatedUsers":
            return self.is_a in (Sort.PERSON, Sort.GROUP, Sort.DOMAIN, Sort.ACCOUNT)
        return everyone in PUBLIC

    @property
    def domain(self) -> str:
        """Of the mail address or the domain, in lower case; empty where it has none."""
        if self.sort == "domain":
            return self.id.lower()
        if self.sort not in ("user", "group", "serviceAccount"):
            return ""
        return self.id.rpartition("@")[2].lower() if "@" in self.id else ""

    @property
    def pool(self) -> str:
        """The id of the workforce pool; empty for other sorts."""
        found = _WORKFORCE.match(self.id)
        return found["pool"] if found else ""

    @property
    def home(self) -> str:
        """Where a machine's identity is from: ``projects/123``, a project's id, ``folders/1``, ...; or empty.

        Empty where it belongs to no customer, and where its form does not tell.
        """
        if found := _RESOURCE_SET.match(self.id):
            return found["node"]
        if found := _WORKLOAD.match(self.id):
            project = found["project"]
            return f"projects/{project}" if project.isdigit() else project
        if found := _AGENT.match(self.id):
            return f"{_NODES.get(found['node'][0], 'projects')}/{found['number']}"
        if found := _KUBERNETES.fullmatch(self.id):
            return found["project"]
        if self.is_a is Sort.HOLDERS:
            return self.id
        return _home(self.id) if self.service_account else ""

    @property
    def service_account(self) -> bool:
        """Whether it is a service account, Google's own included."""
        return self.sort == "serviceAccount"

    @property
    def service_agent(self) -> bool:
        """Whether it is an account by which Google itself works, or all of them of a resource.

        ``service-1@gcp-sa-pubsub.iam...``, ``principalSet://.../projects/1/type/ServiceAgent``.
        """
        found = _RESOURCE_SET.match(self.id)
        if found is not None and self.sort == "principalSet":
            return found["type"] == "ServiceAgent"
        local, _, domain = self.id.partition("@")
        if not self.service_account or not domain.endswith((".gserviceaccount.com", ".google.com")):
            return False
        return (
            domain.startswith(_AGENT_DOMAINS)
            or domain in _OF_GOOGLE_ITSELF
            or self.id.lower() in _FOR_EVERYBODY
            or (domain.startswith("gcp-sa-") and _NUMBERED.match(f"{local}@") is not None)
        )

    @property
    def of_google(self) -> bool:
        """Whether it is a group by which Google itself writes logs."""
        return self.sort == "group" and self.id.lower() in _GROUPS_OF_GOOGLE

    @property
    def default_account(self) -> bool:
        """Whether it is the default account of Compute Engine, App Engine or Cloud Build."""
        return self.service_account and default_account(self.id)


def default_account(mail: str) -> bool:
    """Whether an account is one that Google makes for a project: of Compute Engine, App Engine, Cloud Build."""
    return mail.lower().endswith(_DEFAULT_ACCOUNTS)


def _home(mail: str) -> str:
    """The project of a service account: by number (``projects/123``), or by id; empty where it has none."""
    local, _, domain = mail.lower().partition("@")
    if mail.lower() in _FOR_EVERYBODY:
        return ""
    if domain == "appspot.gserviceaccount.com":
        return _of_domain(local)
    agent = domain.startswith((*_AGENT_DOMAINS, "gcp-sa-")) or domain in _MANAGED
    if agent:
        found = _NUMBERED.match(local)
        return f"{_NODES.get(found['node'][:1], 'projects')}/{found['number']}" if found else ""
    project = domain.removesuffix(".iam.gserviceaccount.com")
    if project == domain or not project:
        return ""
    return _of_domain(project)


def _of_domain(project: str) -> str:
    """A project's id from an address: ``proj.example.com`` stands for ``example.com:proj``."""
    name, _, rest = project.partition(".")
    return f"{rest}:{name}" if rest else name
