"""The API's description and its page, as they are served."""

from pathlib import Path

_API = Path(__file__).parents[2] / "layers/promotion_jobs/python/promotion_jobs/api"

OPENAPI = (_API / "openapi.json").read_text()
DOCS_PAGE = (_API / "docs.html").read_text()
