"""Run the command line as ``python -m userkit.cli``."""

from userkit.cli import main

main()
