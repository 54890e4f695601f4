"""The account: what holds, what can be done, and the doors that translate."""
