"""Typed views of AWS documents, one module a service. All that rules may import of this provider."""
