"""THE WORKSHOP of Kubernetes: caches, server-side apply, the status write, Events, the clock."""
