"""Risk in numbers: indicators that move by themselves, and what they cross.

Apps above this one register their indicators here while they start, and what is to be done when
one crosses a limit; this app measures, judges and remembers.
"""
