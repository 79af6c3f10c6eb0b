"""What happened at acme-robotics in the 180 days before today, and when soc2-pac was run.

One table of what happened (:data:`HAPPENED`), one of runs (:data:`RUNS`). What the emulated systems answer is set
here (:meth:`History.turn_to`); what people did in soc2-pac itself stands in :mod:`soc2_demo.people_acts`. Instants
are midnights in UTC, counted in days before today's, so that two demos of one day tell the same.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from soc2_demo import company, okta_access, okta_company, okta_words
from soc2_demo.github_words import LOGIN, account
from soc2_demo.instants import View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soc2_demo.aws import AwsEmulator
    from soc2_demo.github import GithubEmulator
    from soc2_demo.http import Server
    from soc2_demo.okta import OktaEmulator

DAYS = 180
SOURCES = ("aws-acme", "gcp-acme", "github-acme", "okta-acme", "azure-acme", "hr")
_ALL = (*SOURCES, "company")
_PEOPLE = ("github-acme", "hr", "company")


class Run(NamedTuple):
    """When soc2-pac ran, and over what."""

    days: int
    """Before today."""
    sources: tuple[str, ...] = _ALL
    kinds: tuple[str, ...] = ()
    """Only these; empty: all that rules need."""


RUNS: tuple[Run, ...] = (
    Run(180),
    Run(120),
    Run(115, ("aws-acme",), ("aws.s3.*",)),
    Run(110, _PEOPLE),
    Run(97, _PEOPLE),
    Run(88, _PEOPLE),
    Run(75, _PEOPLE),
    Run(68, _PEOPLE),
    Run(60),
    Run(50, ("okta-acme", "hr", "company")),
    Run(0),
)
"""Everything is read every two months, some of it more often: half a minute is all that the demo has for them."""


class Happened(NamedTuple):
    """Something in force from one day on, and up to another; days before today."""

    what: str
    begins: int
    ends: int

    def holds(self, days: float) -> bool:
        """Whether it holds at an instant."""
        return self.begins >= days > self.ends


HAPPENED: Mapping[str, Happened] = {
    "bucket": Happened("acme-robotics-telemetry was readable by everyone", 124, 117),
    "ssh": Happened("the security group 'web' let SSH in from everywhere", 122, 76),
    "workflow": Happened("workflows got a token that writes", 98, 90),
    "outage": Happened("GitHub answered 503", 121, 105),
    "denied": Happened("Okta refused to show policies: the auditor's role had lost them", 62, 52),
    "threshold": Happened("console passwords might be unused for 90 days instead of 45", 75, 36),
    "off": Happened("the rule about GitHub's IP allow list was switched off", 110, 68),
    "access": Happened("marek-zielinski was in the team 'robotics', which he had left", 400, 70),
    "late leaver": Happened("Helen Park had left, and her Okta account lived on", 88, 74),
    "waiver": Happened("GitHub without single sign-on was accepted", 120, 65),
    "control": Happened(
        "access reviews are the CISO's control, no longer the Head of IT's", 50, -1
    ),
}
"""What went wrong, was decided or changed, by a short name."""

_BUCKET = "acme-robotics-telemetry"
_GROUP = "web"
_SSH = [
    {
        "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
        "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "while the VPN is down"}],
    }
]  # fmt: skip
_ANYONE = {"Sid": "Anyone", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
           "Resource": f"arn:aws:s3:::{_BUCKET}/*"}  # fmt: skip
_WORKFLOW = f"/orgs/{LOGIN}/actions/permissions/workflow"
_TEAM = f"/orgs/{LOGIN}/teams/robotics/members"
_MOVED = "marek-zielinski"


def end_of(now: datetime) -> datetime:
    """The last instant of the history of a demo: the midnight, UTC, before it is run."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def holds(name: str, days: float) -> bool:
    """Whether something that happened holds so many days before the end."""
    return HAPPENED[name].holds(days)


