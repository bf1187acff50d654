"""The operators' room: the live page with its stream, its lines and its map, on a desk and on a wall."""
