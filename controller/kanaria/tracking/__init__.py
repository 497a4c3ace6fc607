"""THE WORKSHOP of MLflow: runs, metrics, versions, aliases, tags."""
