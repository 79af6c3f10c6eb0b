"""AWS in one scope, for one unit of work: what a collector takes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.actions import action
from soc2_collectors.aws.client.clients import Asker, on_behalf_of
from soc2_collectors.aws.client.meaning import meaning, said
from soc2_pac.errors import CallRefused, Gone, ProviderError, Unexpected
from soc2_pac.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from soc2_collectors.aws.client.clients import Clients
    from soc2_pac.model import Scope


_TOKENS = ("NextToken", "nextToken", "NextMarker", "nextMarker", "Marker", "NextPageToken")
"""How answers call the place where the next page begins."""


class Aws:
    """Every call is allowed, counted, paced and understood, or refused. Safe to use from threads."""

    def __init__(
        self, clients: Clients, asker: Asker, scope: Scope, region: str, partition: str
    ) -> None:
        self.scope = scope
        self.account = scope.account
        """Account id; the organisation's id in an organisation's scope."""
        self.region = region
        self.partition = partition
        self._clients = clients
        self._asker = asker

    def ask(
        self,
        service: str,
        operation: str,
        *,
        region: str | None = None,
        **params: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """One call: the answer without its ``ResponseMetadata``. ``operation`` in boto3's snake_case.

        ``region``: where the resource is, for services that list all regions in one (S3); the scope's
        region when left out.

        Raises:
            ProviderError: classified; see :mod:`soc2_pac.errors`.
        """
        where = region or self.region
        self._action(service, operation)
        client = self._clients.client(service, where)
        try:
            with on_behalf_of(self._asker):
                answer = getattr(client, operation)(**params)
        except Exception as error:
            raise self._meaning(error, service, operation, where) from error
        answer.pop("ResponseMetadata", None)
        return dict(answer)

    def items(self, service: str, operation: str, key: str, **params: Any) -> Iterator[Any]:  # noqa: ANN401
        """The items under ``key`` of every page, as they come. Raises ProviderError."""
        for page in self.pages(service, operation, **params):
            yield from page.get(key) or ()

    def children(self, service: str, operation: str, key: str, **params: Any) -> Iterator[Any]:  # noqa: ANN401
        """The items of something that was listed a moment ago; no more of them when it has gone meanwhile.

        For children that go with their parent only: what moves elsewhere instead would be missed. Raises
        ProviderError.
        """
        with contextlib.suppress(Gone):
            yield from self.items(service, operation, key, **params)

    def pages(self, service: str, operation: str, **params: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
        """Every page, as it comes; the one answer where AWS knows no pages. Raises ProviderError.

        Pages are the largest that AWS's description of the operation allows, unless ``PaginationConfig``
        says otherwise.
        """
        self._action(service, operation)
        client = self._clients.client(service, self.region)
        if not client.can_paginate(operation):
            yield from self._followed(service, operation, params)
            return
        if largest := self._clients.largest_page(service, operation, self.region):
            params = {"PaginationConfig": {"PageSize": largest}, **params}
        pages = iter(client.get_paginator(operation).paginate(**params))
        while True:
            try:
                # Not around the yield: between two pages this thread may ask for somebody else.
                with on_behalf_of(self._asker):
                    page = next(pages, None)
                if page is None:
                    return
                self._asker.meter.page()
            except Exception as error:
                raise self._meaning(error, service, operation, self.region) from error
            yield page

    def _followed(
        self, service: str, operation: str, params: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Pages of an operation that botocore does not know to have any: the token of each is the next's.

        Without this a listing of WAF's would end after a page and look complete.
        """
        while True:
            self._asker.meter.page()
            page = self.ask(service, operation, **params)
            yield page
            token = next((name for name in _TOKENS if page.get(name)), None)
            if token is None:
                return
            if token not in self._clients.parameters(service, operation, self.region):
                msg = f"{self._action(service, operation)}: there is more, and no way to ask for it"
                raise Unexpected(msg, operation=self._action(service, operation))
            params = {**params, token: page[token]}

    def fact(
        self,
        service: str,
        operation: str,
        *,
        absent: Sequence[str] = (),
        key: str | None = None,
        optional: bool = False,
        region: str | None = None,
        **params: Any,  # noqa: ANN401
    ) -> Fact:
        """A call made when its answer is needed.

        ``absent``: error codes by which AWS says that there is none; the fact is ``None`` then. Where a
        code means other things as well, with a part of the message: ``AccessDeniedException~not enabled``.
        ``key``: keep one member of the answer only. An answer without it is unusable, unless AWS says
        by leaving it out that there is none: ``optional``; the fact is ``None`` then.
        ``region``: as in :meth:`ask`.
        """

        def call() -> object:
            try:
                answer = self.ask(service, operation, region=region, **params)
            except ProviderError as error:
                if said(error.__cause__, absent):
                    return None
                raise
            if key is not None and key not in answer and not optional:
                msg = f"{needed}: the answer has no {key}"
                raise Unexpected(msg, operation=needed)
            return answer if key is None else answer.get(key)

        needed = self._action(service, operation)
        return Fact(needed, call)

    def _action(self, service: str, operation: str) -> str:
        """The IAM action of a call. Raises CallRefused for one that no collector declares."""
        names = self._clients.client(service, self.region).meta.method_to_api_mapping
        if operation not in names:
            msg = f"{service} {operation} is not among the declared calls of any collector: it was not made"
            raise CallRefused(msg, operation=f"{service}:{operation}")
        return action(service, names[operation])

    def _meaning(
        self, error: Exception, service: str, operation: str, region: str
    ) -> ProviderError:
        return meaning(
            error,
            self._action(service, operation),
            region,
            offered=lambda: self._clients.offered(service, region),
        )
