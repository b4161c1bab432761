"""How good the suggestions are, and what training changed: kept in the open."""
