"""Statistics that judge a candidate: counts per window, the sequential test, its interval and its checkpoint. Pure."""
