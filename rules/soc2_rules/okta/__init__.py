"""Rules over Okta, one subject a module."""
