"""THE STUDY: observed state and the time in, a plan out. Pure; one folder for each kind."""
