"""Who is at the door: credentials become a `Caller`, routes declare what they need. Flask side only."""
