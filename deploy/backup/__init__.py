"""Copies of an installation that are taken while it runs, sealed, verified by reading them back, and put back."""
