"""What those who watch see, as it changes."""
