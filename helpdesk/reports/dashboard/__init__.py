"""The dashboard of managers: a period in figures and charts, with the list behind every number."""
