"""Typed views of roster documents."""
