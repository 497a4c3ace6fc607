"""THE HALLWAY: observe, decide, carry out; one file for each kind, and the visits' queue."""
