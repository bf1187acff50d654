"""Air, rain and tide, worked out beside core."""
