"""Drills: an alert that goes the whole way in a realm of its own, to a small group, and what became of it."""
