"""Screens of risk."""
