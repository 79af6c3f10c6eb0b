"""Rules whose first criterion is in CC8."""
