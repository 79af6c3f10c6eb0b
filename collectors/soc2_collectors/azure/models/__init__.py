"""Typed views of what Azure Resource Manager, Resource Graph and Microsoft Graph say. No SDK is imported."""
