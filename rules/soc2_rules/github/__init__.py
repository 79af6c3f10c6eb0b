"""Rules over GitHub, one subject a module."""
