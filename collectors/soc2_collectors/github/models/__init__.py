"""Typed views of GitHub's documents, one module a service. No SDK is imported here."""
