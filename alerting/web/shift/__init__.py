"""The shift report: one page that prints, and a text to hand on."""
