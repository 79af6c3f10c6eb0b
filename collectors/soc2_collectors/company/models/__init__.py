"""Typed views of the company's own documents."""
