"""The AWS account of acme-robotics, served on loopback by moto.

moto answers like AWS in most respects. Where it does not and the difference would make the demo
untrue, this module adjusts moto's objects of this one account, in this process; each adjustment
says why. Nothing here is used outside the demo and its tests.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from soc2_demo import build, company
from soc2_demo.aws_gaps import Completed
from soc2_demo.instants import View
from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Backend: TypeAlias = Any  # moto's backends: their attributes are not typed

_SEED = 20_260_101
_ENVIRONMENT = {
    # Without it every region starts with 1,300 public images and their snapshots.
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    # AWS-managed policies (AdministratorAccess ...) with their real documents: 0.1 s.
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
}


class AwsEmulator:
    """acme-robotics' AWS account on a free port of 127.0.0.1.

    One runs at a time in a process: moto keeps its state in module globals. Other accounts in moto
    are left alone, so tests that use moto's default account are not disturbed.
    """

    def __init__(self, now: datetime | None = None) -> None:
        """Build ages back from ``now`` (default: the clock's)."""
        self.now = now or datetime.now(UTC)
        self.url = ""
        self._server: Any = None
        self._key: tuple[str, str] = ("", "")

    def start(self) -> str:
        """Serve and seed; returns the endpoint URL. Raises UsageError without moto or boto3."""
        try:
            from moto.moto_server.werkzeug_app import (  # noqa: PLC0415  moto takes 0.4 s to import
                DomainDispatcherApplication,
                MotoRequestHandler,
                create_backend_app,
            )
            from werkzeug.serving import make_server  # noqa: PLC0415
        except ImportError as error:
            msg = f"the demo needs moto and boto3 ({error}): pip install 'soc2-pac[demo]'"
            raise UsageError(msg) from error
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # one line a request otherwise
        with _environment():
            _forget(company.ACCOUNT)
            self._key = _first_key()
            _add_routes()
            know_public_snapshots()
            dispatcher: Any = DomainDispatcherApplication(create_backend_app)
            # moto lists its own directories for every request; which backend serves a host never changes.
            dispatcher.get_backend_for_host = functools.cache(dispatcher.get_backend_for_host)
            application: Any = Completed(dispatcher)
            self._server = make_server(
                "127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler
            )
            threading.Thread(target=self._server.serve_forever, daemon=True).start()
            self.url = f"http://127.0.0.1:{self._server.server_port}"
            build.build(self.client)
        _truths(self.now)
        self.look(self.now)
        return self.url

    def look(self, at: datetime) -> None:
        """Tell the account's times as they are at an instant, up to that which it was built as of."""
        view = View(self.now, at)
        _ages(view)
        iam = _backends("iam")["aws"]
        iam.get_credential_report = functools.partial(_credential_report, iam, view)
        _add_operations(at)

    def stop(self) -> None:
        """Stop serving and forget the account."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
            _forget(company.ACCOUNT)

    @property
    def credentials(self) -> Mapping[str, str]:
        """The auditor's dummy credentials, as the environment variables that AWS's SDKs read."""
        key, secret = self._key
        return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

    @functools.cache  # noqa: B019  an emulator lives as long as its process
    def client(self, service: str, region: str) -> company.Client:
        """Give a boto3 client for the emulated account."""
        import boto3  # noqa: PLC0415  heavy
        from botocore.config import Config  # noqa: PLC0415

        key, secret = self._key
        session: Any = boto3.Session(key, secret)  # which service is known at run time only
        return session.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """Set what moto reads from the environment, while the account is built."""
    before = {name: os.environ.get(name) for name in (*_ENVIRONMENT, "MOTO_ACCOUNT_ID")}
    os.environ.pop("MOTO_ACCOUNT_ID", None)  # it would override the account that the key belongs to
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _backends(service: str) -> Backend:
    from moto import backends  # noqa: PLC0415  heavy

    get_backend: Any = backends.get_backend  # typed for literal names only
    return get_backend(service)[company.ACCOUNT]


def _forget(account: str) -> None:
    from moto.core.base_backend import BackendDict  # noqa: PLC0415  heavy

    services: Any = BackendDict
    for service in services._instances:  # noqa: SLF001  moto offers only a reset of every account
        if account in service:
            service[account].reset()
            service[account].clear()


def _first_key() -> tuple[str, str]:
    """Make the auditor and its key in-process: moto tells a request's account by its key."""
    from moto.moto_api._internal import mock_random  # noqa: PLC0415  heavy

    _make_other_accounts()
    mock_random.seed(_SEED)  # ids come out the same each time
    iam = _backends("iam")["aws"]
    iam.create_user(company.SECOND_REGION, company.AUDITOR)
    key = iam.create_access_key(company.AUDITOR)
    return key.access_key_id, key.secret_access_key


def _make_other_accounts() -> None:
    """Let moto make what it makes when it looks a key up, in other accounts too, before ids are drawn."""
    from moto.core.models import DEFAULT_ACCOUNT_ID  # noqa: PLC0415  heavy
    from moto.iam.models import iam_backends  # noqa: PLC0415
    from moto.utilities.utils import PARTITION_NAMES  # noqa: PLC0415

    for account in {*iam_backends, DEFAULT_ACCOUNT_ID} - {company.ACCOUNT}:
        for partition in PARTITION_NAMES:
            _ = iam_backends[account][partition]


# -- where moto differs from AWS ------------------------------------------------------------------


def _truths(now: datetime) -> None:
    iam = _backends("iam")["aws"]
    # Root's MFA cannot be set through the API, and moto's credential report leaves root out.
    root_mfa = iam.create_virtual_mfa_device("root-account-mfa-device", "/")
    root_mfa.enable_date = _naive(now - timedelta(days=1200))
    root_mfa.user = {
        "Path": "/", "UserId": company.ACCOUNT, "Arn": f"arn:aws:iam::{company.ACCOUNT}:root",
        "CreateDate": _naive(now - timedelta(days=1200)),
    }  # fmt: skip
    iam.account_summary._account_mfa_enabled = 1  # noqa: SLF001
    # s3control puts the account id before the host name, which an IP address cannot have.
    blocks = {
        key: str(value).lower() for key, value in company.public_access(blocked=False).items()
    }
    _backends("s3control")["aws"].put_public_access_block(company.ACCOUNT, blocks)
    # moto calls the log sources that every detector reads DISABLED; AWS has them ENABLED always.
    for detector in _backends("guardduty")[company.HOME_REGION].detectors.values():
        detector.to_json = functools.partial(_detector, detector.to_json)
    # moto leaves a recorder PENDING for ever.
    for recorder in _backends("config")[company.HOME_REGION].recorders.values():
        recorder.status.last_status = "SUCCESS"
    for region in company.REGIONS:
        _truths_of_region(region)
    _enforce_key_policy()


def _truths_of_region(region: str) -> None:
    ec2, kms = _backends("ec2")[region], _backends("kms")[region]
    for reservation in ec2.reservations.values():
        for instance in reservation.instances:
            # AWS repeats the groups of the first interface beside the instance; moto does not.
            instance.security_groups = list(instance.nics[0].group_set)
    for image in ec2.amis.values():
        # moto ignores a request for an encrypted image.
        image.ebs_snapshot.encrypted = image.ebs_snapshot.volume.encrypted = True
    for key in kms.keys.values():
        # moto makes EBS's default key, which AWS manages and rotates, a customer's key.
        if any(alias.startswith("alias/aws/") for alias in key.aliases):
            key.key_manager, key.key_rotation_status = "AWS", True
    rds = _backends("rds")[region]
    for database in rds.databases.values():
        # moto takes a first automated snapshot even where automated backups are off.
        if not database.backup_retention_period:
            for name, snapshot in list(rds.database_snapshots.items()):
                if snapshot.database.db_instance_identifier == database.db_instance_identifier:
                    del rds.database_snapshots[name]


def _enforce_key_policy() -> None:
    """Deny the auditor what the signing key's own policy does not grant; moto enforces none."""
    from moto.core.exceptions import JsonRESTError  # noqa: PLC0415  heavy

    kms = _backends("kms")[company.HOME_REGION]
    read = kms.get_key_policy

    def get_key_policy(key_id: str) -> str:
        key = kms.keys[kms.get_key_id(key_id)]
        if company.AUDITOR not in key.policy and f"{company.ACCOUNT}:root" not in key.policy:
            call = "kms:GetKeyPolicy"
            user = f"arn:aws:iam::{company.ACCOUNT}:user/{company.AUDITOR}"
            msg = f"User: {user} is not authorized to perform: {call} on resource: {key.arn}"
            raise JsonRESTError("AccessDeniedException", msg)  # noqa: EM101 - an error code
        return str(read(key_id))

    kms.get_key_policy = get_key_policy


def know_public_snapshots() -> None:
    """Make moto tell an account's own snapshots, and those that are public, from all others, as AWS does.

    moto knows neither parameter of that, for any account in this process.
    """
    from moto.core.responses import ActionResult  # noqa: PLC0415  heavy
    from moto.ec2.responses import EC2Response  # noqa: PLC0415

    def snapshots(self: Backend) -> Any:  # noqa: ANN401
        found = self.ec2_backend.describe_snapshots(
            snapshot_ids=self._get_param("SnapshotIds", []),
            filters=self._filters_from_querystring(),
        )
        if "self" in self._get_param("OwnerIds", []):
            found = [one for one in found if one.owner_id == self.current_account]
        if "all" in self._get_param("RestorableByUserIds", []):
            found = [one for one in found if "all" in one.create_volume_permission_groups]
        return ActionResult({"Snapshots": found})

    responses: Any = EC2Response
    responses.describe_snapshots = snapshots


def _add_operations(now: datetime) -> None:
    """Answer read operations that moto lacks (it answers 500) the way that this account would.

    They are added to moto's response classes, so other accounts in this process get them too.
    """
    from moto.cloudwatch.responses import CloudWatchResponse  # noqa: PLC0415  heavy
    from moto.config.responses import ConfigResponse  # noqa: PLC0415
    from moto.core.responses import ActionResult  # noqa: PLC0415
    from moto.ec2.responses import EC2Response  # noqa: PLC0415

    delivered = int((now - timedelta(hours=2)).timestamp())
    delivery = {
        "lastStatus": "SUCCESS",
        "lastAttemptTime": delivered,
        "lastSuccessfulTime": delivered,
    }

    def delivery_channel_status(self: Backend) -> str:
        channels = [
            {"name": channel["name"], "configHistoryDeliveryInfo": delivery,
             "configStreamDeliveryInfo": {"lastStatus": "NOT_APPLICABLE"}}
            for channel in self.config_backend.describe_delivery_channels(None)
        ]  # fmt: skip
        return json.dumps({"DeliveryChannelsStatus": channels})

    def unblocked(_: Backend) -> Any:  # noqa: ANN401
        # What AWS answers where nobody has switched the block on.
        return ActionResult({"State": "unblocked"})

    def images_unblocked(_: Backend) -> Any:  # noqa: ANN401
        return ActionResult({"ImageBlockPublicAccessState": "unblocked"})

    def no_metadata_defaults(_: Backend) -> Any:  # noqa: ANN401
        # What AWS answers where nobody has set any.
        return ActionResult({"AccountLevel": {}})

    def nothing_muted(_: Backend) -> Any:  # noqa: ANN401
        return ActionResult({"AlarmMuteRuleSummaries": []})

    def default_key(_: Backend) -> Any:  # noqa: ANN401
        return ActionResult({"KmsKeyId": "alias/aws/ebs"})

    for responses, name, answer in (
        (CloudWatchResponse, "list_alarm_mute_rules", nothing_muted),
        (ConfigResponse, "describe_delivery_channel_status", delivery_channel_status),
        (EC2Response, "get_snapshot_block_public_access_state", unblocked),
        (EC2Response, "get_image_block_public_access_state", images_unblocked),
        (EC2Response, "get_ebs_default_kms_key_id", default_key),
        (EC2Response, "get_instance_metadata_defaults", no_metadata_defaults),
    ):
        setattr(responses, name, answer)


def _add_routes() -> None:
    """Answer for GuardDuty's findings, of which there are none."""
    from moto.guardduty import urls  # noqa: PLC0415  heavy
    from moto.guardduty.responses import GuardDutyResponse  # noqa: PLC0415

    responses: Any = GuardDutyResponse
    responses.list_findings = lambda _: json.dumps({"findingIds": []})
    responses.get_findings = lambda _: json.dumps({"findings": []})
    for path in ("findings$", "findings/get$"):
        urls.url_paths[f"{{0}}/detector/(?P<detector_id>[^/]+)/{path}"] = responses.dispatch


def _detector(tell: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    answer = tell()
    always = {name: {"status": "ENABLED"} for name in ("cloudTrail", "dnsLogs", "flowLogs")}
    features = [
        {"name": name, "status": "ENABLED"} for name in ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS")
    ]
    told = {feature["name"] for feature in answer["features"]}
    # AWS lists every plan that the Region knows, with those that are off.
    others = [{"name": name, "status": "DISABLED"} for name in _PLANS if name not in told]
    return answer | {
        "dataSources": answer["dataSources"] | always,
        "features": features + answer["features"] + others,
    }


_PLANS = (
    "S3_DATA_EVENTS",
    "EKS_AUDIT_LOGS",
    "EBS_MALWARE_PROTECTION",
    "RDS_LOGIN_EVENTS",
    "LAMBDA_NETWORK_LOGS",
    "RUNTIME_MONITORING",
)


_REPORT_COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used",
    "password_last_changed", "password_next_rotation", "mfa_active",
    "access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date",
    "access_key_1_last_used_region", "access_key_1_last_used_service",
    "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date",
    "access_key_2_last_used_region", "access_key_2_last_used_service",
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip
_NO_KEY = ["false", "N/A", "N/A", "N/A", "N/A"]
_NO_CERTIFICATES = ["false", "N/A", "false", "N/A"]


def _credential_report(iam: Backend, view: View) -> str:
    """Write the report as IAM's user guide has it: root first, N/A for no password or key."""
    root = [
        "<root_account>", f"arn:aws:iam::{company.ACCOUNT}:root",
        _stamp(view.ago(1200)), "not_supported", _stamp(view.ago(12)), "not_supported", "not_supported", "true",
        *_NO_KEY, *_NO_KEY, *_NO_CERTIFICATES,
    ]  # fmt: skip
    rows = [list(_REPORT_COLUMNS), root]
    for user in iam.users.values():
        password = ["false", "N/A", "N/A", "N/A"]
        if user.password:
            used = _stamp(user.password_last_used) if user.password_last_used else "no_information"
            password = ["true", used, _stamp(user.create_date), "N/A"]
        keys = [_key_columns(key, view) for key in user.access_keys[:2]]
        keys += [_NO_KEY] * (2 - len(keys))
        rows.append([
            user.name, user.arn, _stamp(user.create_date), *password,
            str(bool(user.mfa_devices)).lower(),
            *keys[0], *keys[1], *_NO_CERTIFICATES,
        ])  # fmt: skip
    return "\n".join(",".join(row) for row in rows)


def _key_columns(key: Backend, view: View) -> list[str]:
    used = key.last_used
    # The auditor's own key is used while it asks: moto notes that by the machine's clock.
    at = min(used.timestamp, _naive(view.at)) if used else None
    last = [_stamp(at), used.region, used.service] if at else ["N/A", "N/A", "N/A"]
    return [str(key.status == "Active").lower(), _stamp(key.create_date), *last]


def _naive(moment: datetime) -> datetime:
    """UTC without a time zone, as moto's models keep it."""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


# -- ages -----------------------------------------------------------------------------------------


def _ages(view: View) -> None:
    """Age what the API dates today: a company is older than that."""

    def ago(days: float) -> datetime:
        return _naive(view.ago(days))

    _age_identities(ago)
    s3 = _backends("s3")["aws"]
    for bucket in company.BUCKETS:
        s3.get_bucket(bucket.name).creation_date = ago(bucket.made).replace(tzinfo=UTC)
    for region in company.REGIONS:
        ec2 = _backends("ec2")[region]
        instances = (i for r in ec2.reservations.values() for i in r.instances)
        for models, attribute, days in (
            (instances, "launch_time", 90),
            (ec2.volumes.values(), "create_time", 90),
            (ec2.snapshots.values(), "start_time", 1),
            (ec2.amis.values(), "creation_date", 60),
            (ec2.flow_logs.values(), "creation_time", 600),
        ):
            for model in models:
                setattr(model, attribute, ago(days))
        for key in _backends("kms")[region].keys.values():
            key.creation_date = view.ago(500).replace(microsecond=0).timestamp()
        for database in _backends("rds")[region].databases.values():
            database.created = database.instance_create_time = ago(500)
        _age_region(region, ago)
    for trail in _backends("cloudtrail")[company.SECOND_REGION].trails.values():
        trail.status.started, trail.status.stopped = ago(1100), ago(380)
        trail.status.latest_delivery_time = int(ago(380).replace(tzinfo=UTC).timestamp())
    _backends("cloudtrail")[company.HOME_REGION].trails["acme-audit"].status.started = ago(860)


def _age_region(region: str, ago: Callable[[float], datetime]) -> None:
    """Age what a region holds besides: moto dates it by the machine's clock."""
    ec2 = _backends("ec2")[region]
    for volume in ec2.volumes.values():
        if volume.attachment is not None:
            volume.attachment.attach_time = ago(90)
    for interface in ec2.enis.values():
        if interface.attach_time is not None:
            interface.attach_time = ago(90)
    for reservation in ec2.reservations.values():
        for instance in reservation.instances:
            for device in instance.block_device_mapping.values():
                device.attach_time = ago(90)
            for interface in instance.nics.values():
                interface.attach_time = ago(90)
    _age_services(region, ago)


def _age_services(region: str, ago: Callable[[float], datetime]) -> None:
    made = ago(860).replace(tzinfo=UTC)
    for group in _backends("logs")[region].groups.values():
        group.creation_time = ago(860)
    for bus in _backends("events")[region].event_buses.values():
        bus.creation_time = bus.last_modified_time = made.timestamp()
    for detector in _backends("guardduty")[region].detectors.values():
        detector.created_at = detector.updated_at = ago(860)
    session = _backends("macie2")[region].macie_session
    if session is not None:
        session["createdAt"] = session["updatedAt"] = made
    for snapshot in _backends("rds")[region].database_snapshots.values():
        snapshot.created = snapshot.original_snapshot_create_time = ago(1)
        snapshot.instance_create_time = ago(500)


def _age_identities(ago: Callable[[int], datetime]) -> None:
    from moto.iam.models import AccessKeyLastUsed  # noqa: PLC0415  heavy

    iam = _backends("iam")["aws"]
    for told in company.USERS:
        user = iam.users[told.name]
        user.create_date = ago(told.made)
        if told.signed_in is not None:
            user.password_last_used = ago(told.signed_in)
        for device in user.mfa_devices.values():
            device.enable_date = ago(told.made - 1)
            iam.virtual_mfa_devices[device.serial_number].enable_date = ago(told.made - 1)
        for key, times in zip(user.access_keys, told.keys, strict=told.name != company.AUDITOR):
            key.create_date = ago(times.made)
            if times.used is not None:
                key.last_used = AccessKeyLastUsed(
                    ago(times.used), times.service, company.HOME_REGION
                )
    for key in iam.users[company.AUDITOR].access_keys:
        key.create_date = ago(20)
    for made in (*iam.groups.values(), *iam.instance_profiles.values()):
        made.create_date = ago(700)
    for policy in iam.managed_policies.values():
        if not policy.arn.startswith(company.AWS_POLICY):
            policy.create_date = policy.update_date = ago(700)
            for version in policy.versions:
                version.create_date = ago(700)
    for role in iam.roles.values():
        role.create_date = ago(400)
        role.last_used, role.last_used_region = ago(2), company.HOME_REGION
