"""THE WORKSHOP for Kubernetes: connection, client, reflectors and caches, Events, the clock, and their errors."""
