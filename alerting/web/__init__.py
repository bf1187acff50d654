"""The live page: a copy of what core tells, drawn on the server and kept fresh by server-sent events."""
