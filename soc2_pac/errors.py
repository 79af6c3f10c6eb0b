"""Every error soc2-pac raises on purpose, defined at the seam where it must be raised.

Two families. *Provider errors* are raised only by a provider's ``client`` module, which classifies what
the SDK said; the engine turns them into a collection status or a gap. *User errors* end a command with a
message that names the thing, the cause and the next step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Soc2PacError(Exception):
    """Base of every deliberate error. ``exit_code`` is what the command line exits with."""

    exit_code = 2


# -- what a person did ------------------------------------------------------------------------------


class UsageError(Soc2PacError):
    """A name, option or argument that cannot be honoured."""


class ConfigError(Soc2PacError):
    """The configuration is wrong. The message names file, key and remedy."""


class PluginError(Soc2PacError):
    """A plugin could not be loaded, or registered something that cannot stand."""


class NotInstalled(Soc2PacError):
    """A provider's SDK is missing. The message says which, and how to install it."""


class DeclarationError(PluginError):
    """A rule, kind or collector is declared wrongly: raised when its module is imported."""


class StoreError(Soc2PacError):
    """The evidence store cannot be used as asked (locked, read-only, another schema, full disk)."""


class IntegrityError(Soc2PacError):
    """The store holds something else than what was written."""

    exit_code = 4


# -- what a provider said: raised by a provider's client only ----------------------------------------


class ProviderError(Soc2PacError):
    """A call did not give an answer. Subclasses say what that means for the evidence.

    Attributes:
        operation: the provider's name of the call, e.g. ``s3:GetBucketPolicy``.
        permission: what to grant so that the call works, or ``None`` where that is not the cause.
        retryable: whether a later attempt may succeed without anyone changing anything.
        wait: seconds that the provider asked to wait before another attempt; ``None`` when it did not.
    """

    exit_code = 3
    retryable = False
    wait: float | None = None

    def __init__(self, message: str, *, operation: str = "", permission: str | None = None) -> None:
        super().__init__(message)
        self.operation = operation
        self.permission = permission

    def __reduce__(self) -> tuple[object, ...]:
        """Keep keyword attributes when an executor in another process sends the error back."""
        return (_rebuild, (type(self), str(self), self.operation, self.permission))


def _rebuild(
    kind: type[ProviderError], message: str, operation: str, permission: str | None
) -> ProviderError:
    return kind(message, operation=operation, permission=permission)


class Denied(ProviderError):
    """The identity may not make this call. ``permission`` names what is missing."""


class CredentialsRejected(ProviderError):
    """There are no credentials, or the provider does not accept them (wrong, expired, revoked)."""


class Throttled(ProviderError):
    """The provider went on refusing for its rate limit after the retry budget was spent."""

    retryable = True


class Unreachable(ProviderError):
    """No connection, a time-out, or a 5xx answer after the retry budget was spent."""

    retryable = True


class NotEnabled(ProviderError):
    """The service or region is switched off for this scope: skipped, with the reason."""


class NotOffered(NotEnabled):
    """The provider has no such service in this scope: there can be nothing to judge."""


class Gone(ProviderError):
    """The provider does not find what was asked for. Whether a resource is gone, its listing says."""


class Unexpected(ProviderError):
    """An answer nobody planned for: malformed, truncated, or an unknown error code."""


class CallRefused(ProviderError):
    """The read-only guard stopped a call that no collector declared. A defect in the collector."""


# -- what a rule met while reading ------------------------------------------------------------------


class FactUnavailable(Soc2PacError):
    """A rule read a field whose evidence is not there. The engine makes it ``inconclusive``.

    Attributes:
        kind: e.g. ``aws.s3.bucket``.
        field: the document key that is missing, e.g. ``GetBucketPolicy``.
        permission: what to grant, where a denied call is the cause.
        until: when the clock decides the rule's question without the fact; ``None``: never.
    """

    until: datetime | None = None

    def __init__(
        self,
        message: str,
        *,
        kind: str = "",
        field: str = "",
        permission: str | None = None,
        document: object = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.field = field
        self.permission = permission
        self.document = document


class EvidenceIncomplete(Soc2PacError):
    """A rule read a kind whose last collection is not complete. The engine makes it ``inconclusive``.

    Attributes:
        until: when the clock decides the rule's question without the kind; ``None``: never.
    """

    until: datetime | None = None


class UndeclaredRead(Soc2PacError):
    """A rule read a kind that it does not name in ``needs``: a defect in the rule."""
