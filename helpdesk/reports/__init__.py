"""What managers learn from what was filed, read and answered. Reads only."""
