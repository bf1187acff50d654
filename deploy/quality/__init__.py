"""Quality control held against specimens whose truth is known."""
