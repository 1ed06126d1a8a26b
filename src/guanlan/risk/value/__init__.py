"""The risk value: what a year of the whole register may cost, each time that it moves.

effects       what measures leave of a risk, from their tests
assembling    the register at a time, as everything that a value is made of
inputs        the canonical form of that, and its digest
computing     inputs → the figures of the three stages
keeping       storing what moved, exactly once
recomputing   a past value again, byte for byte
causes        what moved a value: one cause at a time
"""
