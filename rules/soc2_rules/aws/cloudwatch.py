"""CloudWatch: alarms that notify somebody."""

from __future__ import annotations

from soc2_collectors.aws.models.arns import parsed
from soc2_collectors.aws.models.cloudwatch import Alarm
from soc2_collectors.aws.models.codedeploy import DeploymentGroup
from soc2_collectors.aws.models.ecs import Service
from soc2_collectors.aws.models.eventbridge import EventRule
from soc2_pac.model import Scope, Severity, Status, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.notified_aws import ACTS, ALARM_NEEDS, above, heard, reached_by, unmuted
from soc2_rules.mechanisms.undecided import undecided


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[Alarm, *ALARM_NEEDS, EventRule, DeploymentGroup, Service],
    known_as=[
        "prowler:cloudwatch_alarm_actions_enabled",
        "prowler:cloudwatch_alarm_actions_alarm_state_configured",
        "powerpipe:cloudwatch_alarm_action_enabled",
    ],
)
def aws_alarm_actions(
    alarm: Alarm, evidence: Evidence, scope: Scope, *, reaches_people: tuple[str, ...] = ()
) -> Verdict:
    """Alarms act when they go off: they notify a topic that somebody hears, or do something to machines.

    So does an alarm that a composite one follows, by the actions of that one, and one of which a rule of EventBridge
    hears that names alarms or CloudWatch in its pattern. A topic counts with a confirmed
    subscription of a person's, or of an endpoint that is chosen for it, and where alarms may publish to it.
    ``reaches_people`` takes patterns for ARNs of functions and other programs that pass on to people what is sent to
    them. Nothing is asked of an alarm without actions that stops deployments of CodeDeploy or ECS. What else looks at
    alarms by itself (AppConfig, CloudFormation, health checks of Route 53) is not read.

    Why: an alarm that notifies nobody is a diary.
    Fix: aws cloudwatch enable-alarm-actions --alarm-names NAME; aws sns subscribe for the topic, and confirm
        the subscription.
    """
    own = _by_itself(alarm, evidence, scope, reaches_people)
    if own.status is not Status.FAIL:
        return own
    if held := [one.name for one in evidence.here(Alarm) if one.is_suppressed_by(alarm)]:
        return not_applicable(f"it is there to suppress {', '.join(sorted(held))}")
    ways = [ask(alarm, evidence, scope, reaches_people) for ask in (above, heard)]
    if good := next((way for way in ways if way.answer), None):
        return passed(f"notifies by {' > '.join(good.why)}", on=good.on)
    if stopped := _stopped(alarm, evidence):
        names = ", ".join(sorted(stopped))
        return not_applicable(f"it is there to stop deployments: {names}", on=stopped.values())
    if doubts := [way for way in ways if way.answer is None]:
        why = "; ".join(text for way in doubts for text in way.why)
        return undecided(f"{own.message}; {why}", [one for way in doubts for one in way.missing])
    return own


def _stopped(alarm: Alarm, evidence: Evidence) -> dict[str, DeploymentGroup | Service]:
    """What is deployed only while an alarm is quiet, by its name."""
    groups, services = evidence.here(DeploymentGroup), evidence.here(Service)
    found: dict[str, DeploymentGroup | Service] = {
        f"{one.application_name}/{one.deployment_group_name}": one
        for one in groups
        if alarm.name in one.stopped_by
    }
    return found | {one.service_name: one for one in services if alarm.name in one.stopped_by}


def _by_itself(
    alarm: Alarm, evidence: Evidence, scope: Scope, reaches_people: tuple[str, ...]
) -> Verdict:
    """What an alarm does by its own actions."""
    if not alarm.actions_enabled:
        return failed("its actions are switched off")
    if not alarm.alarm_actions:
        return failed("it does nothing when it goes off")
    acting = sorted({parsed(arn).service for arn in alarm.alarm_actions} & ACTS)
    ways = [
        reached_by(alarm, arn, evidence, scope, reaches_people)
        for arn in alarm.alarm_actions
        if not acting
    ]
    good = [way for way in ways if way.answer]
    if not acting and not good:
        unsure = [way for way in ways if way.answer is None]
        if unsure:
            doubts = sorted({text for way in unsure for text in way.why})
            return undecided("; ".join(doubts), [one for way in unsure for one in way.missing])
        return failed("; ".join(sorted({text for way in ways for text in way.why})))
    heard = unmuted(alarm, evidence, scope)
    if not heard.answer:
        return undecided("; ".join(heard.why), heard.missing)
    if acting:
        return passed(f"acts by itself: {', '.join(acting)}")
    said = "; ".join(dict.fromkeys(" > ".join(way.why) for way in good))
    return passed(f"notifies {said}", on=[document for way in good for document in way.on])
