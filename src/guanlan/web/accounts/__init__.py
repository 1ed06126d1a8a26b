"""Signing in: what allauth asks us, and what stands before every page."""
