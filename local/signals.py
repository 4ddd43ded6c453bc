"""Ctrl-C and SIGTERM end a program in good order."""

import signal
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


def exit_on_signals(code: int) -> None:
    """From now on the first of these signals raises SystemExit, and what then stops the stack is not interrupted."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        for number in _NUMBERS:
            signal.signal(number, signal.SIG_IGN)
        raise SystemExit(code)

    for number in _NUMBERS:
        signal.signal(number, leave)
