"""`make openapi`: write the descriptions of the API, the one that it serves and the one in the docs."""

import json
from pathlib import Path

import promotion_jobs.api
from tools.openapi.document import document
from tools.openapi.page import page

DESCRIPTION = Path(promotion_jobs.api.__file__).with_name("openapi.json")
PAGE = Path("docs/use/api.md")


def rendered() -> dict[Path, str]:
    """File → its text."""
    return {DESCRIPTION: json.dumps(document(), indent=1) + "\n", PAGE: page()}


if __name__ == "__main__":
    for path, text in rendered().items():
        path.write_text(text)
