"""Typed views of Azure's documents, one module a service. No SDK is imported here."""
