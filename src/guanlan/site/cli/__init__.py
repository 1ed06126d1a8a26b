"""The command line: one file per verb, loaded when its verb is called.

Exit codes: 0 done, 1 faults were found, 2 bad use. Bad input is answered with one line.
"""

from guanlan.site.cli.verbs import main

__all__ = ["main"]
