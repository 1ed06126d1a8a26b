"""Complaints: taken in by every way, sorted, answered in time, and counted."""
