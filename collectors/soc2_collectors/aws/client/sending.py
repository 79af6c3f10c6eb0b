"""One exchange of botocore's, made by the wire of all clients: botocore's own hook hands its requests over.

botocore bounds each wait for bytes, not the exchange, and reads bodies of any size.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from soc2_collectors.exchange.answer import Answer
from soc2_collectors.exchange.wire import Late, NotReached, Wire
from soc2_pac.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.objects import S3Settings
    from soc2_collectors.aws.settings import AwsSettings
    from soc2_pac.hookspecs import Meter


class _Body(io.BytesIO):
    """A body that was read, as botocore takes it."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:  # noqa: ANN401 - urllib3's interface
        """All of it."""
        yield self.getvalue()


def wire(settings: AwsSettings | S3Settings, session: Any) -> Wire[Answer]:  # noqa: ANN401 - a botocore.session.Session
    """The wire of a source, which trusts whom botocore trusts.

    botocore makes the addresses, and no answer does: there is no list of them.
    """
    from botocore.httpsession import get_cert_path  # noqa: PLC0415

    trusted = session.get_config_variable("ca_bundle")
    certificates = get_cert_path(trusted or True)
    return Wire("AWS", settings.timeout_seconds, None, Answer, certificates=certificates)


def sent(
    by: Wire[Answer],
    request: Any,  # noqa: ANN401 - of botocore
    meter: Meter | None = None,
    call: str = "",
) -> Any:  # noqa: ANN401
    """The answer to a prepared request. Raises botocore's errors, which it knows when to ask again for.

    ``meter``: of the unit of work that asks, with its declared ``call``; keeping files is part of none.
    """
    from botocore import exceptions as sdk  # noqa: PLC0415
    from botocore.awsrequest import AWSResponse, HeadersDict  # noqa: PLC0415

    # Sums over a body are over its bytes as they were sent.
    headers = {"Accept-Encoding": "identity", **dict(request.headers.items())}
    try:
        answer = by.exchange(
            request.method, request.url, headers, request.body, meter=meter, call=call
        )
    except NotReached as error:
        raise sdk.EndpointConnectionError(endpoint_url=request.url, error=error) from error
    except Late as error:
        raise sdk.ReadTimeoutError(endpoint_url=request.url, error=error) from error
    except Unreachable as error:
        raise sdk.ConnectionClosedError(endpoint_url=request.url, error=error) from error
    said: Any = HeadersDict(answer.headers)
    return AWSResponse(request.url, answer.status, said, _Body(answer.body))
