"""What the desk owes, and by when: policies, obligations computed from history, notices."""
