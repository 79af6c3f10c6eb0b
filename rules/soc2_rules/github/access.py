"""What reaches the organisation without being a member: Apps, keys, hooks, secrets, packages."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from soc2_collectors.github.models.access import (
    AppInstallation,
    DeployKeyList,
    SecretList,
    WebhookList,
)
from soc2_collectors.github.models.activity import Package
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_SHOWN = 5
_SMALL = frozenset(
    {
        "artifact_metadata", "attestations", "checks", "code_quality", "contents", "deployments",
        "discussions", "email_addresses", "followers", "git_ssh_keys", "gpg_keys", "interaction_limits",
        "issues", "merge_queues", "organization_announcement_banners", "organization_projects", "packages",
        "pages", "profile", "pull_requests", "repository_projects", "secret_scanning_alerts",
        "security_events", "starring", "statuses", "team_discussions", "vulnerability_alerts",
    }
)  # fmt: skip
"""Permissions of Apps that change content and no rights, secrets or settings (REST, app-permissions)."""


@rule(
    criteria=["CC6.3"],
    severity=Severity.MEDIUM,
    empty=not_applicable("no App is installed in the organisation"),
)
def github_app_policy(
    app: AppInstallation,
    *,
    approved: tuple[str, ...] = (),
    powerful: tuple[str, ...] = (
        "actions",
        "administration",
        "actions_variables",
        "codespaces",
        "codespaces_secrets",
        "custom_properties_for_organizations",
        "dependabot_secrets",
        "enterprise_administration",
        "enterprise_custom_properties_for_organizations",
        "enterprise_organization_installation_repositories",
        "enterprise_organization_installations",
        "environments",
        "members",
        "organization_administration",
        "organization_copilot_agent_settings",
        "organization_copilot_seat_management",
        "organization_custom_org_roles",
        "organization_custom_properties",
        "organization_custom_roles",
        "organization_hooks",
        "organization_packages",
        "organization_personal_access_token_requests",
        "organization_personal_access_tokens",
        "organization_secrets",
        "organization_self_hosted_runners",
        "organization_user_blocking",
        "repository_custom_properties",
        "repository_hooks",
        "secrets",
        "single_file",
        "workflows",
    ),
    all_repositories_may_write: bool = False,
) -> Verdict:
    """Installed Apps are approved, or their rights are small.

    ``approved`` holds slugs of Apps that somebody reviewed. Another App must not write to what ``powerful``
    names, nor to the contents of all repositories. GitHub shows by no call whether OAuth apps are restricted:
    look at the organisation's settings for that.

    Why: an App acts with its own rights, day and night, for a vendor whose breach becomes yours.
    Fix: organisation settings, GitHub Apps: limit the App to the repositories that it needs, or remove it;
        approve it in the configuration of this rule when it was reviewed.
    """
    if app.suspended_at is not None:
        return not_applicable(f"the App '{app.app_slug}' is suspended")
    if app.app_slug in approved:
        return passed(f"the App '{app.app_slug}' is approved")
    writes = {name for name, level in app.permissions.items() if level not in ("read", "none")}
    strong = sorted(writes & set(powerful))
    if strong:
        return failed(f"the App '{app.app_slug}' is not approved and changes {', '.join(strong)}")
    if "contents" in writes and not all_repositories_may_write:
        if app.repository_selection == "all":
            return failed(
                f"the App '{app.app_slug}' is not approved and changes the code of all repositories"
            )
        if app.repository_selection != "selected":
            said = f"the App '{app.app_slug}' reaches {app.repository_selection} repositories"
            return inconclusive(f"{said}: unknown")
    unknown = sorted(writes - _SMALL - set(powerful))
    if unknown:
        return inconclusive(f"the App '{app.app_slug}' writes to {unknown[0]}: unknown")
    return passed(f"the App '{app.app_slug}' writes to nothing that takes an approval")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.MEDIUM,
    empty=not_applicable("no repository has a deploy key"),
)
def github_deploy_keys(
    found: DeployKeyList,
    now: datetime,
    *,
    max_age_days: int = 365,
    max_unused_days: int = 90,
    may_write: tuple[str, ...] = (),
) -> Verdict:
    """Deploy keys only read, are in use, and are replaced regularly.

    ``may_write`` names keys by their titles. A key that was never used counts as unused from when it was
    made.

    Why: a deploy key belongs to nobody, knows no second factor, and lives on when the server that it was
        made for is gone.
    Fix: in the repository, Settings, Deploy keys: delete what is not used; make a new key without write
        access, or give the job an App's token.
    """
    keys = [key for key in found.keys if key.enabled]
    if not keys:
        return not_applicable(f"{found.holder.name} has no deploy key that is enabled")
    problems, turns = [], []
    unknown = ""
    for key in keys:
        if not key.read_only and key.title not in may_write:
            problems.append(f"'{key.title}' may write")
        due = key.created_at + timedelta(days=max_age_days)
        if now >= due:
            problems.append(f"'{key.title}' was made on {key.created_at:%Y-%m-%d}")
        else:
            turns.append(due)
        if key.last_used is msgspec.UNSET:
            unknown = f"this server does not say when '{key.title}' was used"
            continue
        last = key.last_used or key.created_at
        idle = last + timedelta(days=max_unused_days)
        if now >= idle:
            problems.append(f"'{key.title}' was not used since {last:%Y-%m-%d}")
        else:
            turns.append(idle)
    if problems:
        more = "; ..." if len(problems) > _SHOWN else ""
        text = f"deploy keys of {found.holder.name}: {'; '.join(problems[:_SHOWN])}{more}"
        return failed(text, until=min(turns, default=None))
    if unknown:
        return inconclusive(unknown, until=min(turns, default=None))
    writing = sorted(key.title for key in keys if not key.read_only)
    does = f"only read, but for {', '.join(writing)}," if writing else "only read"
    return passed(
        f"the {len(keys)} deploy key(s) of {found.holder.name} {does} and are in use",
        until=min(turns, default=None),
    )


@rule(criteria=["CC6.1"], severity=Severity.MEDIUM)
def github_actions_secrets_age(
    found: SecretList,
    now: datetime,
    *,
    max_age_days: int = 365,
    cloud_keys: tuple[str, ...] = (
        "AWS_ACCESS_KEY",
        "AWS_SECRET",
        "AZURE_CLIENT_SECRET",
        "AZURE_CREDENTIALS",
        "ARM_CLIENT_SECRET",
        "GCP_SA_KEY",
        "GCP_CREDENTIALS",
        "GCP_SERVICE_ACCOUNT_KEY",
        "GOOGLE_CREDENTIALS",
        "GOOGLE_APPLICATION_CREDENTIALS",
    ),
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Actions secrets of organisation and repositories are replaced regularly, none called like a cloud's key.

    ``cloud_keys`` holds parts of names that long-lived keys of clouds are usually given, unless the name says where
    a key is kept (``_ARN``, ``_NAME``, Secrets Manager); ``exempt`` names secrets that cannot be replaced, or are
    no secrets. Secrets of environments and of Dependabot are not read.

    Why: whoever changes a workflow can read the secrets that it gets. What was copied once works until it is
        replaced; a cloud that trusts GitHub's OpenID Connect needs none.
    Fix: gh secret set NAME with a new value; for clouds, let the provider trust
        token.actions.githubusercontent.com and delete the key.
    """
    secrets = [secret for secret in found.secrets if secret.name not in exempt]
    if not secrets:
        return not_applicable(
            f"{found.holder.name} has no secrets of Actions beside those of environments"
        )
    cloud = sorted(s.name for s in secrets if _cloud_key(s.name.upper(), cloud_keys))
    allowed = timedelta(days=max_age_days)
    old = sorted(
        f"{secret.name} (set on {secret.updated_at:%Y-%m-%d})"
        for secret in secrets
        if now >= secret.updated_at + allowed
    )
    turns = [s.updated_at + allowed for s in secrets if now < s.updated_at + allowed]
    problems = []
    if cloud:
        problems.append(
            f"keys of clouds, which OpenID Connect replaces: {', '.join(cloud[:_SHOWN])}"
        )
    if old:
        more = ", ..." if len(old) > _SHOWN else ""
        problems.append(f"older than {max_age_days} days: {', '.join(old[:_SHOWN])}{more}")
    until = min(turns, default=None)
    if problems:
        return failed(f"secrets of {found.holder.name}: {'; '.join(problems)}", until=until)
    return passed(
        f"the {len(secrets)} secrets of {found.holder.name} are young enough", until=until
    )


