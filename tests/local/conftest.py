"""Fixtures for tests that need a running local cluster."""

from town import api, quarter, town

__all__ = ["api", "quarter", "town"]
