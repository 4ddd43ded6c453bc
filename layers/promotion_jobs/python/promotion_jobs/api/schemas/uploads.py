"""Uploads, as clients announce them (docs/use/imports.md)."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from promotion_jobs import limits
from promotion_jobs.api.schemas.base import UNSET, WHOLE, Sent, shown_pattern

_SHA256_PATTERN = "[0-9a-f]{64}"


def _sha256(text: str) -> str:
    if not re.fullmatch(_SHA256_PATTERN, text):
        msg = "must be 64 hexadecimal digits in lower case"
        raise ValueError(msg)
    return text


class SentUpload(Sent):
    bytes: Annotated[int, Field(ge=1, le=limits.UPLOAD_BYTES, description="how many the file has"), WHOLE]
    sha256: Annotated[
        Annotated[str, AfterValidator(_sha256), shown_pattern(f"({_SHA256_PATTERN})?")] | None,
        UNSET,
        Field(description="of the file: the bucket takes no other"),
    ] = None
