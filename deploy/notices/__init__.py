"""Notices: made from decisions, decided by people or the policy, sent to an audience."""
