"""The door to GitHub: sign-in, paging, the read-only guard. HTTP is :mod:`soc2_collectors.exchange`'s.

PyGithub signs for an App, and is imported inside functions only. Its requester is not used: it adds a ``url``
to answers that the provider did not say, breaks on error bodies that are lists, and has no bounds.
"""

from soc2_collectors.github.client.call import Github
from soc2_collectors.github.client.connection import GithubConnection

__all__ = ["Github", "GithubConnection"]
