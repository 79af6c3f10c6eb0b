"""``init``: a commented configuration to start from."""

from __future__ import annotations

from pathlib import Path

import click

from soc2_pac.config import DEFAULT_FILE
from soc2_pac.errors import UsageError
from soc2_pac.text import listed

_HEAD = """\
# soc2-pac configuration. Every error names this file and the key. Secrets stand here by reference only:
#   { env = "NAME" }, { file = "/path" } or { command = ["program", "argument"] }

[store]
url = "sqlite:///soc2-pac.db"   # relative to this file; or postgresql://user@host/database

[evidence]
max_age_days = 7                # older evidence is stale

[run]
workers = 8                     # listings collected at once
fail_on = "info"                # the least severity of a failure that makes a run exit 1

[sla]                           # days in which a failure is to be mended
critical = 7
high = 30
medium = 90
low = 180
info = 365

# [reviews]                     # access reviews: soc2-pac review
# systems = ["github"]          # every run collects who has what in them
# removal_days = 7              # days from a decision to revoke until the grant must be gone
"""

_SOURCES = {
    "aws": """
[sources.aws-main]
provider = "aws"
regions = "all"                 # or a list: ["eu-west-1", "us-east-1"]
# profile = "audit"             # a profile of your AWS configuration; else the usual chain of credentials
# accounts = ["111122223333"]   # several accounts, each through ...
# role = "soc2-pac-reader"      # ... this role in it
# Least privilege: soc2-pac permissions aws --format json
""",
    "azure": """
[sources.azure-main]
provider = "azure"
tenant = "00000000-0000-0000-0000-000000000000"  # the tenant's id
subscriptions = "all"           # or a list of ids; [] reads Entra only
# Signs in as azure-identity finds it (a managed identity, the Azure CLI, ...), or as an app registration:
# client_id = "00000000-0000-0000-0000-000000000000"
# secret = { env = "AZURE_CLIENT_SECRET" }  # or certificate, or federated_token
# cloud = "usgov"               # or "china"
# Least privilege: soc2-pac permissions azure --format terraform
""",
    "gcp": """
[sources.gcp-main]
provider = "gcp"
organization = "123456789012"   # its number; or folders = ["45"], or projects = ["PROJECT"]
# Signed in by Application Default Credentials; else one of:
# key = { file = "gcp-key.json" }                       # of a service account
# federation = "gcp-federation.json"                    # workload identity federation
# impersonate = "soc2-pac@PROJECT.iam.gserviceaccount.com"
# quota_project = "PROJECT"     # in which the APIs are enabled, where that is not the identity's own
# Least privilege: soc2-pac permissions gcp --format json
""",
    "github": """
[sources.github-main]
provider = "github"
organization = "ORGANIZATION"
token = { env = "GITHUB_TOKEN" }
# Or a GitHub App: app_id = 1, installation_id = 2, private_key = { file = "app.pem" }
# Least privilege: soc2-pac permissions github
""",
    "okta": """
[sources.okta-main]
provider = "okta"
org_url = "https://ORGANIZATION.okta.com"
client_id = "CLIENT_ID"         # of a service app that signs in with a key
private_key = { file = "okta-key.pem" }         # PEM or JWK
# Or an API token: token = { env = "OKTA_TOKEN" }
# rate_limit_share = 0.5        # how much of the org's rate limit for an endpoint may be used
# Least privilege: soc2-pac permissions okta
""",
}

_TAIL = """
# Who works here, as whoever keeps the personnel records writes it down (docs/people.md):
# [sources.hr]
# provider = "roster"
# organization = "ORGANIZATION"
# people = "people.csv"         # id, mails, status, left_at, ...
# accounts = "accounts.csv"     # whose accounts are where no system says it

# Controls of your own stand in controls.toml beside this file: soc2-pac controls init (docs/controls.md).
# [queries]                     # questions of your own for soc2-pac query (docs/queries.md)
# paths = ["./queries"]
# [attachments]                 # files over 5 MB that people hand in
# folder = "/srv/evidence"      # or url = "s3://BUCKET/PREFIX" with [attachments.access]
# [checkpoints]                 # where each run keeps a checkpoint of the ledger (docs/bundle.md)
# folder = "/srv/checkpoints"   # or url; git = true commits each one

# [rules]
# paths = ["rules"]             # folders and files with rules of your own (docs/extending.md)

## What is switched off, left out or looser than a rule's default has a reason, an owner and a date:
# [[rules.exclude]]
# rule = "aws-root-mfa-phishing-resistant"
# reason = "root is removed centrally"
# owner = "ciso@ORGANIZATION"
# date = 2026-01-05
# [rules.aws-access-key-age]
# max_age_days = 60             # stricter: needs no reason
# [[rules.aws-access-key-age.where]]    # elsewhere otherwise
# scope = "aws:111122223333/*"          # or tag = "environment=sandbox"
# max_age_days = 180
# reason = "a sandbox without customers' data"
# owner = "ciso@ORGANIZATION"
# date = 2026-01-05

## The boundary of the system that is audited. What is outside is judged, printed, and not counted:
# [[audit.exclude]]
# scope = "aws:444455556666/*"          # or tag
# reason = "training account"
# owner = "ciso@ORGANIZATION"
# date = 2026-01-05
"""


@click.command()
@click.option("--aws", is_flag=True, help="With an AWS source.")
@click.option("--azure", is_flag=True, help="With an Azure and Entra source.")
@click.option("--gcp", is_flag=True, help="With a Google Cloud source.")
@click.option("--github", is_flag=True, help="With a GitHub source.")
@click.option("--okta", is_flag=True, help="With an Okta source.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    default=DEFAULT_FILE,
    show_default=True,
    help="Where to write; never overwritten.",
)
def init(aws: bool, azure: bool, gcp: bool, github: bool, okta: bool, output: Path) -> None:
    """Write a commented configuration; with every source when none is named."""
    asked = {"aws": aws, "azure": azure, "gcp": gcp, "github": github, "okta": okta}
    wanted = [name for name in _SOURCES if asked[name]] or list(_SOURCES)
    text = _HEAD + "".join(_SOURCES[name] for name in wanted) + _TAIL
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        msg = f"{output} is there already: it is left alone. Next: --output FILE"
        raise UsageError(msg) from error
    except OSError as error:
        msg = f"{output} cannot be written: {error.strerror}"
        raise UsageError(msg) from error
    config = "" if str(output) == DEFAULT_FILE else f" --config {output}"
    click.echo(f"Wrote {output} with sources for {listed(wanted)}.")
    steps = [
        (f"edit {output}", "regions, organisation, where the secrets are"),
        *((f"soc2-pac permissions {name}", "what to grant: it only reads") for name in wanted),
        (f"soc2-pac doctor{config}", "who am I, which permissions are missing"),
        (f"soc2-pac run{config}", "collect, judge, keep"),
        ("soc2-pac controls init", "your own controls, and evidence of people"),
    ]
    width = max(len(step) for step, _ in steps)
    click.echo("Next:")
    for number, (step, why) in enumerate(steps, start=1):
        click.echo(f"  {number}. {step:<{width}}  {why}")
