"""Ways out: each channel carries one message and says truthfully what became of it."""
