"""THE WORKSHOP of files: what a Job of the team reads. The operator itself never imports it."""
