"""Losses and near misses: proposed by what was closed, accepted by a person, counted by a risk."""
