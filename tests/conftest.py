"""Fixtures that all rooms' tests share."""
