"""Lambda: what functions carry, who may invoke them, supported runtimes and visible failures."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.lambda_ import Function, Qualified, Variables
from soc2_collectors.aws.models.redacted import credentials_among, recognised
from soc2_collectors.aws.models.trust import (
    EVERYONE,
    open_to_everyone,
    outsiders,
    services_without_source,
)
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable
from soc2_pac.model import (
    Scope,
    Severity,
    Status,
    Verdict,
    failed,
    inconclusive,
    not_applicable,
    passed,
)
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.credential_names import CREDENTIALS, sounds_like_credential
from soc2_rules.mechanisms.known import asked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from soc2_collectors.aws.models.conditions import Condition
    from soc2_collectors.aws.models.policy import Statement


@rule(
    criteria=["CC6.1"],
    severity=Severity.CRITICAL,
    needs=[Qualified],
    known_as=[
        "prowler:awslambda_function_no_secrets_in_variables",
        "powerpipe:lambda_function_variables_no_sensitive_data",
    ],
)
def aws_lambda_no_secrets(
    function: Function,
    evidence: Evidence,
    *,
    names: tuple[str, ...] = CREDENTIALS,
    allowed_names: tuple[str, ...] = (),
) -> Verdict:
    """Environment variables of functions, and of their published versions, hold no credentials.

    Why: everyone who may list functions can read them, and so can every library that the function loads.
    Fix: keep the secret in Secrets Manager or Parameter Store and let the function's role read it. A variable
        that only sounds like a credential goes into allowed_names.
    """
    told, unread = _carried(function.environment, "", names, allowed_names)
    count = len(function.environment.variables)
    gaps: list[FactUnavailable | EvidenceIncomplete] = []
    on: list[Qualified] = []
    for version in _qualified(function, evidence, gaps):
        of = f" of version {version.version}"
        more, dark = _carried(version.environment, of, names, allowed_names)
        on += [version] if more else []
        told += more
        unread += dark
        count += len(version.environment.variables)
    if told:
        return failed("; ".join(told), on=on)
    if gaps:
        raise gaps[0]
    if unread:
        return inconclusive(f"nobody could look into {', '.join(unread)}")
    if not count:
        return passed("no environment variables")
    return passed(f"{count} variables, none of which looks like a credential")


def _carried(
    environment: Variables, of: str, names: tuple[str, ...], allowed: tuple[str, ...]
) -> tuple[list[str], list[str]]:
    """What variables hold that they should not, and those that nobody could look into."""
    found, unread = credentials_among(environment.variables)
    told = [f"{name}{of} looks like {labels}" for name, labels in found.items()]
    told += [
        f"{name}{of} is called like a credential"
        for name, value in sorted(environment.variables.items())
        if name not in found
        and name not in allowed
        and recognised(value).there
        and sounds_like_credential(name, names)
    ]
    if environment.error is not None:
        unread = [f"variables{of} that AWS did not tell, since their key was denied", *unread]
    return told, [f"{name}{of}" if name in environment.variables else name for name in unread]


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.CRITICAL,
    needs=[Qualified],
    known_as=[
        "prowler:awslambda_function_not_publicly_accessible",
        "prowler:awslambda_function_url_public",
        "powerpipe:lambda_function_restrict_public_access",
    ],
)
def aws_lambda_not_public(
    function: Function,
    scope: Scope,
    evidence: Evidence,
    *,
    public_functions: tuple[str, ...] = (),
    known_accounts: tuple[str, ...] = (),
) -> Verdict:
    """Nobody may invoke functions without signing in, by their policy or URL, nor by a service for other accounts.

    Services are S3, SNS, EventBridge, API Gateway, CloudWatch Logs, SES, IoT, Config and Alexa: anybody can point
    what they have there at a function. Of another service that the policy does not keep to the account's own
    resources the rule is inconclusive. ``known_accounts`` holds accounts and organisations that may.

    The policies and URLs of the function, of its aliases and of its published versions are read. A URL without a
    sign-in that no policy opens answers nobody, and does not count; nor does what a policy allows of requests to a URL
    that the function has no more. Lambda Web Functions, with endpoints of their own,
    are resources of another sort, and not judged.

    Why: whoever knows the address runs the code, with the rights of the function's role.
    Fix: aws lambda update-function-url-config --function-name NAME --auth-type AWS_IAM; aws lambda
        remove-permission for the statement that allows everyone. A public service by intent goes into
        public_functions.
    """
    found: list[str] = []
    unread: list[FactUnavailable | EvidenceIncomplete] = []
    on: list[Qualified] = []

    def look(read: Callable[[], Iterable[str]]) -> bool:
        said = len(found)
        try:
            found.extend(read())
        except (FactUnavailable, EvidenceIncomplete) as error:
            unread.append(error)
        return len(found) > said

    own = functools.partial(_answered, function)
    look(lambda: _by_policy(own(function.statements), "its policy", scope, known_accounts))
    others = _qualified(function, evidence, unread)
    look(lambda: _by_url(function, others))
    for one in others:
        whose = f"the policy of {function.name}:{one.qualifier}"
        if look(lambda: _by_policy(own(one.statements), whose, scope, known_accounts)):  # noqa: B023 - called at once
            on.append(one)
    if found and function.name not in public_functions:
        return failed("; ".join(found), on=on)
    if unread:
        raise unread[0]
    if found:
        return passed(f"public by intent: {'; '.join(found)}", on=on)
    return passed(f"neither its policies nor its {len(function.urls)} URLs let everyone in")


def _qualified(
    function: Function, evidence: Evidence, unread: list[FactUnavailable | EvidenceIncomplete]
) -> Sequence[Qualified]:
    """The aliases and published versions of a function; none, and why, where not all of them were read."""
    try:
        index = evidence.index(Qualified, "function_name", within="here")
    except EvidenceIncomplete as error:
        unread.append(error)
        return ()
    return index.get(function.name, ())


_SERVICES = {
    "alexa-appkit": "Alexa",
    "apigateway": "API Gateway",
    "config": "Config",
    "events": "EventBridge",
    "iot": "IoT",
    "logs": "CloudWatch Logs",
    "s3": "S3",
    "ses": "SES",
    "sns": "SNS",
}
"""Services that invoke a function by its policy alone, whoever's skill, topic, bucket or rule names it."""
_OF_ONE_ACCOUNT = ("elasticloadbalancing",)
"""Services of which only what lies in the function's own account can point at it: target groups."""
_SOURCES = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceowner")
_INVOKING = ("lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:InvokeAsync")


