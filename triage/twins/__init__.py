"""Reports that tell of the same: found in the tables, ranked by the engine."""
