"""The runner's one exception class."""


class RunnerError(Exception):
    """An artifact that cannot be run as asked; the message says why and what to do.

    Attributes:
        hang: the run was started and did not end, so that an emulated run can tell why.
    """

    def __init__(self, message: str, *, hang: bool = False) -> None:
        super().__init__(message)
        self.hang = hang
