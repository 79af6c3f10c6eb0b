"""Accounts that are no person's own: of services, and shared ones, as the mapping names them."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.roster.models.person import RosterAccount
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import people

_NO_MAPPING = not_applicable("no account is mapped")


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.MEDIUM,
    empty=_NO_MAPPING,
    where_sourced=people.TRUTH,
)
def roster_service_accounts_owned(
    account: RosterAccount, now: datetime, evidence: Evidence
) -> Verdict:
    """Somebody who works here answers for every service account.

    Service accounts are those that the mapping names as such; what no mapping names is asked about system
    by system.

    Why: nobody rotates, narrows or deletes an account that belongs to nobody, and programs do not
        complain.
    Fix: name the person who answers for it in the mapping of accounts, and another one when they leave.
    """
    if account.malformed or account.sort == "unknown":
        return inconclusive(f"the line cannot be read: {account.malformed}")
    name = f"{account.login} in {account.system}"
    if account.sort != "service":
        return not_applicable(f"{name} is a {account.sort} account")
    if account.person is None:
        return failed(f"nobody answers for {name}")
    found = people.of(evidence)
    blind = found.blind(mapping=False)
    if blind is not None:
        return blind
    owner = found.graph.person(account.person)
    if owner is None:
        unknown = found.unknown(kind.kind for kind in people.WHO)
        if unknown:
            return inconclusive(f"who {account.person} is, is not known: {unknown}")
        return failed(
            f"{account.person}, who answers for {name}, is nobody who is known, or not one"
        )
    if owner.gone(now):
        return failed(f"{owner}, who answers for {name}, left")
    return passed(f"{owner} answers for {name}", until=owner.left_at)


@rule(
    criteria=["CC6.1", "CC6.2"],
    severity=Severity.HIGH,
    empty=_NO_MAPPING,
    where_sourced=people.EVERYTHING,
    one_of=people.WHERE,
)
def roster_no_shared_accounts(
    account: RosterAccount, evidence: Evidence, *, accepted: tuple[str, ...] = ()
) -> Verdict:
    """Nobody shares an account with others.

    Shared accounts are those that the mapping names as such. ``accepted`` holds logins, or patterns, of
    those that are kept on purpose and guarded otherwise (break-glass).

    Why: what was done with a shared account was done by nobody in particular, and its password leaves
        with each of those who know it.
    Fix: give each person an account of their own and close the shared one, or put it into accepted.
    """
    if account.malformed or account.sort == "unknown":
        return inconclusive(f"the line cannot be read: {account.malformed}")
    name = f"{account.login} in {account.system}"
    if account.sort != "shared":
        return not_applicable(f"{name} is a {account.sort} account")
    if people.matches(account.login, accepted):
        return not_applicable(f"{name} is accepted")
    found = people.of(evidence)
    there = [o for o in found.graph.accounts if people.speaks_of(account, o)]
    usable = [str(o.account) for o in there if o.account.active]
    if usable:
        return failed(f"shared, and in use: {', '.join(usable)}")
    blind = found.blind()
    if blind is not None:
        return blind
    perhaps = [str(o.account) for o in there if o.account.active is None]
    if perhaps:
        return inconclusive(f"whether it can be used is not known: {', '.join(perhaps)}")
    unknown = found.unknown()
    if unknown:
        return inconclusive(f"whether {name} is there is not known: {unknown}")
    lacking = people.nothing_to_compare(found)
    if lacking:
        return lacking
    if there:
        return passed(f"{name} cannot be used")
    return not_applicable(f"{name} is in no system that was collected")
