"""CloudWatch: alarms that somebody hears."""

from __future__ import annotations

from soc2_collectors.aws.models.cloudwatch import Alarm, Subscription
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[Subscription],
    known_as=[
        "prowler:cloudwatch_alarm_actions_enabled",
        "prowler:cloudwatch_alarm_actions_alarm_state_configured",
        "powerpipe:cloudwatch_alarm_action_enabled",
    ],
)
def aws_alarm_actions(alarm: Alarm, evidence: Evidence) -> Verdict:
    """Alarms do something when they go off, and what they tell is heard.

    Why: an alarm that tells nobody is a diary.
    Fix: aws cloudwatch enable-alarm-actions; aws sns subscribe for the topic, and confirm the subscription.
    """
    if not alarm.actions_enabled:
        return failed("its actions are switched off")
    if not alarm.alarm_actions:
        return failed("it does nothing when it goes off")
    heard = {item.topic_arn for item in evidence.account(Subscription) if item.confirmed}
    deaf = sorted(a for a in alarm.alarm_actions if ":sns:" in a and a not in heard)
    if len(deaf) == len(alarm.alarm_actions):
        return failed(f"nobody hears {', '.join(action.rpartition(':')[2] for action in deaf)}")
    return passed(f"{len(alarm.alarm_actions) - len(deaf)} actions")
