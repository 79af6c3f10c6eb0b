"""AWS in one scope, for one unit of work: what a collector takes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.actions import action
from soc2_collectors.aws.answers import NULLS
from soc2_collectors.aws.client.clients import Asker, on_behalf_of
from soc2_collectors.aws.client.meaning import code_of, meaning, said
from soc2_pac.errors import CallRefused, ProviderError, Unexpected
from soc2_pac.model import Fact, Lacking, Listed, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from soc2_collectors.aws.client.clients import Clients
    from soc2_pac.model import Scope


_TOKENS = ("NextToken", "nextToken", "NextMarker", "nextMarker", "Marker", "NextPageToken")
"""How answers call the place where the next page begins."""
_OMIT_WHAT_IS_EMPTY = {"apigateway", "apigatewayv2"}
"""Services whose answer to a listing may hold nothing at all where there is nothing."""
_NOT_YET = {"ReportInProgress", "ReportNotPresent"}
"""How AWS says that it is still at work on what was asked for."""
_WAITS, _WAIT_SECONDS = 30, 1.0
_ASK_WHO = "sts:GetCallerIdentity"
"""What anybody may ask in every region, without a permission."""


class Aws:
    """Every call is allowed, counted, paced and understood, or refused. Safe to use from threads."""

    def __init__(
        self,
        clients: Clients,
        asker: Asker,
        scope: Scope,
        region: str,
        partition: str,
        *,
        lenient: bool = True,
    ) -> None:
        """``lenient``: whether a record may lack what is asked of it: see :class:`soc2_pac.model.Listed`."""
        self.scope = scope
        self.account = scope.account
        """Account id; the organisation's id in an organisation's scope."""
        self.region = region
        self.partition = partition
        self._clients = clients
        self._asker = asker
        self._lenient = lenient

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
        self._check(service, operation, params)
        client = self._clients.client(service, where)
        for waited in range(_WAITS + 1):
            try:
                with on_behalf_of(self._asker):
                    answer = getattr(client, operation)(**params)
            except Exception as error:
                if code_of(error) not in _NOT_YET or waited == _WAITS:
                    raise self._meaning(error, service, operation, where) from error
                self._asker.meter.pause(_WAIT_SECONDS)
            else:
                break
        answer.pop("ResponseMetadata", None)
        answer.pop(NULLS, None)
        listed: dict[str, Any] = self._listed(answer)
        return listed

    def items(self, service: str, operation: str, key: str, **params: Any) -> Iterator[Any]:  # noqa: ANN401
        """The items under ``key`` of every page, as they come.

        A record that lacks a member which the collector names does not end the listing: see
        :class:`soc2_pac.model.Listed`. Raises ProviderError: an answer that says nothing of ``key`` is no
        empty list.
        """
        for page in self._raw_pages(service, operation, params):
            self._demand(page, key, service, operation)
            structures = self._clients.lists_structures(service, operation, key, self.region)
            for item in page.get(key) or ():
                if item is None:
                    yield Listed() if structures and self._lenient else Lacking(key)
                else:
                    yield self._listed([item])[0]

    def children(self, service: str, operation: str, key: str, **params: Any) -> Iterator[Any]:  # noqa: ANN401
        """The items of something that was listed a moment ago.

        Where it was deleted meanwhile, Gone is raised, and the engine lists anew. Of something that lacks
        what ``params`` name nothing can be listed: one record without anything stands for that, and makes
        the collection partial. Raises ProviderError.
        """
        if any(Lacking.within(value) for value in params.values()):
            structures = self._clients.lists_structures(service, operation, key, self.region)
            yield Listed() if structures else Lacking(key)
            return
        yield from self.items(service, operation, key, **params)

    def pages(
        self,
        service: str,
        operation: str,
        keys: Sequence[str] = (),
        **params: Any,  # noqa: ANN401
    ) -> Iterator[dict[str, Any]]:
        """Every page, as it comes; the one answer where AWS knows no pages. Raises ProviderError.

        ``keys``: what is listed, side by side: a page that says nothing of them is no empty one.

        Pages are the largest that AWS's description of the operation allows, unless ``PaginationConfig``
        says otherwise.
        """
        for page in self._raw_pages(service, operation, params):
            for key in keys:
                self._demand(page, key, service, operation)
            yield self._listed({name: of for name, of in page.items() if name != NULLS})

    def _raw_pages(
        self, service: str, operation: str, params: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        self._check(service, operation, params)
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
            client = self._clients.client(service, self.region)
            try:
                with on_behalf_of(self._asker):
                    page = getattr(client, operation)(**params)
            except Exception as error:
                raise self._meaning(error, service, operation, self.region) from error
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

    def _listed(self, answer: Any) -> Any:  # noqa: ANN401 - what botocore parsed
        return listed(answer) if self._lenient else answer

    def _demand(self, page: dict[str, Any], key: str, service: str, operation: str) -> None:
        """Raises Unexpected for an answer to a listing that says nothing of what is listed."""
        if page.get(key) is not None:
            return
        empty = not set(page) - {"ResponseMetadata", NULLS}
        if key in page.get(NULLS, ()):
            said = f"null for {key}"
        elif empty and service not in _OMIT_WHAT_IS_EMPTY:
            said = "nothing"
        else:
            return
        needed = self._action(service, operation)
        msg = f"{needed}: the answer says {said}"
        raise Unexpected(msg, operation=needed)

    def _check(self, service: str, operation: str, params: dict[str, Any]) -> None:
        """Raises CallRefused for a call that nobody declared, Unexpected for one that lacks what it names."""
        needed = self._action(service, operation)
        for value in params.values():
            texts = value if isinstance(value, list) else [value]
            if lacks := [member for text in texts for member in Lacking.within(text)]:
                msg = f"{needed}: the record lacks {', '.join(lacks)}"
                raise Unexpected(msg, operation=needed)

    def _action(self, service: str, operation: str) -> str:
        """The name of a call among those declared. Raises CallRefused for one that no collector declares."""
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
            offered=lambda: (
                self._clients.offered(service, region) or not self._somebody_answers(region)
            ),
        )

    def _somebody_answers(self, region: str) -> bool:
        """Whether the region can be reached at all: that nobody answers may be an outage."""
        asker = dataclasses.replace(self._asker, allowed=frozenset({_ASK_WHO}))
        try:
            with on_behalf_of(asker):
                self._clients.client("sts", region).get_caller_identity()
        except Exception as error:  # noqa: BLE001 - a refusal is an answer too
            return getattr(error, "response", None) is not None
        return True
