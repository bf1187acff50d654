"""The language that every process speaks, and the broker itself. Imports nothing else of ours."""
