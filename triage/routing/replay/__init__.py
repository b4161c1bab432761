"""Testing a draft on history."""
