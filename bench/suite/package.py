"""Sizes of the layers and the functions, zipped as `sam deploy` zips them."""

import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import Bench, Goal, Outcome, Samples
from bench.report import PROJECT

_LAYERS = PROJECT / "layers"


def _zipped(folder: Path) -> int:
    """Bytes of the folder's archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as content:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                content.write(file, file.relative_to(folder))
    return archive.tell()


def _dependencies() -> int:
    """Bytes of the layer with the wheels of Lambda's platform, built as SAM builds it."""
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        shutil.copytree(_LAYERS / "dependencies", source)
        command = ["make", "--silent", "build-DependenciesLayer", f"ARTIFACTS_DIR={target}"]
        subprocess.run(command, cwd=source, check=True)  # noqa: S603 - nothing from outside
        return _zipped(target)


def run(_bench: Bench) -> Outcome:
    layers = _dependencies() + _zipped(_LAYERS / "promotion_jobs")
    functions = {folder.name: _zipped(folder) for folder in (PROJECT / "functions").iterdir() if folder.is_dir()}
    largest = max(functions, key=lambda name: functions[name])
    goals = [
        Goal("all layers, zipped", layers / 2**20, 9, at_most=True, unit="MB"),
        Goal(
            "the largest function, zipped",
            functions[largest] / 2**10,
            10,
            at_most=True,
            unit="KB",
            note=f"{largest}, of {len(functions)}",
        ),
    ]
    return Outcome(goals, Samples({}))
