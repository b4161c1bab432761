"""Known issues: what is wrong right now, said once, before everybody reports it."""
