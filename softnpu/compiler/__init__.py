"""The embedded compiler: pass pipelines, stages from file to file, and the command line."""
