"""Time stamps of checkpoints by a third party (RFC 3161): that a checkpoint existed at an instant, by its word.

They stand beside the checkpoint's file, as the authority answered (``checkpoint.json.tsr``, DER). The authority sees
a hash and nothing else. Its answer is signed, so it may come over plain HTTP, as most authorities serve it.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from soc2_pac.errors import IntegrityError, NotInstalled, Soc2PacError, UsageError
from soc2_pac.model import utc_text

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIX = ".tsr"
_SECONDS = 30
_MOST_BYTES = 1 << 20


def ask(url: str, content: bytes) -> bytes:
    """Have the SHA-256 of a text stamped; returns the authority's answer, which fits the request.

    Raises:
        UsageError: the URL is none of HTTP.
        NotInstalled: the extra ``timestamps`` is missing.
        Soc2PacError: the authority did not answer with a time stamp.
    """
    tsp = _client()
    if not url.startswith(("https://", "http://")):
        msg = f"--tsa: '{url}' is no address of a time stamp authority. It begins with https:// or http://"
        raise UsageError(msg)
    builder = tsp.TimestampRequestBuilder().data(content).hash_algorithm(tsp.HashAlgorithm.SHA256)
    wanted = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    asked = urllib.request.Request(  # noqa: S310 - the scheme was checked
        url, wanted.as_bytes(), {"Content-Type": "application/timestamp-query"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=_SECONDS) as opened:  # noqa: S310 - as above
            answer: bytes = opened.read(_MOST_BYTES)
        said = tsp.decode_timestamp_response(answer)
        # What is not stamped has no such part.
        fits = said.tst_info.nonce == wanted.nonce
        hashed = said.tst_info.message_imprint.message == wanted.message_imprint.message
    except (OSError, ValueError, urllib.error.URLError) as error:
        msg = f"{url} did not give a time stamp: {error}. Next: try again, or another --tsa"
        raise Soc2PacError(msg) from error
    if not fits or not hashed:
        msg = f"{url} answered something else than it was asked. Next: another --tsa"
        raise Soc2PacError(msg)
    return answer


def check(answer: bytes, content: bytes, roots: Sequence[bytes]) -> str:
    """Check a time stamp of a text against the roots of authorities (PEM); returns its time, UTC.

    Raises:
        NotInstalled: the extra ``timestamps`` is missing.
        UsageError: a root is no certificate in PEM.
        IntegrityError: it is of another text, or no root leads to whoever signed it.
    """
    tsp = _client()
    from cryptography import x509  # noqa: PLC0415 - comes with the client

    builder = tsp.VerifierBuilder()
    try:
        for pem in roots:
            for certificate in x509.load_pem_x509_certificates(pem):
                builder = builder.add_root_certificate(certificate)
    except ValueError as error:
        msg = f"--tsa-root: this is no certificate in PEM: {error}"
        raise UsageError(msg) from error
    try:
        said = tsp.decode_timestamp_response(answer)
        builder.build().verify_message(said, content)
        return utc_text(said.tst_info.gen_time)
    except (tsp.VerificationError, ValueError) as error:
        msg = f"the time stamp does not hold: {error}"
        raise IntegrityError(msg) from error


def _client() -> Any:  # noqa: ANN401 - a module without types
    try:
        import rfc3161_client  # noqa: PLC0415
    except ModuleNotFoundError as error:
        msg = "time stamps need an extra. Next: pip install 'soc2-pac[timestamps]'"
        raise NotInstalled(msg) from error
    return rfc3161_client
