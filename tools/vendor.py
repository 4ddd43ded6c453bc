"""`make vendor`: fetch the console's libraries anew, as vendor.lock names them, and write down what was fetched.

A file is taken out of the package's archive byte for byte. To take a newer version, change it in vendor.lock and in
tools/javascript/package.json, then run this.
"""

import subprocess
import sys
import tarfile
import tomllib
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

FOLDER = Path("functions/show_console/static/vendor")
LOCK = FOLDER / "vendor.lock"
_HEAD = """\
# What the console's pages load that others wrote, byte for byte as it is in the packages of the npm registry.
# `make vendor` fetches it anew, and a test holds the files to this list.
"""
_MEMBERS = ("file", "package", "version", "licence", "path", "sha256")
"""``path`` is that in the package's archive, ``sha256`` in base64."""

Entry = dict[str, str]


def digest(content: bytes) -> str:
    return b64encode(sha256(content).digest()).decode()


def entries() -> list[Entry]:
    found: list[Entry] = tomllib.loads(LOCK.read_text())["files"]
    return found


def main() -> int:
    locked = entries()
    with TemporaryDirectory() as folder:
        for entry in locked:
            try:
                content = _fetched(entry, Path(folder))
            except (OSError, KeyError, subprocess.CalledProcessError) as error:
                print(f"{entry['file']} could not be fetched. {error}", file=sys.stderr)
                return 1
            (FOLDER / entry["file"]).write_bytes(content)
            entry["sha256"] = digest(content)
            print(f"{entry['file']}: {entry['package']} {entry['version']}, {len(content):,} bytes")
    LOCK.write_text(_HEAD + "".join(map(_table, locked)))
    return 0


def _fetched(entry: Entry, folder: Path) -> bytes:
    """Raises OSError, KeyError and CalledProcessError where there is no such package, or no such file in it."""
    command = ["npm", "pack", "--silent", f"{entry['package']}@{entry['version']}"]
    packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603 - from the lock
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        member = archive.extractfile(entry["path"])
        if member is None:
            raise KeyError(entry["path"])
        return member.read()


def _table(entry: Entry) -> str:
    return "\n[[files]]\n" + "".join(f'{name} = "{entry[name]}"\n' for name in _MEMBERS)


if __name__ == "__main__":
    sys.exit(main())
