"""Targets: set by people, counted by the platform, judged by an exact test each quarter."""
