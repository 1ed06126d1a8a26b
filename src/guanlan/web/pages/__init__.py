"""Screens of the platform, one module an area."""
