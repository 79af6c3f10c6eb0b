"""Typed views of Okta's documents, one module a service. No SDK is imported here."""
