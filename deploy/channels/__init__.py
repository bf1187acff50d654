"""The ways out and in: which are configured, whether they work, and what comes back through them."""
