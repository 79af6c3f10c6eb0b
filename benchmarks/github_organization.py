"""A GitHub organisation of 1,000 repositories and 2,000 members: what one look at its configuration costs.

The other side is the emulated company, grown, in a process of its own. Its changes are measured by
github_changes.py; here they are few.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from soc2_demo.github import GithubEmulator
from soc2_demo.github_company import acme_robotics, member
from soc2_demo.github_estate import nodes, repository, repository_answers
from soc2_demo.github_reach import repository_reach
from soc2_demo.github_words import LOGIN, Repo

REPOSITORIES, MEMBERS = 1000, 2000
QUOTA = 5000
"""Requests an hour of a token; GraphQL has as many points of its own."""
MOST_REQUESTS = 5 * REPOSITORIES
MOST_MEGABYTES = 300


def main() -> None:
    """Print a table."""
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None  # noqa: S101 - it is piped
    address = server.stdout.readline().strip()
    try:
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), address)
    finally:
        server.kill()
        server.wait()


def _measure(folder: Path, address: str) -> None:
    (folder / "soc2-pac.toml").write_text(
        f'[sources.github]\nprovider = "github"\norganization = "{LOGIN}"\nbase_url = "{address}"\n'
        'token = { env = "TOKEN" }\nenterprise = "acme-holding"\n'
    )
    command = [sys.executable, "-m", "soc2_pac", "collect", "--kind", "github.*", "--stats"]
    began = time.perf_counter()
    ended = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "TOKEN": "opens-nothing"},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode not in (
        0,
        3,
    ):  # an organisation without single sign-on leaves a skipped look
        sys.exit(f"the run ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr[-2000:]}")
    services, _, operations = ended.stdout.partition("\n\noperation")
    total = int(re.findall(r"^total +([\d,]+)", services, re.MULTILINE)[0].replace(",", ""))
    graphql = sum(
        int(count.replace(",", ""))
        for count in re.findall(r"^GRAPHQL query \w+ +([\d,]+)", operations, re.MULTILINE)
    )
    print(services.partition("\n")[0])
    for line in operations.splitlines()[1:9]:
        print(f"  {line}")
    print(f"{'':<40}{'measured':>12}{'allowed':>12}")
    print(f"{'requests':<40}{total:>12,}{MOST_REQUESTS:>12,}")
    print(f"{'  of them GraphQL':<40}{graphql:>12,}")
    print(f"{'  of them REST, in hours of quota':<40}{(total - graphql) / QUOTA:>12.1f}")
    print(f"{'requests per repository':<40}{total / REPOSITORIES:>12.1f}")
    print(f"{'seconds':<40}{seconds:>12,.0f}")
    print(f"{'memory, MB':<40}{used.ru_maxrss / 1024:>12,.0f}{MOST_MEGABYTES:>12}")
    print(f"{'CPU seconds':<40}{used.ru_utime + used.ru_stime:>12,.0f}")


def _serve() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    company = acme_robotics(now)
    for number in range(REPOSITORIES - len(company.repositories)):
        repo = Repo(f"service-{number:04}", "Go")
        company.rest[f"/orgs/{LOGIN}/repos"].append(repository(repo, now))
        company.rest.update({**repository_answers(repo, now), **repository_reach(repo, now)})
        company.repositories.append(nodes(repo, now))
    company.members += [
        member(f"member-{number:04}", now) for number in range(MEMBERS - len(company.members))
    ]
    print(GithubEmulator(company).start(), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    if "--serve" in sys.argv:
        _serve()
    else:
        main()
