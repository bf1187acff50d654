"""Recipients as an installation keeps them: the key of their data, their files, their checks, and their end."""
