"""Recorded, invented and generated data, run through the code that judges live data, and what is to be learned."""
