"""When an answer will come: said before somebody sends, kept, and measured afterwards."""
