"""`npuforge sweep`: a product of settings, each built and run somewhere, in one table.

`settings` says which, `jobs` what a worker does with one of them, `cluster` who does it, `search`
which come next where not all do, `results` what is known already, `showing` how it is told.
"""
