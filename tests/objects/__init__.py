"""Object stores over loopback."""
