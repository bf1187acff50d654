"""From a qualified reading to a decision, and from a decision to a person who knows."""
