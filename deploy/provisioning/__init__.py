"""From a bare chip to a node that is known: label, release, flash."""
