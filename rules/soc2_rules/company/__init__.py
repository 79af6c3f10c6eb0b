"""Rules over what the company's people declare and hand in."""
