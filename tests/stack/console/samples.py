"""An API of made-up answers, for states that a stack is in for a moment only, or after a million codes.

The shapes are those of docs/use/api.md; everything else of the console is real.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, Request, Route

from tests.stack.console.browser import fulfil

P = "019e830e-1a4b-7a31-9c1f-7b1f0d6f3a52"
JOBS = [f"019e830e-3c9e-7d02-8f4e-2a9d1c7b5e{number:02d}" for number in range(10, 20)]
SHA256 = "0123456789abcdef" * 4
CLIENT = "3f1c9a7be2"
Answer = tuple[int, Any]


def _times(created: str = "2026-06-01T12:02:04.000Z", updated: str = "2026-06-01T12:04:10.000Z") -> dict[str, str]:
    return {"created_at": created, "updated_at": updated}


def promotion(name: str = "Summer sale", number: int = 0, **changes: Any) -> dict[str, Any]:
    codes = changes.pop("codes", {"in_use": 188_000, "visible": 188_000})
    return {
        "type": "promotion",
        "id": P if number == 0 else f"019e830e-1a4b-7a31-9c1f-7b1f0d6f3b{number:02d}",
        "name": name,
        "description": "10 dollars off",
        "enabled": True,
        "promotion_type": "fixed_discount",
        "schema": {"currencies": [{"currency": "USD", "amount": 1000}]},
        "start": "2026-06-01T00:00:00Z",
        "end": "2027-08-31T23:59:59Z",
        "max_codes": 700_000,
        "created_by": CLIENT,
        "updated_by": CLIENT,
        "meta": {"timestamps": _times(), "codes": codes},
    } | changes


def job(number: int = 0, **changes: Any) -> dict[str, Any]:
    meta = {"timestamps": _times()} | changes.pop("meta", {})
    return {
        "type": "promotion_job",
        "id": JOBS[number],
        "promotion_id": P,
        "job_type": "code_generate",
        "name": "Codes for the July mailing",
        "parameters": {"number_of_codes": 500_000, "max_uses_per_code": 1, "code_prefix": "summer"},
        "status": "completed",
        "created_by": CLIENT,
        "meta": {"guess_odds": "1 in 564,859"} | meta,
    } | changes


def progress(done: int, total: int = 500_000, rate: int = 3_950) -> dict[str, Any]:
    return {
        "done": done,
        "total": total,
        "percent": 100 * done // total,
        "updated_at": "2026-06-01T12:03:10.000Z",
        "codes_per_second": rate,
        "recent_codes_per_second": rate,
    }


RUNNING = job(status="processing", meta={"progress": progress(312_000)})
FILE = {"rows": 188_000, "bytes": 23_500_000, "sha256": SHA256}
EXPORT = job(1, job_type="code_export", name="For the print shop", parameters={}, meta={"file": FILE})
REPORT = {"rows": 4_000, "bytes": 120_000, "sha256": SHA256}
IMPORT = job(
    8,
    job_type="code_import",
    name="Printed cards",
    parameters={"upload_id": "019e830e-9c11-7d8e-b1a4-6c2d8e4f7a03", "on_duplicate": "skip", "max_uses_per_code": 1},
    result={"imported": 196_000, "duplicates": 2_000, "invalid": 2_000},
    meta={"file": REPORT},
)
REPORTED = "\r\n".join(
    [
        "line,code,reason",
        "4,PRINTED-1,duplicate in the file",
        "1005,'=1+1,formula",
        "1008,PRINTED-4,columns",
        f"1006,PRINTED-2,in use by promotion {P}",
        "1007,PRINTED-3,in use by promotion 019e830e-1a4b-7a31-9c1f-7b1f0d6f3b01",
        '1009,"of two, \r\n""lines""",characters',
        *(f"{line},PRINTED-{line},duplicate in the file" for line in range(2_000, 2_045)),
        '9000,"cut',
    ]
)
"""What a report begins with; its last row is cut."""
UPLOAD = {
    "upload_id": "019e830e-9c11-7d8e-b1a4-6c2d8e4f7a03",
    "href": "v2/bucket/upload",
    "headers": {"Content-Type": "text/csv; charset=utf-8"},
    "expires_at": "2026-06-01T13:02:04.000Z",
}
"""Its link leads to the API's own origin, where the browser's policy asks for no more than that."""
HISTORY = [
    EXPORT,
    job(2, name="Codes for the June mailing", result={"generated": 180_000})
    | {"parameters": {"number_of_codes": 180_000}},
    job(3, job_type="code_delete", name="Wrong prefix", parameters={"job_id": JOBS[4]}, result={"deleted": 20_000}),
    job(4, name="Wrong prefix", result={"generated": 20_000, "deleted": 20_000})
    | {"parameters": {"number_of_codes": 20_000}},
    job(5, name="Second try, too many", status="failed", error="too many of its codes are in use"),
    job(6, name="First try", status="cancelled", result={"generated": 45_000, "deleted": 45_000}),
    {key: value for key, value in job(7, result={"generated": 8_000}).items() if key != "name"}
    | {"parameters": {"number_of_codes": 8_000}},
    IMPORT,
]


