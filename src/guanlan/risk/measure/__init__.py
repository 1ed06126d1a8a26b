"""Measures against risks: kept by people, tested, done in time, worth their cost or not."""
