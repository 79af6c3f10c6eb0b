"""What an auditor asks for: populations of a period."""
