"""How instances answer metadata requests that are started as a template or a launch configuration says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.ec2 import RegionSettings
from soc2_pac.model import Verdict, failed, inconclusive, passed
from soc2_rules.mechanisms.known import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from soc2_collectors.aws.models.ec2 import LaunchImage, MetadataOptions
    from soc2_pac.rules import Evidence


def asks_for_token(
    options: MetadataOptions | None,
    evidence: Evidence,
    named: Callable[[], Sequence[LaunchImage] | None],
) -> Verdict:
    """Whether what is started with these options answers with a session token only, or not at all.

    What is left open the Region's default decides, option by option, and after it the image that is ``named`` (EC2
    User Guide, "Order of precedence for instance metadata options"). The rule needs :class:`RegionSettings`.
    What a Region that enforces tokens is asked to start without them it refuses (EC2 API reference,
    InstanceMetadataDefaultsResponse, HttpTokensEnforced).
    """
    tokens = options.http_tokens if options is not None else None
    endpoint = options.http_endpoint if options is not None else None
    if tokens == "required":
        return passed("tokens are required")
    if endpoint == "disabled":
        return passed("the metadata service is off")
    if tokens is not None:
        unread = Unread()
        regions = unread.of(lambda: _enforcing(evidence))
        said = f"tokens are {tokens or 'not required'}"
        if regions:
            return passed(f"{said}, and the Region starts no instance so", on=regions)
        return failed(said)
    regions = evidence.here(RegionSettings)
    defaults = regions[0].metadata_defaults if regions else None
    if defaults is not None:
        if defaults.http_tokens == "required" or defaults.http_tokens_enforced == "enabled":
            return passed("it leaves that to the Region, which requires tokens", on=regions)
        if endpoint is None and defaults.http_endpoint == "disabled":
            said = "it leaves that to the Region, where the metadata service is off"
            return passed(said, on=regions)
    if defaults is None or defaults.http_tokens is None:
        images = named()
        if not images:
            return inconclusive(
                "it and the Region leave that to the image, which AWS does not show", on=regions
            )
        if all(one.imds_support == "v2.0" for one in images):
            return passed(
                "it and the Region leave that to the image, which requires tokens", on=regions
            )
    return failed(
        "tokens are not required, by it, by the Region's default, or by the image", on=regions
    )


def _enforcing(evidence: Evidence) -> Sequence[RegionSettings]:
    """The settings of the Region, where it starts no instance that does not require tokens."""
    return [
        one
        for one in evidence.here(RegionSettings)
        if one.metadata_defaults is not None
        and one.metadata_defaults.http_tokens_enforced == "enabled"
    ]
