"""What the API says of itself. The document is generated from the code (`make openapi`) and committed beside this."""

from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent


@cache
def openapi_text() -> str:
    return (_HERE / "openapi.json").read_text()


@cache
def docs_page() -> str:
    return (_HERE / "docs.html").read_text()
