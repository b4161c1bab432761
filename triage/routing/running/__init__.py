"""What happens when rules are read for a ticket."""
