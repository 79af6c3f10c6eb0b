"""soc2-pac: a policy-as-code evidence collector for SOC 2."""
