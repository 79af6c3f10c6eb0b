"""Rules over AWS, one service a module."""
