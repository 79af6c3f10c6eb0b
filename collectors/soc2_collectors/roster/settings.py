"""What a ``[sources.NAME]`` table with ``provider = "roster"`` may say."""

from __future__ import annotations

from pathlib import Path

import msgspec

PEOPLE = (
    "id",
    "name",
    "mails",
    "status",
    "joined_at",
    "left_at",
    "manager",
    "department",
    "access_reviewed_at",
    "logins",
)
"""What a file of people may say of each; the first, ``mails`` and ``status`` it must."""
PEOPLE_REQUIRED = ("id", "mails", "status")
ACCOUNTS = ("system", "login", "person", "sort", "note")
"""What a mapping of accounts may say of each; system and login it must."""
ACCOUNTS_REQUIRED = ("system", "login")


class RosterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One organisation's people, in a CSV file with a header, and optionally a mapping of accounts."""

    organization: str
    """What the scope is called: ``acme``."""
    people: str
    """The file of people. A relative path counts from the configuration's own folder."""
    accounts: str | None = None
    """A file that maps accounts to people by hand, where no system says whose they are."""
    columns: dict[str, str] = {}
    """What the columns of ``people`` are called in the file: ``{ id = "Employee ID" }``."""
    account_columns: dict[str, str] = {}
    """The same for ``accounts``."""
    active: tuple[str, ...] = ("active", "on leave")
    """What the status of people says who work here; case does not matter."""
    left: tuple[str, ...] = ("left", "terminated", "inactive")
    """What it says of people who left. Any other word makes the row one that cannot be read."""
    delimiter: str = ","
    """Between columns."""
    max_bytes: int = 50_000_000
    """A larger file is not read: it is something else."""
    max_age_days: int = 31
    """A file that was last written over this many days ago is not read: people have come and gone since."""

    def __post_init__(self) -> None:
        """Raises ValueError for names, words and bounds that cannot stand."""
        if not self.organization.strip() or "/" in self.organization:
            msg = f"organization: '{self.organization}' is no name of a scope"
            raise ValueError(msg)
        if not self.people.strip() or (self.accounts is not None and not self.accounts.strip()):
            msg = "people and accounts name files"
            raise ValueError(msg)
        for key, given, known in (
            ("columns", self.columns, PEOPLE),
            ("account_columns", self.account_columns, ACCOUNTS),
        ):
            wrong = sorted(set(given) - set(known))
            if wrong:
                msg = f"{key}: '{wrong[0]}' is none of {', '.join(known)}"
                raise ValueError(msg)
        if {word.lower() for word in self.active} & {word.lower() for word in self.left}:
            msg = "active and left share a word"
            raise ValueError(msg)
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            msg = "delimiter: name one character"
            raise ValueError(msg)
        if self.max_bytes < 1 or self.max_age_days < 1:
            msg = "max_bytes and max_age_days must be at least 1"
            raise ValueError(msg)

    def beside(self, folder: Path) -> RosterSettings:
        """The same with paths that count from ``folder``, the configuration's own."""
        accounts = self.accounts and str(folder / Path(self.accounts).expanduser())
        people = str(folder / Path(self.people).expanduser())
        return msgspec.structs.replace(self, people=people, accounts=accounts)

    def column(self, name: str) -> str:
        """What a column of ``people`` is called in the file."""
        return self.columns.get(name, name)

    def account_column(self, name: str) -> str:
        """What a column of ``accounts`` is called in the file."""
        return self.account_columns.get(name, name)
