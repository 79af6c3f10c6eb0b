"""An emulated company, for a first look without credentials: a plugin that adds a command, like anybody's."""
