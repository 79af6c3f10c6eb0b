"""What joins kinds, and what many rules ask in one way. Holds no rules."""
