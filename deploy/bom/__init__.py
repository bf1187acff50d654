"""What an installation is made of: its parts, their licences, and the list of both for other programs."""