def _by_policy(
    listed: list[Statement], whose: str, scope: Scope, known: tuple[str, ...]
) -> Iterator[str]:
    """Whom a policy lets invoke it that it should not; ``whose`` says which policy."""
    if public := open_to_everyone(listed):
        invoked = any(one.covers(action) for one in public for action in _INVOKING)
        told = ", ".join(sorted({one.told for one in public}))
        yield f"{whose} lets everyone {'invoke it' if invoked else f'do {told}'}"
    invoking = [
        statement
        for statement in listed
        if any(statement.covers(action) for action in _INVOKING) and not _of_one_skill(statement)
    ]
    sources = services_without_source(invoking, scope.account, known)
    loose = {name for name, source in sources if source is None} - {EVERYONE, *_OF_ONE_ACCOUNT}
    if names := sorted(_SERVICES[name] for name in loose & _SERVICES.keys()):
        yield f"{whose} lets {', '.join(names)} invoke it for any account, or for another one"
    sourced = [one for one in invoking if not one.allow or (one.anyone and _for_a_source(one))]
    strangers = outsiders(sourced, scope.account, known).strangers
    if others := [name for name in strangers if name != EVERYONE]:
        yield f"{whose} lets what lies in {', '.join(others)} invoke it"
    if unsure := sorted(loose - _SERVICES.keys()):
        msg = f"whether {', '.join(unsure)} may invoke it for other accounts is not known"
        raise FactUnavailable(msg, field="GetPolicy")


