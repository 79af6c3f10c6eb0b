"""Evidence times rules makes findings."""
