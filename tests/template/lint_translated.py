"""Lint what CloudFormation will see: ``python -m tests.template.lint_translated template.yaml``.

cfn-lint does not look into what SAM makes of a function's events and policies, so the template is translated first.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tests.support.translated import REGION, translate


def lint(template: dict[str, Any]) -> int:
    """cfn-lint's exit code for the translated template; what it found is printed."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "translated.json")
        path.write_text(json.dumps(translate(template), indent=1))
        linter = str(Path(sys.executable).with_name("cfn-lint"))
        # W2001, a parameter that nothing uses: SAM has put the values of some in the place of their references.
        # W1028, a branch that is never taken: SAM repeats a function's condition in all that only exists with it.
        command = [linter, "--region", REGION, "--ignore-checks", "W2001", "W1028", "--template", str(path)]
        return subprocess.run(command, check=False).returncode  # noqa: S603 - nothing from outside


if __name__ == "__main__":
    sys.exit(lint(yaml_parse(Path(sys.argv[1]).read_text())))
