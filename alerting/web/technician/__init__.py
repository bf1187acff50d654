"""The technician's phone: which node is ill and what to bring, and one node while somebody stands before it."""
