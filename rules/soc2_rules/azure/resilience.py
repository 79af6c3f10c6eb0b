"""Backups of machines, and records of what went over the network."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.azure.models.arm import days_after, same
from soc2_collectors.azure.models.compute import VirtualMachine
from soc2_collectors.azure.models.network import FlowLog, Subnet, VirtualNetwork
from soc2_collectors.azure.models.recovery import RecoveryVault
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[RecoveryVault],
    known_as=[
        "prowler:vm_backup_enabled",
        "prowler:vm_sufficient_daily_backup_retention_period",
        "prowler:recovery_vault_has_protected_items",
        "prowler:recovery_vault_backup_policy_retention_adequate",
        "powerpipe:compute_vm_azure_backup_enabled",
    ],
)
def azure_vm_backup(
    machine: VirtualMachine,
    evidence: Evidence,
    now: datetime,
    *,
    min_days: int = 7,
    max_age_days: int = 8,
    every_disk: bool = True,
    exempt_tag: str = "backup",
    exempt_values: tuple[str, ...] = ("none",),
) -> Verdict:
    """Virtual machines are backed up, the last backup succeeded of late, and backups are kept long enough.

    Vaults of Recovery Services count; copies of single disks in Backup vaults, of databases in a machine, and
    replicas of Site Recovery do not. ``max_age_days``: how old the latest copy may be. ``every_disk``: whether data
    disks may not be left out of the backup. ``exempt_tag`` and ``exempt_values`` say which
    machines hold nothing that is worth a backup.

    Why: what a machine holds is gone with it, by an accident or by a blackmailer.
    Fix: az backup protection enable-for-vm --resource-group GROUP --vault-name VAULT --vm MACHINE-ID
        --policy-name POLICY; az backup protection backup-now where the last backup failed.
    """
    if exempt_tag and machine.tagged(exempt_tag, exempt_values):
        return not_applicable(f"tagged {exempt_tag} as one without backup")
    wrong: list[str] = []
    unsure: list[str] = []
    turns: list[datetime] = []
    vaults: list[RecoveryVault] = []
    disks = machine.properties.storage_profile.data_disks or ()
    for vault in evidence.here(RecoveryVault):
        for item in vault.items:
            if not item.of(machine.id):
                continue
            vaults.append(vault)
            if not item.protected:
                wrong.append(f"{vault.name}: the protection is not on")
                continue
            if every_disk and (bare := item.left_out(one.lun for one in disks)):
                wrong.append(f"{vault.name} leaves out the data disks {listed(map(str, bare))}")
                continue
            lacks, doubt = item.weakness(now, max_age_days)
            turn = item.good_until(max_age_days)
            policy = vault.policy(item.properties.policy_id)
            if lacks:
                wrong.append(f"{vault.name}: {lacks}")
            elif policy is not None and policy.days < min_days:
                wrong.append(f"{vault.name} keeps backups for {policy.days} days")
            elif doubt or policy is None:
                unsure.append(f"{vault.name}: {doubt or 'protected by a policy that is not shown'}")
                turns += [turn] if turn else []
            else:
                return passed(
                    f"protected by {vault.name}, latest copy of "
                    f"{item.properties.last_recovery_point:%Y-%m-%d}, kept for {policy.days} days",
                    until=turn,
                    on=[vault],
                )
    if unsure:
        return inconclusive(listed(unsure), until=min(turns, default=None), on=vaults)
    return failed(listed(wrong) if wrong else "no vault protects it", on=vaults)


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=[FlowLog],
    known_as=[
        "prowler:network_flow_log_captured_sent",
        "prowler:network_flow_log_more_than_90_days",
        "prowler:network_watcher_enabled",
        "powerpipe:network_sg_flowlog_enabled",
        "powerpipe:network_sg_flowlog_retention_period_greater_than_90",
        "powerpipe:network_watcher_enabled",
    ],
)
def azure_flow_logs(
    network: VirtualNetwork, evidence: Evidence, *, min_days: int = 90, workspace: bool = True
) -> Verdict:
    """All that goes through virtual networks is logged, sent to a workspace, and kept.

    A flow log of the network counts, or one for each of its subnets, of the subnet or of its security group;
    each needs a Network Watcher in its region. One with a filter, or of some of the record types, leaves out
    what one would look for.

    Why: after a break-in, flow logs are what tells where the data went.
    Fix: az network watcher flow-log create --vnet NETWORK --storage-account ACCOUNT --workspace WORKSPACE
        --retention 90.
    """
    good, poor, unsure = set[str](), dict[str, str](), dict[str, str]()
    for log in evidence.here(FlowLog):
        target = log.properties.target_resource_id.casefold()
        lacks, doubt = _lacks(log, min_days, workspace=workspace)
        if lacks:
            poor[target] = lacks
        elif doubt:
            unsure[target] = doubt
        else:
            good.add(target)
    own = network.id.casefold()
    if own in good:
        return passed("the flow log of the network is on")
    subnets = network.properties.subnets
    if subnets and all(_logged_by(subnet) & good for subnet in subnets):
        return passed("the flow logs of all subnets are on")
    if own in unsure:
        return inconclusive(f"the flow log of the network is {unsure[own]}")
    bare = [subnet.name for subnet in subnets if not _logged_by(subnet) & (good | unsure.keys())]
    if subnets and not bare:
        return inconclusive(f"flow logs of subnets are {listed(sorted(set(unsure.values())))}")
    if own in poor:
        return failed(f"the flow log of the network is {poor[own]}")
    return failed(f"no flow log that is good enough for: {listed(bare) if bare else network.name}")


_STANDS = ("succeeded", "updating")


def _lacks(log: FlowLog, min_days: int, *, workspace: bool) -> tuple[str, str]:
    """What is wrong with a flow log, and what cannot be told of it; both empty: nothing."""
    state = log.properties.provisioning_state or "Succeeded"
    kept = log.kept(min_days)
    if not log.properties.enabled:
        return "off", ""
    if same(state, "Failed"):
        return "in a failed state", ""
    if log.partial:
        return log.partial, ""
    if workspace and not log.analysed:
        return "not sent to a workspace", ""
    if kept is False:
        return f"kept for less than {min_days} days", ""
    if kept is None:
        return "", "kept nobody knows for how long"
    return "", "" if state.casefold() in _STANDS else f"in the state {state}"


def _logged_by(subnet: Subnet) -> set[str]:
    """Of what a flow log would have to be to be one of the subnet."""
    group = subnet.properties.network_security_group
    return {subnet.id.casefold()} | ({group.id.casefold()} if group else set())


@rule(
    criteria=["CC7.5"],
    severity=Severity.HIGH,
    needs=[RecoveryVault],
    empty=inconclusive("Azure did not show the subscription"),
)
def azure_restore_tested(
    subscription: Subscription, evidence: Evidence, now: datetime, *, review_days: int = 90
) -> Verdict:
    """A restore from a vault succeeded within the review period.

    Vaults of Recovery Services count, and their jobs of the last year. Restores of databases, by their own services,
    and from Backup vaults are not among them.

    Why: a backup that nobody ever restored is a hope.
    Fix: az backup restore restore-disks --resource-group GROUP --vault-name VAULT --container-name MACHINE
        --item-name MACHINE --rp-name POINT --storage-account ACCOUNT, every quarter, and look at what came
        out.
    """
    del subscription  # one verdict a subscription
    vaults = evidence.here(RecoveryVault)
    if not any(vault.items for vault in vaults):
        return not_applicable("no vault of Recovery Services protects anything")
    jobs = [
        (job.properties.end_time, job.properties, vault)
        for vault in vaults
        for job in vault.restores
        if job.properties.end_time
    ]
    done = [(end, vault) for end, job, vault in jobs if job.done]
    last = max((end for end, _ in done), default=None)
    if last and now < (due := days_after(last, review_days)):
        good = [vault for end, vault in done if end == last]
        return passed(f"a restore succeeded on {last:%Y-%m-%d}", until=due, on=good)
    broken = [end for end, job, _ in jobs if job.status.casefold() == "failed"]
    if broken and now < days_after(max(broken), review_days):
        return failed(f"no restore succeeded; one failed on {max(broken):%Y-%m-%d}", on=vaults)
    if last:
        return failed(f"the last restore that succeeded was on {last:%Y-%m-%d}", on=vaults)
    return failed("no restore that succeeded", on=vaults)
