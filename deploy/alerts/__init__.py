"""Alerts of any age, as the journal keeps them."""
