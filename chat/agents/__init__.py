"""Agents and lines: who takes chats, who gets which, and who looks on."""
