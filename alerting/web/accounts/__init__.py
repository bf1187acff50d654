"""Who may come in: logins and their sessions, the second factor, and the gate before every route."""
