"""Verbs: each asks the policy, loads and locks, asks the domain, changes, records, commits. The only writers."""
