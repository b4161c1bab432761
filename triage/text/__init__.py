"""What a text is: its language, its kind of problem, and what in it belongs to nobody else."""
