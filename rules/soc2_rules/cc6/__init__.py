"""Rules whose first criterion is in CC6."""
