"""Algebra of addresses and ports for all clouds: what a list of allow and deny entries lets through."""
