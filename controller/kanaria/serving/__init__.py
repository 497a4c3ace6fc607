"""How models are served: what is asked of the serving backend, in which order, and what is seen of it."""
