"""What a report is about, and how alike two are. Knows texts and numbers, no tables but its own."""
