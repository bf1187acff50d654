"""What an upgrade of a server asks of Python: a young backup, the journal kept aside, the gap, the way back."""
