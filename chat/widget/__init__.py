"""The chat on other sites' pages: a launcher, a frame, and who its visitors are. docs/widget.md."""
