"""The help centre: articles people read before they ask, and what became of the reading."""
