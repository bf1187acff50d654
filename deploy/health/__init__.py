"""How the installation is: parts, figures, certificates, clock."""
