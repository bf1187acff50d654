"""What the pages of administration need of the installation: files, previews, trial messages, drills, secrets."""
