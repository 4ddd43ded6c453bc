"""The command `promojobs`: what it ends with, whatever happens."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

_USAGE, _INTERRUPTED, _TERMINATED = 2, 130, 143


def run() -> NoReturn:
    try:
        import click  # noqa: F401
    except ImportError:
        print("The command line needs more: pip install 'promojobs[cli]'", file=sys.stderr)
        sys.exit(1)
    sys.exit(_run())


def _run() -> int:
    import click

    from promojobs.commands import app
    from promojobs.errors import PromojobsError
    from promojobs.output import Output
    from promojobs.session import Terminated

    def terminate(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    signal.signal(signal.SIGTERM, terminate)
    output = Output(as_json="--json" in sys.argv)
    try:
        app.main(prog_name="promojobs", standalone_mode=False)
    except PromojobsError as error:
        output.fail(error)
        return error.exit_code
    except click.UsageError as error:
        error.show()
        return _USAGE
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED
    except Terminated:
        return _TERMINATED
    except BrokenPipeError:
        # The reader of the output has what it wanted: nothing more is flushed to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"Error: {error.strerror}: {error.filename}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run()
