"""The runner's one exception class."""


class RunnerError(Exception):
    """An artifact that cannot be run as asked; the message says why and what to do."""
