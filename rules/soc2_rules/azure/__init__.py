"""Rules over Azure and Entra, one service a module."""
