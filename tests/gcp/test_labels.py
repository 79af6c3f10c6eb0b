"""Labels by which a machine or a disk is marked."""

from __future__ import annotations

import pytest

from soc2_collectors.gcp.models.compute import marks


@pytest.mark.parametrize(
    ("labels", "wanted", "found"),
    [
        ({"appliance": ""}, ("appliance",), ["appliance"]),
        ({"appliance": "nat"}, ("appliance",), ["appliance"]),
        ({"appliance": "false"}, ("appliance",), []),
        ({"appliance": "no"}, ("appliance",), []),
        ({"edge": "false"}, ("edge=false",), ["edge=false"]),
        ({"team": "web"}, ("appliance", "team=data"), []),
    ],
)
def test_a_key_alone_is_there_unless_its_value_denies_it(
    labels: dict[str, str], wanted: tuple[str, ...], found: list[str]
) -> None:
    assert marks(labels, wanted) == found
