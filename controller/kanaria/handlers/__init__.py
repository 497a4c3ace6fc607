"""THE DOOR: the only room that knows kopf, which runs the operator's life."""
