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

    AS2 is a question of its own: its messages are encrypted, or not, by what partners agreed on, which is not
    collected. Add it to ``protocols`` where somebody has seen to that.

    Why: FTP sends files, and the passwords that open them, in clear.
    Fix: aws transfer update-server --server-id ID --protocols SFTP.
    """
    spoken = server.details.protocols
    if not spoken:
        return inconclusive("AWS does not say which protocols it speaks")
    wrong = sorted(set(spoken) - {*protocols, "AS2"})
    if wrong:
        return failed(f"speaks {', '.join(wrong)}")
    if "AS2" in spoken and "AS2" not in protocols:
        return inconclusive("speaks AS2: whether its messages are encrypted is not known")
    return passed(f"speaks {', '.join(spoken)}")