def _answered(function: Function, listed: list[Statement]) -> list[Statement]:
    """The statements of a policy less those that allow what nobody can ask: requests to a URL that there is not.

    Lambda keeps the statements of a URL that is deleted, or that asks for a sign-in now (Lambda developer guide,
    "Control access to Lambda function URLs"). Where the URLs were not told, all statements count.
    """
    try:
        kinds = {url.auth_type for url in function.urls}
    except FactUnavailable:
        return listed
    # Who gets in through a URL with a sign-in is said by statements about InvokeFunctionUrl, asked as well.
    through = {"true", "false"} if "NONE" in kinds else {"false"}
    told = {"lambda:functionurlauthtype": kinds, "lambda:invokedviafunctionurl": through}
    return [
        statement
        for statement in listed
        if not statement.allow
        or all(_may_hold(one, told.get(one.key)) for one in statement.conditions)
    ]


def _may_hold(condition: Condition, values: Collection[str] | None) -> bool:
    """Whether a condition holds of a request without its key, or with one of these values; ``None``: any value."""
    if values is None or condition.without_key() is not False:
        return True
    return any(condition.holds(one) is not False for one in values)


def _for_a_source(statement: Statement) -> bool:
    """Whether it names the resource for which a service must ask, or its account."""
    return any(one.key in _SOURCES for one in statement.conditions)


def _of_one_skill(statement: Statement) -> bool:
    """Whether the token of one Alexa skill is asked for."""
    return any(
        one.key == "lambda:eventsourcetoken" and one.names_values and not one.of_any_value
        for one in statement.conditions
    )


def _by_url(function: Function, others: Sequence[Qualified]) -> Iterator[str]:
    """Whether whoever knows its URL gets in without signing in.

    What a URL without a sign-in is asked for a policy must allow to everyone; where none does, the answer is 403
    (Lambda developer guide, "Control access to Lambda function URLs").
    """
    kinds = {url.auth_type for url in function.urls}
    if "NONE" in kinds and _lets_somebody_in(function, others):
        yield "its URL asks nobody to sign in"
    if unknown := sorted(kinds - {"NONE", "AWS_IAM"}):
        msg = f"what the sign-in {', '.join(unknown)} of its URL is is not known"
        raise FactUnavailable(msg, field="ListFunctionUrlConfigs")


def _lets_somebody_in(function: Function, others: Sequence[Qualified]) -> bool:
    """Whether a policy allows requests to a URL that nobody signed, be it with conditions.

    Raises FactUnavailable where none of those that were told does, and another was not told.
    """
    policies: list[Function | Qualified] = [function, *others]
    known, unread = asked(
        policies,
        lambda one: any(
            statement.allow and statement.anyone and statement.covers("lambda:InvokeFunctionUrl")
            for statement in _answered(function, one.statements)
        ),
    )
    if any(said for _, said in known):
        return True
    if unread is not None:
        raise unread
    return False


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:awslambda_function_inside_vpc",
        "powerpipe:lambda_function_in_vpc",
    ],
)
def aws_lambda_in_vpc(function: Function, *, private: tuple[str, ...] = ("*",)) -> Verdict:
    """Functions that touch private data run inside a VPC.

    ``private`` holds patterns for the names of functions that do.

    Why: outside of one a function reaches the whole internet, and no flow log records whom it talked to.
    Fix: aws lambda update-function-configuration --vpc-config with private subnets; name in private only the
        functions that touch private data.
    """
    if not any(fnmatchcase(function.name, pattern) for pattern in private):
        return not_applicable("not among the functions that touch private data")
    if function.vpc_config.vpc_id:
        return passed(f"in {function.vpc_config.vpc_id}")
    if provider := function.capacity_provider_config.managed_instances.capacity_provider_arn:
        return passed(f"in the VPC of the capacity provider {provider.rpartition(':')[2]}")
    return failed("in no VPC")


