"""Transfer Family: how files travel."""

from __future__ import annotations

from soc2_collectors.aws.models.transfer import Server
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.7"],
    severity=Severity.HIGH,
    known_as=["prowler:transfer_server_in_transit_encryption_enabled"],
)
def aws_transfer_secure_protocol(
    server: Server, *, protocols: tuple[str, ...] = ("SFTP", "FTPS")
) -> Verdict:
    """File transfer servers speak encrypted protocols only.

    Why: FTP sends files, and the passwords that open them, in clear.
    Fix: aws transfer update-server --protocols SFTP. Where partners send AS2 messages that are themselves
        encrypted, add AS2 to protocols.
    """
    spoken = server.details.protocols
    if not spoken:
        return inconclusive("AWS does not say which protocols it speaks")
    wrong = sorted(set(spoken) - set(protocols))
    return failed(f"speaks {', '.join(wrong)}") if wrong else passed(f"speaks {', '.join(spoken)}")
