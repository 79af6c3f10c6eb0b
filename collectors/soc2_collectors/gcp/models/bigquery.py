"""BigQuery: datasets.

Source: BigQuery API v2, ``Dataset``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held
from soc2_collectors.gcp.models.iam import PUBLIC

_PROJECT = ("projectOwners", "projectReaders", "projectWriters")
"""Special groups that are holders of basic roles on the project."""


class Access(msgspec.Struct, frozen=True, rename="camel"):
    """An entry of a dataset's list of access; of the parties, one is there."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("role", "specialGroup", "iamMember", "userByEmail", "groupByEmail", "domain"),
        "one party is there and the others are left out; views have no role (BigQuery, Dataset.access)",
    )
    any_value: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("role", "iamMember"), "who it is decides: what is not everyone is somebody"
    )

    role: str = ""
    special_group: str = ""
    iam_member: str = ""
    user_by_email: str = ""
    group_by_email: str = ""
    domain: str = ""

    @property
    def member(self) -> str:
        """The party as IAM would name it."""
        if self.special_group:
            return self.special_group
        for sort, said in (
            ("user", self.user_by_email),
            ("group", self.group_by_email),
            ("domain", self.domain),
        ):
            if said:
                return f"{sort}:{said}"
        return self.iam_member

    @property
    def public(self) -> bool:
        """Whether it is everyone."""
        return self.member in PUBLIC

    @property
    def known(self) -> bool:
        """Whether it is said in a form that is known: Google may add groups of its own."""
        return self.special_group in ("", *_PROJECT, *PUBLIC)


class Encryption(msgspec.Struct, frozen=True, rename="camel"):
    """The key of new tables."""

    kms_key_name: str = ""


class DatasetData(msgspec.Struct, frozen=True, rename="camel"):
    """``Dataset``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "access": "the IAM policy says the same, and one of both must name somebody",
        "linkedDatasetSource": "only of links to other datasets (BigQuery, Dataset); they have no key",
        "externalDatasetReference": "only of datasets that show a database elsewhere (BigQuery, Dataset)",
    }

    access: list[Access] = []
    """What the inventory shows of it; the IAM policy says the same and is read as well."""
    default_encryption_configuration: Encryption | None = None
    linked_dataset_source: dict[str, Any] | None = None
    """The dataset that this one is a link to."""
    external_dataset_reference: dict[str, Any] | None = None
    """The database elsewhere that this one shows."""
    labels: dict[str, str] = {}


class Dataset(Asset, frozen=True, kw_only=True, rename="camel"):
    """A dataset. The dataset itself as recorded, as an asset from documentation."""

    kind = "gcp.bigquery.dataset"
    volatile = ("updateTime", "resource.data.etag", "resource.data.lastModifiedTime")
    resource: Held[DatasetData]

    @property
    def dataset(self) -> DatasetData:
        """What BigQuery says."""
        return self.resource.data
