"""Fakes of AMD's programs, for whole builds without them (see README.md)."""
