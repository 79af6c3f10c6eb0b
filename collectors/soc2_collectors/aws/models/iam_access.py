"""What users, groups and roles of IAM say of who may do what: their policies, and who may take a role on.

Source: IAM user guide, "Policies and permissions", "Roles terms and concepts", "AWS JSON policy elements:
Principal".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.policy import account_of
from soc2_collectors.aws.models.rights import grants_of, rights_of
from soc2_pac.errors import FactUnavailable
from soc2_pac.identity import Account, Grant, Hidden, Members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.aws.models.iam import Group, InlinePolicy, Role, User
    from soc2_collectors.aws.models.policy import Statement
    from soc2_pac.identity import Access

SSO_PATH = "/aws-reserved/sso.amazonaws.com/"
"""Of roles that IAM Identity Center makes of its permission sets."""
_WEB_PROVIDERS = {
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
}


def group_uid(name: str) -> str:
    """How a group is told from others of its account: users name it so, without its path."""
    return f"group/{name}"


def policies(
    identity: User | Group | Role,
    system: str,
    holder: str,
    strong: Callable[[str], bool | None],
    *,
    by_group: bool = False,
) -> Iterator[Access]:
    """The policies of an identity as grants of its holder.

    Args:
        identity: with its policies.
        system: the account.
        holder: who gets them.
        strong: whether a policy makes an administrator, by its ARN; ``None``: its document must say.
        by_group: whether the holder is a group.
    """
    limit = identity.boundary
    note = f"limited by {limit.rpartition('/')[2]}" if limit else ""
    try:
        for one in identity.attached:
            administers = strong(one.policy_arn)
            yield Grant(
                system,
                holder,
                one.policy_name,
                "policy",
                by_group=by_group,
                privileged=None if limit and administers else administers,
                note=note,
                id=one.policy_arn,
            )
        for inline in identity.inline:
            yield Grant(
                system,
                holder,
                f"{inline.policy_name} (inline)",
                "policy",
                by_group=by_group,
                privileged=None if limit else _administers(inline, identity.arn),
                note=note,
            )
    except FactUnavailable as error:
        yield Hidden(system, f"the policies of {identity.name}", str(error))


def _administers(policy: InlinePolicy, arn: str) -> bool | None:
    try:
        return rights_of(grants_of([policy.statements], arn=arn, near=(arn,))).administrator
    except FactUnavailable:
        return None


def memberships(user: User, system: str) -> Iterator[Access]:
    """The groups that a user is in."""
    try:
        for name in user.groups:
            yield Members(system, group_uid(name), name, accounts=(user.arn,))
    except FactUnavailable as error:
        yield Hidden(system, f"the groups of {user.user_name}", str(error))


def role(one: Role, system: str, administers: bool | None) -> Iterator[Access]:  # noqa: FBT001 - three-valued
    """A role as an account that programs use, and who may take it on.

    Args:
        one: the role.
        system: its account.
        administers: whether the role does, as far as it alone says.
    """
    yield Account(
        system=system,
        uid=one.arn,
        login=one.role_name,
        name="",
        mails=(),
        active=True,
        privileged=administers or None,
        mfa=None,
        sort="service",
        signs_in=False,
    )
    try:
        trust = one.trust
    except FactUnavailable as error:
        yield Hidden(system, f"who may take on role {one.role_name}", str(error))
        return
    what = f"take on role {one.role_name}"
    own = system.partition(":")[2]
    for statement in trust:
        if not statement.allow:
            continue
        note = "under conditions" if statement.conditions else ""
        for holder, name, why in _trusted(statement, own):
            if why:
                yield Members(system, holder, name, unread=why, gives=False)
            yield Grant(
                system,
                holder,
                what,
                "role",
                by_group=bool(why),
                privileged=administers,
                note=note,
                id=one.arn,
                holder_is="service" if ":role/" in holder else "person",
                holder_name=holder.rpartition("/")[2],
            )


def _trusted(statement: Statement, own: str) -> Iterator[tuple[str, str, str]]:
    """(uid, name, why its members are not known) of whom a statement lets in; without a reason: one account."""
    if statement.not_principals:
        name = "everybody but those whom the trust policy names"
        yield name, name, "AWS does not list them"
        return
    for kind, value in statement.principals:
        if value == "*":
            yield "everybody", "everybody in AWS", "AWS does not list them"
        elif kind == "Service":
            continue  # a service of AWS works with the role: there is nobody else to name
        elif kind == "Federated":
            provider = value.rpartition("/")[2] if value not in _WEB_PROVIDERS else value
            why = "who signs in by it is known to the identity provider alone"
            yield f"provider {value}".lower(), f"people and programs of provider {provider}", why
        elif value.isdigit() or value.endswith(":root"):
            account = value if value.isdigit() else account_of(value)
            if account == own:
                why = "whoever in the account has a policy that lets them"
                yield f"account {account}", "principals of this account", why
            else:
                why = "another account: its own policies say who"
                yield f"account {account}", f"principals of account {account}", why
        elif account_of(value) == own:
            yield value, "", ""
        elif account_of(value):
            account = account_of(value)
            name = f"{value.rpartition(':')[2]} of account {account}"
            yield value, name, "another account: it is not among those that were read here"
        else:
            yield value, value, "AWS shows this in place of a principal that was deleted"
