"""AMD's command lines, done by softnpu: what a Makefile of mlir-aie's calls, without AMD's tools.

`softnpu tools DIR` fills a folder with programs of their names; each is a function of this package
from the words of a command line to an exit code.
"""
