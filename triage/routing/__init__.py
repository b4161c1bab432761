"""Routing rules: which ticket goes where, as rows people read, tested on history."""
