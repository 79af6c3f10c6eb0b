"""Systems in which people have access, by the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.company.client import SYSTEMS
from soc2_collectors.company.models.system import System
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.company.client import Company


@collects(System, calls=[SYSTEMS], per="organization", cost="0: the store")
def systems(company: Company) -> Iterator[Document]:
    """Each account, organisation or project of a source whose documents say who has what."""
    for one in company.systems():
        body = {"name": one.name, "called": list(one.called), "source": one.source}
        yield Document(one.name, one.name, body)
