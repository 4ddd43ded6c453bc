"""The emulator's process, which ends with the process that started it, however that ends.

Standard input is a pipe that is never written to: it ends when the parent is gone.
"""

import os
import shutil
import signal
import threading

from ministack.app import main  # type: ignore[import-untyped]


def end_with_parent() -> None:
    # Not through sys.stdin, whose lock the interpreter wants for itself when it ends.
    os.read(0, 1)
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    main()
