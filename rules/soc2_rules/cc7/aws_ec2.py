"""EC2: getting data back, and seeing how machines do."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.ebs import Snapshot, Volume
from soc2_collectors.aws.models.ec2 import Instance
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[Snapshot],
    known_as=["prowler:ec2_ebs_volume_snapshots_exists"],
)
def aws_ebs_backed_up(
    volume: Volume, now: datetime, evidence: Evidence, *, max_days: int = 7
) -> Verdict:
    """Volumes have a recent snapshot.

    Why: what is on a volume without one is gone with it. Snapshots that AWS Backup makes count.
    Fix: put the volume into a backup plan, or a Data Lifecycle Manager policy.
    """
    taken = [
        snapshot.start_time
        for snapshot in evidence.index(Snapshot, "volume_id", within="here").get(
            volume.volume_id, ()
        )
        if snapshot.state == "completed" and snapshot.start_time is not None
    ]
    if not taken:
        if volume.create_time is None:
            return inconclusive("AWS does not say when it was made")
        due = days_after(volume.create_time, max_days)
        said = f"no snapshot; made {volume.create_time:%Y-%m-%d}, due {due:%Y-%m-%d}"
        return not_applicable(said, until=due) if now < due else failed(said)
    due = days_after(max(taken), max_days)
    said = f"last snapshot {max(taken):%Y-%m-%d}, due {due:%Y-%m-%d}"
    return passed(said, until=due) if now < due else failed(said)


@rule(
    criteria=["CC7.2"],
    severity=Severity.LOW,
    known_as=[
        "prowler:ec2_instance_detailed_monitoring_enabled",
        "powerpipe:ec2_instance_detailed_monitoring_enabled",
    ],
)
def aws_ec2_detailed_monitoring(instance: Instance) -> Verdict:
    """Instances publish metrics of one minute.

    Why: at five minutes, what went wrong is often over before anyone sees it.
    Fix: aws ec2 monitor-instances.
    """
    if instance.ended:
        return not_applicable("terminated")
    if instance.monitoring is None:
        return inconclusive("AWS does not say")
    if instance.monitoring.state in ("enabled", "pending"):
        return passed("one-minute metrics")
    return failed("five-minute metrics")


@rule(
    criteria=["CC7.4"],
    severity=Severity.INFO,
    known_as=["powerpipe:ec2_instance_ebs_optimized"],
)
def aws_ec2_ebs_optimized(instance: Instance) -> Verdict:
    """Instances have bandwidth of their own to their volumes.

    Why: it keeps other traffic from slowing the disks down, as far as availability depends on that.
    Fix: aws ec2 modify-instance-attribute --ebs-optimized; current instance types have it always and
        need nothing.
    """
    if instance.ended:
        return not_applicable("terminated")
    if instance.ebs_optimized is None:
        return inconclusive("AWS does not say")
    return passed("it has") if instance.ebs_optimized else failed("it has not, as AWS says")
