"""Guanlan: one live loop of risk control for a fintech product."""

__version__ = "0.1.0"