_DEPRECATED = {
    "dotnet10": "2028-11-14",
    "dotnet5.0": "2022-05-10",
    "dotnet6": "2024-12-20",
    "dotnet7": "2024-05-14",
    "dotnet8": "2026-11-10",
    "dotnet9": "2026-11-10",
    "dotnetcore1.0": "2019-06-27",
    "dotnetcore2.0": "2019-05-30",
    "dotnetcore2.1": "2022-01-05",
    "dotnetcore3.1": "2023-04-03",
    "go1.x": "2024-01-08",
    "java11": "2027-06-30",
    "java11.al2023": "2029-06-30",
    "java17": "2027-06-30",
    "java17.al2023": "2029-06-30",
    "java21": "2029-06-30",
    "java25": "2029-06-30",
    "java8": "2024-01-08",
    "java8.al2": "2027-06-30",
    "java8.al2023": "2029-06-30",
    "nodejs": "2016-10-31",
    "nodejs4.3": "2020-03-05",
    "nodejs4.3-edge": "2020-03-05",
    "nodejs6.10": "2019-08-12",
    "nodejs8.10": "2020-03-06",
    "nodejs10.x": "2021-07-30",
    "nodejs12.x": "2023-03-31",
    "nodejs14.x": "2023-12-04",
    "nodejs16.x": "2024-06-12",
    "nodejs18.x": "2025-09-01",
    "nodejs20.x": "2026-04-30",
    "nodejs22.x": "2027-04-30",
    "nodejs24.x": "2028-04-30",
    "provided": "2024-01-08",
    "provided.al2": "2026-07-31",
    "provided.al2023": "2029-06-30",
    "python2.7": "2021-07-15",
    "python3.6": "2022-07-18",
    "python3.7": "2023-12-04",
    "python3.8": "2024-10-14",
    "python3.9": "2025-12-15",
    "python3.10": "2026-10-31",
    "python3.11": "2027-06-30",
    "python3.12": "2028-10-31",
    "python3.13": "2029-06-30",
    "python3.14": "2029-06-30",
    "ruby2.5": "2021-07-30",
    "ruby2.7": "2023-12-07",
    "ruby3.2": "2026-03-31",
    "ruby3.3": "2027-03-31",
    "ruby3.4": "2028-03-31",
    "ruby4.0": "2029-03-31",
}
"""Runtime -> the day of its deprecation, UTC, as AWS's developer guide forecasts it. AWS offers no call that
tells it, and moves days back at times: the threshold ``dates`` overrides them."""


@rule(
    criteria=["CC7.1"],
    severity=Severity.MEDIUM,
    needs=[Qualified],
    known_as=[
        "prowler:awslambda_function_using_supported_runtimes",
        "powerpipe:lambda_function_use_latest_runtime",
    ],
)
def aws_lambda_runtime_supported(
    function: Function, now: datetime, evidence: Evidence, *, dates: tuple[str, ...] = ()
) -> Verdict:
    """Functions, and the versions that their aliases name, run on runtimes that AWS has not deprecated.

    Other published versions can be invoked by their number, and are not judged. Whether runtime management holds a
    function back at an older version of its runtime is not read. ``dates`` overrides or adds days of deprecation:
    ``python3.15=2030-06-30``.

    Why: a deprecated runtime gets no security fixes any more, and later cannot be deployed at all.
    Fix: aws lambda update-function-configuration --runtime with a newer one, after a test; of an alias, aws lambda
        publish-version, then update-alias.
    """
    newest = _runtime(function, now, dates)
    if newest.status is Status.FAIL or function.package_type == "Image":
        return newest
    gaps: list[FactUnavailable | EvidenceIncomplete] = []
    listed = _qualified(function, evidence, gaps)
    if gaps:
        raise gaps[0]
    used = {name for one in listed for name in one.versions} - {"$LATEST"}
    published = {one.version: one for one in listed if one.version in used}
    judged = {name: _runtime(published.get(name), now, dates) for name in sorted(used)}
    on = list(published.values())
    for name, verdict in judged.items():
        if verdict.status is Status.FAIL:
            return failed(f"version {name}: {verdict.message}", on=on)
    for name, verdict in judged.items():
        if verdict.status is Status.INCONCLUSIVE:
            return inconclusive(f"version {name}: {verdict.message}", on=on)
    if newest.status is not Status.PASS:
        return newest
    ends = [one.until for one in (newest, *judged.values()) if one.until is not None]
    more = f"; so are versions {', '.join(judged)}" if judged else ""
    return passed(f"{newest.message}{more}", until=min(ends), on=on)


