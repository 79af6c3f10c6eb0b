"""The collectors that soc2-pac ships, one package a provider."""
