"""What rules say and how they are read: pure, without a database."""
