"""What our processes tell whoever keeps them running - systemd, or ``kentongan up`` - and how that one hears it."""
