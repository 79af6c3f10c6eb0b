"""Neptune and DocumentDB: how clusters and what is copied of them are encrypted, and who may restore it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.rds import DbCluster, DbClusterSnapshot
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.known import asked

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINES = {"neptune": "Neptune", "docdb": "DocumentDB"}
"""RDS lists the clusters of both services among its own: its name of the engine -> the service's."""


@rule(
    criteria=["CC6.1", "CC6.7"],
    severity=Severity.HIGH,
    needs=[DbClusterSnapshot],
    known_as=[
        "prowler:neptune_cluster_snapshot_encrypted",
        "prowler:neptune_cluster_storage_encrypted",
        "prowler:neptune_cluster_public_snapshot",
        "prowler:documentdb_cluster_storage_encrypted",
        "prowler:documentdb_cluster_public_snapshot",
    ],
)
def aws_graph_doc_db_encrypted(cluster: DbCluster, evidence: Evidence) -> Verdict:
    """Neptune and DocumentDB clusters and their manual snapshots are encrypted, and none is public.

    Why: a snapshot is the whole database, and is copied and shared more easily than the cluster.
    Fix: restore a snapshot into a new cluster with --kms-key-id: encryption cannot be switched on in place.
        aws rds modify-db-cluster-snapshot-attribute --db-cluster-snapshot-identifier NAME --attribute-name
        restore --values-to-remove all.
    """
    if not cluster.engine:
        return inconclusive("AWS does not say which engine this is")
    service = ENGINES.get(cluster.engine)
    if service is None:
        return not_applicable(f"its engine is {cluster.engine}")
    if cluster.encrypted is False:
        return failed(f"the {service} cluster is not encrypted")
    snapshots = evidence.index(DbClusterSnapshot, "cluster", within="here").get(
        cluster.identifier, ()
    )
    if plain := sorted((s for s in snapshots if s.encrypted is False), key=lambda s: s.identifier):
        return failed(f"snapshots are not encrypted: {_names(plain)}", on=plain)
    known, unread = asked(snapshots, lambda snapshot: snapshot.restorable_by)
    if public := [snapshot for snapshot, accounts in known if "all" in (accounts or ())]:
        return failed(f"everyone may restore: {_names(public)}", on=public)
    if unread is not None:
        raise unread
    if unsaid := [snapshot for snapshot, accounts in known if accounts is None]:
        return inconclusive(f"AWS does not say who may restore {_names(unsaid)}", on=unsaid)
    if cluster.encrypted is None or any(s.encrypted is None for s in snapshots):
        return inconclusive("AWS names an encryption that this rule does not know", on=snapshots)
    return passed(f"{service}: the cluster and {len(snapshots)} manual snapshots", on=snapshots)


def _names(snapshots: Sequence[DbClusterSnapshot]) -> str:
    return ", ".join(sorted(snapshot.identifier for snapshot in snapshots))
