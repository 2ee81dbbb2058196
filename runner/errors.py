"""The runner's one exception class."""


class RunnerError(Exception):
    """An artifact that cannot be run as asked; the message says why and what to do.

    Attributes:
        hang: the run was started and did not end, so that an emulated run can tell why.
        elsewhere: nothing is wrong with the artifact, only with where it was to run.
    """

    def __init__(self, message: str, *, hang: bool = False, elsewhere: bool = False) -> None:
        super().__init__(message)
        self.hang = hang
        self.elsewhere = elsewhere
