"""Rules as numbered versions: a draft, who changed what, and its publication."""
