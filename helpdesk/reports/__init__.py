"""What a month says: numbers for managers, each bounded to that month."""
