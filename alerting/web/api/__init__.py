"""The HTTP API, version 1: what the page shows and what history holds, as JSON and CSV. See docs/api.md."""
