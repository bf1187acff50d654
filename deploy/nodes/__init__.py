"""What core knows of nodes beyond their readings."""
