"""`python -m guanlan.site` is the `guanlan` command, for processes that start each other."""

from guanlan.site.cli import main

main()
