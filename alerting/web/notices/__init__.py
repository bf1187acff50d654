"""Decisions: what waits for one, what it sends to whom, and how it is made."""
