"""Stations, nodes and areas: what is known of them, in versions, in the journal, changed by commands on core."""

from deploy.registry.registry import Registry

__all__ = ["Registry"]