_CUSTOMER_MANAGED = "custom"
"""A runtime that a customer manages and functions share (Lambda API, FunctionConfiguration, RuntimeConfig)."""


def _runtime(code: Function | Qualified | None, now: datetime, dates: tuple[str, ...]) -> Verdict:
    """Whether AWS still patches what a function, or a version of it, runs on."""
    if code is None:
        return inconclusive("not among those that AWS lists")
    if code.package_type == "Image":
        return not_applicable("a container image, which brings its own runtime")
    if code.package_type not in ("Zip", None):
        return inconclusive(f"what the package type {code.package_type} is is not known")
    if code.runtime is None:
        return inconclusive("AWS does not say its runtime")
    if code.runtime == _CUSTOMER_MANAGED:
        return not_applicable("a runtime of the customer's own, which AWS does not patch")
    told = dict(text.split("=", 1) for text in dates if "=" in text)
    day = told.get(code.runtime) or _DEPRECATED.get(code.runtime)
    try:
        end = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
    except ValueError:
        return inconclusive(f"dates: {day} is no day")
    if end is None:
        return inconclusive(f"until when AWS patches {code.runtime} is not known: set dates")
    if now >= end:
        return failed(f"{code.runtime}, deprecated since {end:%Y-%m-%d}")
    return passed(f"{code.runtime}, patched until {end:%Y-%m-%d}", until=end)


@rule(
    criteria=["CC7.3", "CC7.2", "CC7.4"],
    severity=Severity.LOW,
    known_as=[
        "prowler:awslambda_function_no_dead_letter_queue",
        "powerpipe:lambda_function_dead_letter_queue_configured",
    ],
)
def aws_lambda_dlq(function: Function) -> Verdict:
    """Events that a function could not handle are kept.

    AWS does not say which functions are invoked asynchronously; every one is judged, as it is invoked without the
    name of a version or an alias, which may have a destination of their own.

    Why: after two more attempts an event is thrown away, and nobody knows what it was.
    Fix: aws lambda put-function-event-invoke-config --function-name NAME --destination-config
        'OnFailure={Destination=ARN}', or aws lambda update-function-configuration --function-name NAME
        --dead-letter-config TargetArn=ARN; waive it for functions that are only called synchronously.
    """
    if function.dead_letter_config.target_arn:
        return passed(f"kept in {function.dead_letter_config.target_arn}")
    kept = [
        (config.of_latest, config.destination_config.on_failure.destination)
        for config in function.invoke_configs
        if config.destination_config.on_failure.destination
    ]
    if own := sorted({destination for latest, destination in kept if latest}):
        return passed(f"kept in {', '.join(own)}")
    if kept:
        others = ", ".join(sorted({destination for _, destination in kept}))
        return inconclusive(
            f"kept in {others}, for aliases or versions that may be the ones invoked"
        )
    return failed("kept nowhere")


@rule(
    criteria=["CC7.2"],
    severity=Severity.INFO,
    known_as=["powerpipe:lambda_function_concurrent_execution_limit_configured"],
)
def aws_lambda_concurrency(function: Function, *, critical: tuple[str, ...] = ("*",)) -> Verdict:
    """Critical functions have a limit of concurrency of their own.

    ``critical`` holds patterns for the names of functions that matter.

    Why: without one a flood of one function's events uses up what all functions of the account share.
    Fix: aws lambda put-function-concurrency --function-name NAME --reserved-concurrent-executions 50.
    """
    if not any(fnmatchcase(function.name, pattern) for pattern in critical):
        return not_applicable("not among the critical functions")
    reserved = function.concurrency.reserved_concurrent_executions
    if reserved is None:
        return failed("no limit of its own")
    if reserved == 0:
        return not_applicable("switched off: its limit is 0, and nobody can invoke it")
    return passed(f"{reserved} at once")
