"""Rules about people and their accounts in every system."""
