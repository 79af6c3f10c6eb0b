"""Rules over Google Cloud and Workspace, one service a module."""
