"""The socket of a tab, and what a web process keeps for it: docs/chat-protocol.md."""
