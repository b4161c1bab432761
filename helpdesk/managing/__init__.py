"""The desk of managers: what was escalated, and the rules that escalate."""
