"""What core is told over its socket, by the web and the command line: each command by its own kind."""
