"""The Console: server-rendered pages for people, each of which works without scripts."""
