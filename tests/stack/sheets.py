"""Files of codes, sent over HTTP to be imported, and what became of their rows."""

import csv
import io
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from local.api import Api, send
from tests.stack.journeys import finished, new_job


def announced(api: Api, promotion: str, content: bytes, **more: Any) -> Any:
    answer = api.call("POST", f"/v2/promotions/{promotion}/uploads", {"data": {"bytes": len(content), **more}})
    assert answer.status == 201
    return answer.json["data"]


def uploaded(api: Api, promotion: str, content: bytes) -> str:
    """The id of an upload that was sent as the API says."""
    upload = announced(api, promotion, content, sha256=sha256(content).hexdigest())
    assert send("PUT", upload["href"], upload["headers"], content).status == 200
    return str(upload["upload_id"])


def imported(api: Api, promotion: str, content: bytes, **parameters: Any) -> Any:
    upload_id = uploaded(api, promotion, content)
    return finished(api, promotion, new_job(api, promotion, "code_import", upload_id=upload_id, **parameters))


def file_of(api: Api, promotion: str, job: Any) -> str:
    link = api.call("GET", f"/v2/promotions/{promotion}/jobs/{job['id']}/file").checked().json["href"]
    return send("GET", link).checked().body.decode()


def report(api: Api, promotion: str, job: Any) -> Sequence[Sequence[str]]:
    return list(csv.reader(io.StringIO(file_of(api, promotion, job), newline="")))[1:]


def mixed(rows: int, prefix: str) -> tuple[bytes, Sequence[Sequence[str]]]:
    """A file of which each hundredth row is a duplicate, and each hundredth is no code; and the report of it."""
    lines, told = ["code,max_uses"], []
    for at in range(rows):
        line = len(lines) + 1
        match at % 100:
            case 50:
                code, reason = f"{prefix}-{at - 1}", "duplicate in the file"
            case 75:
                code, reason = f"{prefix} {at}", "characters"
            case _:
                code, reason = f"{prefix}-{at}", ""
        lines.append(f"{code},1")
        if reason:
            told.append([str(line), code, reason])
    return "\r\n".join([*lines, ""]).encode(), told
