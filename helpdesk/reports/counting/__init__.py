"""What happened, counted as it happens: facts of cases, and sums of them that stay small."""
