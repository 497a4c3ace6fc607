"""What the serving backend should look like, and what it looks like: one file for each backend."""
