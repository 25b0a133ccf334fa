"""The one error that the sample raises for a fault of input or machine."""


class SampleError(Exception):
    """What could not be done and why, in one sentence; `advice` says what to try."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.advice = advice
