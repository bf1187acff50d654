"""Simulated days of the real core: injected clock, network, disk, nodes and provider, and an oracle of its own."""
