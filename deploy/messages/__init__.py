"""Messages: from a decision to texts and directions, into the outbox, and what became of them."""
