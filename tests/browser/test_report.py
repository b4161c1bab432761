"""People file reports in a real browser, with scripts and without."""