@dataclass
class History:
    """The emulated systems, and what they answer at an instant."""

    end: datetime
    aws: AwsEmulator
    github: GithubEmulator
    okta: OktaEmulator
    others: tuple[Server, ...] = ()
    _now: set[str] = field(default_factory=set)
    """What holds in AWS."""

    def __post_init__(self) -> None:
        """Keep what the systems know at the end."""
        self._pulls = dict(self.github.state.pull_requests)
        self._commits = dict(self.github.state.commits)
        self._rest = dict(self.github.state.rest)
        self._policy = ""

    def turn_to(self, days: int) -> View:
        """Have every system answer as it did so many days before the end."""
        view = View(self.end, self.end - timedelta(days=days))
        self.aws.look(view.at)
        for server in (self.github, self.okta, *self.others):
            server.seen = view.seen
            server.faults.clear()
        self._turn_github(view)
        self._turn_okta(view)
        self._turn_aws(view)
        return view

    # -- GitHub -----------------------------------------------------------------------------------------

    def _turn_github(self, view: View) -> None:
        state = self.github.state
        state.pull_requests = {
            repo: [one for one in pulls if _by(view, one["mergedAt"])]
            for repo, pulls in self._pulls.items()
        }
        state.commits = {
            repo: [one for one in commits if _by(view, one["committedDate"])]
            for repo, commits in self._commits.items()
        }
        for path, name in (
            (f"/orgs/{LOGIN}/secret-scanning/alerts", "created_at"),
            (f"/orgs/{LOGIN}/code-scanning/alerts", "created_at"),
            (f"/orgs/{LOGIN}/dependabot/alerts", "created_at"),
            (f"/orgs/{LOGIN}/rulesets/rule-suites", "pushed_at"),
            (f"/orgs/{LOGIN}/audit-log", "@timestamp"),
        ):
            state.rest[path] = [one for one in self._rest[path] if _by(view, one[name])]
        if holds("workflow", view.days):
            state.rest[_WORKFLOW] = {
                **self._rest[_WORKFLOW],
                "default_workflow_permissions": "write",
            }
        else:
            state.rest[_WORKFLOW] = self._rest[_WORKFLOW]
        extra = [account(_MOVED)] if holds("access", view.days) else []
        state.rest[_TEAM] = [*self._rest[_TEAM], *extra]
        if holds("outage", view.days):
            # It says for how long, so nobody goes on asking.
            self.github.faults.add(".", status=503, headers={"Retry-After": "86400"})

    # -- Okta -------------------------------------------------------------------------------------------

    def _turn_okta(self, view: View) -> None:
        answers = self.okta.state.answers
        people = [_person_at(one, view) for one in okta_words.PEOPLE if one.hired >= view.days]
        answers.update(okta_company.users(self.end, people))
        log = okta_access.log(self.end)
        answers.update(
            {
                path: [one for one in events if _by(view, one["published"])]
                for path, events in log.items()
            }
        )
        if holds("denied", view.days):
            self.okta.faults.add(r"^/api/v1/policies", status=403)

    # -- AWS --------------------------------------------------------------------------------------------

    def _turn_aws(self, view: View) -> None:
        for name, begin, end in (
            ("bucket", self._open_bucket, self._close_bucket),
            ("ssh", self._open_group, self._close_group),
        ):
            now = holds(name, view.days)
            if now and name not in self._now:
                begin()
                self._now.add(name)
            elif not now and name in self._now:
                end()
                self._now.remove(name)

    def _open_bucket(self) -> None:
        s3 = self.aws.client("s3", company.SECOND_REGION)
        self._policy = s3.get_bucket_policy(Bucket=_BUCKET)["Policy"]
        opened = json.loads(self._policy)
        opened["Statement"].append(_ANYONE)
        self._block(blocked=False)
        s3.put_bucket_policy(Bucket=_BUCKET, Policy=json.dumps(opened))

    def _close_bucket(self) -> None:
        s3 = self.aws.client("s3", company.SECOND_REGION)
        s3.put_bucket_policy(Bucket=_BUCKET, Policy=self._policy)
        self._block(blocked=True)

    def _block(self, *, blocked: bool) -> None:
        self.aws.client("s3", company.SECOND_REGION).put_public_access_block(
            Bucket=_BUCKET, PublicAccessBlockConfiguration=company.public_access(blocked=blocked)
        )

    def _open_group(self) -> None:
        ec2 = self.aws.client("ec2", company.HOME_REGION)
        ec2.authorize_security_group_ingress(GroupId=self._group(), IpPermissions=_SSH)

    def _close_group(self) -> None:
        ec2 = self.aws.client("ec2", company.HOME_REGION)
        ec2.revoke_security_group_ingress(GroupId=self._group(), IpPermissions=_SSH)

    def _group(self) -> str:
        found: list[dict[str, Any]] = self.aws.client(
            "ec2", company.HOME_REGION
        ).describe_security_groups(Filters=[{"Name": "group-name", "Values": [_GROUP]}])[
            "SecurityGroups"
        ]
        return str(found[0]["GroupId"])


def _by(view: View, time: str | int) -> bool:
    """Whether something that is dated so had happened."""
    if isinstance(time, int):
        return view.happened(datetime.fromtimestamp(time / 1000, UTC))
    return view.happened(datetime.fromisoformat(time))


def _person_at(person: okta_words.Person, view: View) -> okta_words.Person:
    """Somebody as Okta had them: what came later had not happened."""
    if person.status == "ACTIVE" or person.changed is None or person.changed >= view.days:
        return person
    return replace(person, status="ACTIVE", changed=None, signed_in=1)


# -- the configuration ------------------------------------------------------------------------------------


def decisions(end: datetime, days: float) -> str:
    """What the configuration decides so many days before the end, as TOML."""

    def signed(reason: str, before: int) -> str:
        day = f"{end - timedelta(days=before):%Y-%m-%d}"
        return f'reason = "{reason}"\nowner = "ciso@acme-robotics.example"\ndate = {day}\n'

    found = [
        '[audit]\ncadence = "1w"  # how often everything is meant to be collected\n',
        '[reviews]\nsystems = ["github:acme-robotics"]\n',
        "[evidence]\nmax_age_days = 60\n"
        + signed("the clouds are read every two months until the second auditor starts", DAYS + 10),
        '[rules.gcp-corporate-identities-only]\ndomains = ["acme-robotics.example"]\n'
        + signed("our own domain", DAYS + 20),
    ]
    if holds("threshold", days):
        found.append(
            "[rules.aws-console-user-inactive]\nmax_unused_days = 90\n"
            + signed("parental leave of the data team", HAPPENED["threshold"].begins)
        )
    if holds("off", days):
        found.append(
            '[[rules.exclude]]\nrule = "github-ip-allow-list"\n'
            + signed("everybody works from home during the move", HAPPENED["off"].begins)
        )
    return "\n".join(found)


def controls_text(text: str, days: float) -> str:
    """The file of controls so many days before the end, from the one to start with."""
    if not holds("control", days):
        return text
    return re.sub(r'(id = "AC-03"\nwording = .*\n)owner = "Head of IT"', r'\1owner = "CISO"', text)
