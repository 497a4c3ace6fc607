"""Here lives the local Gateway: a reverse proxy that obeys HTTPRoutes and counts as Envoy does."""
