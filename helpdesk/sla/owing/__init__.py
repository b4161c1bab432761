"""From what happened to a ticket to what is owed on it: read, computed, kept, explained."""
