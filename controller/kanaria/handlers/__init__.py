"""THE DOOR: the only room that knows kopf."""