_WHERE = ("_ARN", "_NAME", "_PATH", "_PREFIX", "_REGION", "_URL", "_URI")
_STORES = ("AWS_SECRETS_MANAGER", "AWS_SECRETSMANAGER")


def _cloud_key(name: str, parts: tuple[str, ...]) -> bool:
    """Whether a name is one that keys are given; not where it says where a key is kept, or what it is called."""
    bare = name
    for store in _STORES:
        bare = bare.replace(store, "")
    return any(part in bare for part in parts) and not name.endswith(_WHERE)


@rule(
    criteria=["CC6.7"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:cis_supply_chain_v100_4_3_4", "scorecard:Webhooks"],
)
def github_webhooks_secure(found: WebhookList, *, exempt_hosts: tuple[str, ...] = ()) -> Verdict:
    """Webhooks are sent encrypted, to a verified host, and signed.

    ``exempt_hosts`` names receivers that take no secret; their URL itself is one.

    Why: a hook tells of code and its changes. Without a secret anybody can send the receiver what looks like
        a push, and start a deployment.
    Fix: in the settings of the organisation or the repository, Webhooks: use an https URL, enable SSL
        verification, set a secret that the receiver checks.
    """
    hooks = [hook for hook in found.hooks if hook.active]
    if not hooks:
        return not_applicable(f"{found.holder.name} has no active webhook")
    problems = []
    for hook in hooks:
        wrong = []
        if not hook.config.encrypted:
            wrong.append("does not send by https")
        verified = str(hook.config.insecure_ssl)
        if verified not in ("0", "0.0", "None"):
            wrong.append("does not verify the certificate")
        redacted = hook.config.url.startswith("[redacted")  # a URL that is a credential by itself
        if not hook.config.secret and not redacted and hook.config.host not in exempt_hosts:
            wrong.append("has no secret")
        if wrong:
            problems.append(f"webhook {hook.id} {', '.join(wrong)}")
    if problems:
        more = "; ..." if len(problems) > _SHOWN else ""
        return failed(f"{found.holder.name}: {'; '.join(problems[:_SHOWN])}{more}")
    unknown = [hook.id for hook in hooks if hook.config.insecure_ssl is None]
    if unknown:
        return inconclusive(
            f"GitHub does not say whether webhook {unknown[0]} of {found.holder.name} verifies whom it "
            "sends to"
        )
    return passed(f"the {len(hooks)} webhooks of {found.holder.name} are encrypted and signed")


@rule(
    criteria=["CC6.1", "CC6.3", "CC6.7"],
    severity=Severity.MEDIUM,
    empty=not_applicable("the organisation's registry has no packages"),
)
def github_package_registry_access(
    package: Package, *, approved_public: tuple[str, ...] = (), linked: bool = True
) -> Verdict:
    """Packages are public where that is approved, and belong to a repository.

    ``approved_public`` holds names as ``container/api``. A package that is linked to a repository may inherit its
    people; ``linked`` demands the link. Whether it inherits them GitHub does not show. Whether accounts have a
    second factor is judged by github-org-2fa-required.

    Why: an image holds the code, and often more than the code. A package with a list of people of its own
        is forgotten by every review of access.
    Fix: in the package's settings change its visibility, connect its repository, and inherit access from it.
    """
    name = f"{package.package_type}/{package.name}"
    if package.visibility == "public" and name not in approved_public:
        return failed(f"the package {name} is public and not on the approved list")
    if linked and package.repository is None:
        return failed(
            f"the package {name} is linked to no repository: its own list says who may publish"
        )
    if package.visibility not in ("private", "internal", "public"):
        return inconclusive(f"the package {name} is {package.visibility}: unknown")
    return passed(f"the package {name} is {package.visibility}")
