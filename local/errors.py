"""The error that keeps the local stack from running."""


class StackError(Exception):
    """The stack cannot start or go on; the message is one line for the person who started it."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))
