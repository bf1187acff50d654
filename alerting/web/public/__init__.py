"""The residents' pages: how a kelurahan stands, and what may be taken away and used elsewhere."""
