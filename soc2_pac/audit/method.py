"""How reports are made, and what their words mean: paragraphs for those who read them."""

from __future__ import annotations

_STORE = (
    "The report is made out of the store alone, as it stood at the end of the period: what was recorded later "
    "changes nothing in it. No clock is asked. Rules, waivers, controls and configurations are those that were "
    "recorded by then; the rule versions are those that the evaluations list."
)
_KNOWN = (
    "A kind is known in a scope for as long as its last complete collection is recent enough for the rule. All "
    "other time, from the first collection in the scope until the scope is retired, is a gap. A collection that "
    "was denied, failed or broke off makes nothing known. What was read of events (merged changes, say) stays "
    "known."
)
_TIMES = (
    "Time in status: a verdict of pass, fail or not applicable counts for the time in which it held and its kind "
    "was known. The rest of the time in which a resource was there is not known; a verdict says nothing of a later "
    "document that was not judged, and nothing after the instant that it named as its end. Time in scope = pass + "
    "fail + not applicable + not known, in whole milliseconds. Where a scope is empty or could not be read, the "
    "verdict about the whole scope counts for as long as it stood. What a decision puts outside of the system is shown "
    "apart."
)
_DAYS = (
    "Days known: UTC days of the period on which nothing that the rule judges was unknown at any time, and on "
    "which the rule judged; one on which it was switched off for a while is none. The day of the first collection "
    "counts from that collection on."
)
_DEVIATION = (
    "A deviation is one stretch of failure of one resource under one rule. It ends with a pass, with not "
    "applicable, or when the resource, the rule or the scope is no longer there; what could not be judged in "
    "between is part of it. Where the rule, or a decision about the place, changed at the end, it is not said to be "
    "fixed. A change of a document lies between two collections: the last that saw it otherwise, "
    "and the first that saw it so. A change by the clock, by a rule or by a decision has an exact instant. "
    "Whether a due date was met goes by the first collection that shows the end."
)
_NOTHING_HIDDEN = (
    "Failures that were waived, fixed in time, switched off or put outside are in every report. Nothing can be "
    "left out but parts and scopes, and a report that is limited so says what it leaves out."
)
_CHAIN = (
    "What was recorded is chained by hashes. It is tamper-evident from the first checkpoint that was kept "
    "elsewhere."
)
PERIOD = (_STORE, _KNOWN, _TIMES, _DAYS, _DEVIATION, _NOTHING_HIDDEN, _CHAIN)
"""Of a report about a period."""

_INSTANT = (
    "The report is made out of the store alone, as it stood at the instant: what was recorded later changes nothing "
    "in it. No clock is asked. Verdicts, rules, waivers, controls and configuration are those that were recorded by "
    "then; the rule versions are those that the last evaluations list."
)
_TODAY = (
    "The evidence is that which was known at the instant. It was judged now, by the rules and settings of today: what "
    "stands here was not known then. Since when something fails, and by when it is due, is not said."
)
_VERDICTS = (
    "A verdict is one rule about one resource, or about a whole scope that is empty or could not be read. "
    "Inconclusive, stale and error mean that it is not known; nobody may read them as a pass. A verdict is stale, "
    "too, after the instant that it named as its end, until something judges again."
)
INSTANT = (_INSTANT, _KNOWN, _VERDICTS, _NOTHING_HIDDEN, _CHAIN)
"""Of a report about an instant."""
TODAY = (_TODAY, *INSTANT)
"""Of one by today's rules."""

_STEPS = (
    "Next steps are ordered by what they are worth: failures by severity, how many there are, and whether they are "
    "past their due date; what is not known by the rules that cannot judge it; then evidence of people, reviews, and "
    "criteria for which nobody recorded a control. The number beside each is for ordering only."
)
READINESS = (_INSTANT, _KNOWN, _VERDICTS, _STEPS)
"""Of a report on readiness."""
