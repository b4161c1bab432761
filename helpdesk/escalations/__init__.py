"""What the first answer did not settle: who looks next, by when, and what was decided."""
