"""What an installation is examined for: nothing here changes anything, and only ``ways`` may use the network."""