def listing(data: list[Any], total: int | None = None, offset: int = 0) -> dict[str, Any]:
    total = len(data) if total is None else total
    page = {"limit": 25, "offset": offset, "current": offset // 25 + 1, "total": -(-total // 25)}
    return {"data": data, "links": {}, "meta": {"page": page, "results": {"total": total}}}


def code(number: int = 0, **changes: Any) -> dict[str, Any]:
    tail = ["b7kd-9fzm", "x4tq-2wjh", "gmn8-k5rp", "5vzc-w3dt", "q9hb-7xsn", "dk2f-m6jr"][number % 6]
    return {
        "type": "promotion_codes",
        "id": f"summer-{tail}",
        "code": f"summer-{tail}",
        "max_uses": 1,
        "uses": 1,
        "created_by": CLIENT,
        "job_id": JOBS[2],
        "meta": {"timestamps": {"created_at": "2026-05-28T14:20:00.000Z"}},
    } | changes


def usage(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"AZ6DDpDEfzuKEF0ue5xPYAAAAAAAAAEXPQ3b_wNBk_rOf{number:02d}",
        "promotion_id": P,
        "redemption_id": f"order-{4711 + number}",
        "status": "redeemed",
        "order_id": f"order-{4711 + number}",
        "code_id": code(number)["code"],
        "code": code(number)["code"],
        "times_used": 1,
        "used_on": "2026-06-01T12:00:07.587Z",
        "customer_id": f"customer-{number + 17}",
        "meta": {"timestamps": {"updated_at": "2026-06-01T12:00:07.587Z"}},
        "anonymized": False,
    } | changes


def forecast(codes: int = 500_000, odds: str | None = "1 in 564,859", **changes: Any) -> dict[str, Any]:
    dry = {
        "lock_is_free": True,
        "room_is_enough": True,
        "room": 512_000,
        "codes": codes,
        "estimated_seconds": 5,
        "estimated_cost": {"amount": "0.004200", "currency": "USD", "region": "us-east-1", "prices_of": "2026-11"},
    } | changes
    examples = {"guess_odds": odds, "example_codes": ["summer-b7kd-9fzm", "summer-x4tq-2wjh", "summer-gmn8-k5rp"]}
    return {"type": "promotion_job", "meta": {"dry_run": dry} | (examples if odds else {})}


def fault(status: int, title: str, detail: str | None = None, source: str | None = None) -> Answer:
    element = {"status": status, "title": title, "detail": detail, "source": source}
    return status, {"errors": [{key: value for key, value in element.items() if value is not None}]}


def at_ease() -> dict[str, Answer | Callable[[Request], Answer]]:
    """The answers of a deployment at ease, by method and pattern of the path below the API's root."""
    return {
        r"GET promotions": (200, listing([promotion(), *_others()])),
        r"POST promotions": (201, {"data": promotion()}),
        r"GET promotions/[^/]+": (200, {"data": promotion()}),
        r"PUT promotions/[^/]+": (200, {"data": promotion()}),
        r"GET promotions/[^/]+/jobs": (200, listing(HISTORY)),
        r"POST promotions/[^/]+/jobs\?dry_run=true": (200, {"data": forecast()}),
        r"POST promotions/[^/]+/jobs": (201, {"data": RUNNING}),
        r"GET promotions/[^/]+/jobs/[^/]+": (200, {"data": HISTORY[1]}),
        r"GET promotions/[^/]+/jobs/[^/]+/file": (200, {"files": [REPORT | {"href": "v2/bucket/report", "name": "x"}]}),
        r"GET bucket/report": (206, REPORTED),
        r"POST promotions/[^/]+/uploads": (201, {"data": UPLOAD}),
        r"PUT bucket/upload": (200, ""),
        r"GET promotions/[^/]+/codes": (200, listing([code(number) for number in range(6)], 188_000)),
        r"GET promotions/[^/]+/codes/[^/]+": (200, {"data": code()}),
        r"GET promotions/[^/]+/codes/[^/]+/usages": (200, listing([usage()])),
        r"GET promotions/[^/]+/usages": (200, listing([usage(number) for number in range(6)], 42)),
    }


def _others() -> list[dict[str, Any]]:
    part = {"promotion_type": "percent_discount", "schema": {"currencies": [{"currency": "USD", "percentage": 15}]}}
    full = {"in_use": 1_000_000, "visible": 1_000_000}
    later = {"start": "2027-09-01T09:00:00Z", "end": "2027-09-30T23:59:59Z"}
    over = {"start": "2026-03-01T00:00:00Z", "end": "2026-04-30T23:59:59Z"}
    name = "Anniversary – one code for every customer of 2016 to 2025"
    return [
        promotion("Welcome back, newsletter", 1, codes={"in_use": 24_000, "visible": 24_000}, max_codes=50_000, **part),
        promotion("Press and partners", 2, codes={"in_use": 40, "visible": 40}, max_codes=1_000, **later),
        promotion(name, 3, codes=full, max_codes=1_000_000, **later),
        promotion(
            "Spring clearance",
            4,
            codes={"in_use": 310_500, "visible": 310_500},
            promotion_type="x_for_y",
            schema={},
            **over,
        ),
        promotion("Test of the checkout", 5, codes={"in_use": 0, "visible": 0}, max_codes=1_000, enabled=False),
    ]


UNANSWERED: Any = object()
"""In the place of an answer: none comes."""


@dataclass
class MadeUp:
    """Answers in the place of the API; ``answers`` may be changed at any time, and a function answers each anew."""

    answers: dict[str, Any] = field(default_factory=at_ease)

    def install(self, page: Page) -> "MadeUp":
        page.route("**/v2/**", self._answer)
        return self

    def _answer(self, route: Route) -> None:
        request = route.request
        asked = f"{request.method} {request.url.partition('/v2/')[2]}"
        plain = asked if "dry_run" in asked else asked.partition("?")[0]
        found = next((it for pattern, it in self.answers.items() if re.fullmatch(pattern, plain)), None)
        if found is None:
            found = fault(404, "Not Found", "route not found")
        if found is UNANSWERED:
            return
        status, body = found(request) if callable(found) else found
        fulfil(route, body, status, {"apigw-requestid": "UkoXf8M0qDoEEMw="})


Answers = Mapping[str, Any]
OPEN = {"in_use": 688_000, "visible": 188_000, "open_job": JOBS[0]}
"""Of a promotion in which a job runs."""
