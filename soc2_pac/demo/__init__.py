"""An emulated company, for a first look without credentials."""
