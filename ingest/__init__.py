"""From bytes to qualified readings, and the copies kept of them."""
