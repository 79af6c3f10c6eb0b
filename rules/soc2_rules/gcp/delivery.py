"""Cloud Build and Cloud Deploy: who says yes before something goes into production."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.environments import names_other
from soc2_collectors.gcp.models.delivery import Pipeline, Target, Trigger
from soc2_collectors.gcp.models.members import default_account
from soc2_collectors.gcp.models.values import has_word
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

_DELIVERS = ("deploy", "deployment", "release", "releases")
"""Words of names that say production unless another environment is named beside them."""
_PRODUCTION = ("*prod", "prd", "production", "live", *_DELIVERS)
_ELSEWHERE = (
    "dev",
    "develop",
    "development",
    "integration",
    "nightly",
    "preview",
    "qa",
    "sandbox",
    "stage",
    "staging",
    "stg",
    "test",
    "testing",
    "uat",
)
"""Words of names that say another environment."""


def _of_production(names: Sequence[str], production: tuple[str, ...]) -> bool:
    """Whether the names of one thing say that it is for production: ``deploy-staging`` does not."""
    firm = [one for one in production if one not in _DELIVERS]
    if any(has_word(name, firm) for name in names):
        return True
    return not _elsewhere(names) and any(has_word(name, production) for name in names)


def _elsewhere(names: Sequence[str]) -> bool:
    """Whether the names of one thing say that it is for another environment."""
    return any(has_word(name, _ELSEWHERE) or names_other(name) for name in names)


@rule(criteria=["CC8.1"], severity=Severity.HIGH)
def gcp_build_trigger_approval(
    trigger: Trigger, *, production: tuple[str, ...] = _PRODUCTION
) -> Verdict:
    """Build triggers for production wait for approval, and run as a service account of their own.

    ``production`` takes patterns for the names or tags of triggers, or for a word in them; ``non-prod`` and
    ``pre-prod`` are none, nor is ``deploy`` or ``release`` beside another environment's name (``deploy-dev``).
    Whether a service account is a default one is told by its address, and not by a
    number.

    Why: what a trigger starts runs with the rights to change production; a push should not be enough for it.
    Fix: gcloud builds triggers update github TRIGGER --require-approval --service-account
        projects/PROJECT/serviceAccounts/ACCOUNT; for other sorts gitlab, manual, pubsub and so on in place
        of github.
    """
    about = trigger.trigger
    if about.disabled:
        return not_applicable("the trigger is off")
    if not _of_production((about.name, *about.tags), production):
        return not_applicable("by name and tags not for production")
    wrong = []
    if not about.approval_config.approval_required:
        wrong.append("builds start without approval")
    account = about.service_account.rpartition("/")[2]
    if not account or default_account(account):
        wrong.append("runs as a default service account")
    if not wrong and account.isdigit():
        return inconclusive(
            f"it names its service account by a number, {account}: whose is not read"
        )
    return failed("; ".join(wrong)) if wrong else passed(f"waits for approval, runs as {account}")


@rule(criteria=["CC8.1"], severity=Severity.MEDIUM, needs=[Target])
def gcp_deploy_approval(
    pipeline: Pipeline, evidence: Evidence, *, production: tuple[str, ...] = _PRODUCTION
) -> Verdict:
    """Delivery pipelines wait for approval before production.

    Production is the last target of a pipeline, unless its name, or that of each target that it stands for,
    says another environment (``dev``); and every one whose name, or a word in it, is of a form in
    ``production``; ``non-prod`` and ``pre-prod`` are none, nor is ``deploy`` beside another environment's name.
    One that stands for several is production where one of them is: they ask for no approval themselves.
    Cloud Deploy then rolls nothing out there that nobody approved.

    Why: the person who wrote a change is the last to see what is wrong with it.
    Fix: set requireApproval: true in the target's file, then gcloud deploy apply --file FILE --region REGION.
    """
    if pipeline.pipeline.suspended:
        return not_applicable("the pipeline is suspended")
    names = pipeline.targets()
    if not names:
        return not_applicable("the pipeline has no stages")
    known = evidence.index(Target, "name", within="here")
    called = {
        one: [one.rpartition("/")[2], *(name for t in known.get(one, ()) for name in t.names)]
        for one in names
    }
    wanted = {one for one in names if _of_production(called[one], production)}
    last = names[-1]
    own = last.rpartition("/")[2]
    parts = [name for name in called[last] if name != own] or [own]
    wanted |= set() if all(_elsewhere([name]) for name in parts) else {last}
    if not wanted:
        ends = listed(dict.fromkeys(called[last]))
        return not_applicable(f"by the names of its targets not for production: it ends at {ends}")
    unknown = [one.rpartition("/")[2] for one in wanted if one not in known]
    if unknown:
        return inconclusive(f"targets that the inventory does not show: {listed(unknown)}")
    free = [t.target.name for one in wanted for t in known[one] if not t.target.require_approval]
    if free:
        return failed(
            f"no approval is asked for before {listed(n.rpartition('/')[2] for n in free)}"
        )
    return passed(f"waits for approval before {listed(n.rpartition('/')[2] for n in wanted)}")
