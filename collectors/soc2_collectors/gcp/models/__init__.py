"""Typed views of what Google Cloud answers; all that rules may import of this package."""
