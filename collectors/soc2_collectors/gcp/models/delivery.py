"""What builds and delivers: registries, build triggers, delivery pipelines.

Source: Artifact Registry API v1, ``Repository``; Cloud Build API v1, ``BuildTrigger``; Cloud Deploy API v1,
``DeliveryPipeline`` and ``Target``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held


class DockerConfig(msgspec.Struct, frozen=True, rename="camel"):
    """Of a registry of images."""

    immutable_tags: bool = False


class Scanning(msgspec.Struct, frozen=True, rename="camel"):
    """Whether images are looked at: as it was asked for, and as it is."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enablementConfig": "what was asked for; the state says what is (VulnerabilityScanningConfig)",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "enablementConfig": "what was asked for; the state says what is (VulnerabilityScanningConfig)",
    }

    enablement_config: str = "INHERITED"
    enablement_state: str = ""

    @property
    def off(self) -> bool:
        """Whether it is switched off, by either."""
        return self.enablement_config == "DISABLED" or self.enablement_state == "SCANNING_DISABLED"


class RepositoryData(msgspec.Struct, frozen=True, rename="camel"):
    """``Repository``. Google leaves out what is false or empty."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "mode": "without a mode a repository is a standard one, which is judged (Repository.mode)",
        "dockerConfig": "left out where nothing is set: then tags are not immutable",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "mode": "only virtual and remote repositories are left out; whatever else is judged",
    }

    name: str
    format: str
    mode: str = "STANDARD_REPOSITORY"
    docker_config: DockerConfig = DockerConfig()
    vulnerability_scanning_config: Scanning | None = None


class Registry(Asset, frozen=True, kw_only=True, rename="camel"):
    """A repository of Artifact Registry. The repository as recorded, as an asset from documentation."""

    kind = "gcp.artifact_registry.repository"
    volatile = ("updateTime", "resource.data.updateTime", "resource.data.sizeBytes")
    resource: Held[RepositoryData]

    @property
    def repository(self) -> RepositoryData:
        """What Artifact Registry says."""
        return self.resource.data

    @property
    def images(self) -> bool:
        """Whether it holds images that were pushed or fetched, and not only points at others."""
        about = self.repository
        return about.format == "DOCKER" and about.mode != "VIRTUAL_REPOSITORY"


class Approval(msgspec.Struct, frozen=True, rename="camel"):
    """``approvalConfig``."""

    approval_required: bool = False


class TriggerData(msgspec.Struct, frozen=True, rename="camel"):
    """``BuildTrigger``. Google leaves out what is false or empty."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "disabled": "left out where it is false (BuildTrigger); a trigger that is on is judged",
        "tags": "left out where there are none (BuildTrigger); the name says what it is for as well",
    }

    name: str = ""
    id: str = ""
    tags: list[str] = []
    disabled: bool = False
    service_account: str = ""
    approval_config: Approval = Approval()


class Trigger(Asset, frozen=True, kw_only=True, rename="camel"):
    """A trigger of Cloud Build. Shape from documentation."""

    kind = "gcp.cloudbuild.trigger"
    secret = (
        "**.substitutions.*",
        "**.env.*",
        "**.args.*",
        "**.script",
        "**.envMap.*",
        "**.secrets.*.secretEnv.*",
    )
    resource: Held[TriggerData]

    @property
    def trigger(self) -> TriggerData:
        """What Cloud Build says."""
        return self.resource.data


class Stage(msgspec.Struct, frozen=True, rename="camel"):
    """A stage of a pipeline."""

    target_id: str = ""


class Serial(msgspec.Struct, frozen=True, rename="camel"):
    """Stages, one after another."""

    stages: list[Stage] = []


class PipelineData(msgspec.Struct, frozen=True, rename="camel"):
    """``DeliveryPipeline``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "suspended": "left out where it is false (DeliveryPipeline); a pipeline that runs is judged",
    }

    name: str
    suspended: bool = False
    serial_pipeline: Serial = Serial()


class Pipeline(Asset, frozen=True, kw_only=True, rename="camel"):
    """A delivery pipeline. Shape from documentation."""

    kind = "gcp.clouddeploy.delivery_pipeline"
    secret = (
        "**.container.env.*",
        "**.container.args.*",
        "**.container.command.*",
    )
    volatile = ("updateTime", "resource.data.etag", "resource.data.updateTime")
    resource: Held[PipelineData]

    @property
    def pipeline(self) -> PipelineData:
        """What Cloud Deploy says."""
        return self.resource.data

    def targets(self) -> list[str]:
        """Asset names of its targets, in order."""
        home = self.name.partition("/deliveryPipelines/")[0]
        stages = self.pipeline.serial_pipeline.stages
        return [f"{home}/targets/{stage.target_id.rpartition('/')[2]}" for stage in stages]


class MultiTarget(msgspec.Struct, frozen=True, rename="camel"):
    """Targets that are delivered to at the same time; approval is asked for before all of them or none."""

    target_ids: list[str] = []


class TargetData(msgspec.Struct, frozen=True, rename="camel"):
    """``Target``. Google leaves out what is false or empty."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "multiTarget": "of targets that are one alone it is left out (Target); its parts only add names",
    }

    name: str
    require_approval: bool = False
    multi_target: MultiTarget = MultiTarget()


class Target(Asset, frozen=True, kw_only=True, rename="camel"):
    """Where a pipeline delivers to. Shape from documentation."""

    kind = "gcp.clouddeploy.target"
    volatile = ("updateTime", "resource.data.etag", "resource.data.updateTime")
    resource: Held[TargetData]

    @property
    def target(self) -> TargetData:
        """What Cloud Deploy says."""
        return self.resource.data

    @property
    def names(self) -> list[str]:
        """Its own name, and those of the targets that it stands for."""
        about = self.resource.data
        own = (about.name, *about.multi_target.target_ids)
        return [one.rpartition("/")[2] for one in own]
