"""When departments and people work: weeks, days off, absences, and the arithmetic of open time."""
