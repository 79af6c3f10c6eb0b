"""From a configuration to documents: plan, fetch, redact, hand over."""
