"""`make demo`: 1,000 codes generated, exported and downloaded over HTTP, from nothing."""

import csv
import io
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local import PROJECT
from local.api import Api, send
from local.client import Client
from local.errors import StackError
from local.signals import exit_on_signals
from local.stack import STATE, local_stack

CODES = 1_000
PROMOTION = {
    "type": "promotion",
    "name": "Summer sale",
    "description": "10 dollars off",
    "enabled": True,
    "promotion_type": "fixed_discount",
    "schema": {"currencies": [{"currency": "USD", "amount": 1000}]},
    "start": "2026-06-01",
    "end": "2026-08-31",
}
GENERATE = {
    "type": "promotion_job",
    "job_type": "code_generate",
    "name": "Codes for the newsletter",
    "parameters": {"number_of_codes": CODES, "code_prefix": "summer"},
}
EXPORT = {"type": "promotion_job", "job_type": "code_export", "name": "Codes for the newsletter"}

_FIRST_ROWS = 5
_BAR_WIDTH = 40
_JOB_WITHIN_SECONDS = 120


def main() -> int:
    exit_on_signals(130)
    client = Client.kept_in(STATE / "client.json")
    try:
        _show(client)
    except StackError as error:
        print(f"The demo failed. {error}", file=sys.stderr)
        return 1
    print(_next_steps(client), end="")
    return 0


def _show(client: Client) -> None:
    started = time.monotonic()
    print("Starting the stack on this machine ...", flush=True)
    with local_stack(client, state=STATE / "demo") as stack:
        print(f"Ready at {stack.base_url}/ after {time.monotonic() - started:.1f} s")
        api = Api.signed_in(stack.base_url, client)
        promotion = api.call("POST", "/v2/promotions", {"data": PROMOTION}).checked().json["data"]
        print(f"Created the promotion {promotion['name']!r}: {promotion['id']}")
        jobs = f"/v2/promotions/{promotion['id']}/jobs"
        print(f"Generating {CODES:,} codes with the prefix 'summer'")
        _run(api, jobs, GENERATE, _show_progress)
        print("Exporting them to a file", flush=True)
        export = _run(api, jobs, EXPORT, lambda _done: None)
        link = api.call("GET", f"{jobs}/{export}/file").checked().json["href"]
        content = send("GET", link).checked().body
    _show_file(content)


def _run(api: Api, jobs: str, job: Mapping[str, Any], show: Callable[[int], None]) -> str:
    """The id of the job, once it is completed. Raises StackError where it ends otherwise, or not in time."""
    answer: Mapping[str, Any] = api.call("POST", jobs, {"data": job}).checked().json["data"]
    deadline = time.monotonic() + _JOB_WITHIN_SECONDS
    shown = 0
    show(shown)
    while answer["status"] in {"pending", "processing"}:
        if time.monotonic() > deadline:
            raise StackError(f"The job is still {answer['status']} after {_JOB_WITHIN_SECONDS} s")
        time.sleep(0.1)
        answer = api.call("GET", f"{jobs}/{answer['id']}").checked().json["data"]
        done = CODES if answer["status"] == "completed" else answer["meta"].get("progress", {}).get("done", 0)
        if done != shown:
            shown = done
            show(shown)
    if answer["status"] != "completed":
        raise StackError(f"The job is {answer['status']}: {answer.get('error') or 'it does not say why'}")
    return str(answer["id"])


def _show_progress(done: int) -> None:
    """A bar that grows in its line on a terminal, a line each time otherwise."""
    counted = f"{done:,} of {CODES:,} ({100 * done // CODES} %)"
    if not sys.stdout.isatty():
        print(f"  {counted}", flush=True)
        return
    filled = _BAR_WIDTH * done // CODES
    bar = "█" * filled + "░" * (_BAR_WIDTH - filled)
    print(f"\r  {bar} {counted}", end="\n" if done == CODES else "", flush=True)


def _show_file(content: bytes) -> None:
    """Raises StackError where the file does not hold as many different codes as were asked for."""
    file = STATE / "demo" / "codes.csv"
    file.write_bytes(content)
    codes = [row["code"] for row in csv.DictReader(io.StringIO(content.decode(), newline=""))]
    print(f"Downloaded {len(codes):,} rows to {_shown(file)}; the first {_FIRST_ROWS}:")
    for code in codes[:_FIRST_ROWS]:
        print(f"  {code}")
    if (len(codes), len(set(codes))) != (CODES, CODES):
        raise StackError(f"The file has {len(codes)} rows with {len(set(codes))} different codes, not {CODES}")


def _shown(file: Path) -> str:
    return str(file.relative_to(PROJECT))


def _next_steps(client: Client) -> str:
    """Commands that do the same by hand."""

    def post(path: str, data: Mapping[str, Any]) -> str:
        return (
            f"curl -s \"$API{path}\" -H \"$AUTH\" -H 'Content-Type: application/json' -d '{json.dumps({'data': data})}'"
        )

    def pick(keys: str) -> str:
        return f"python3 -c 'import json, sys; print(json.load(sys.stdin){keys})'"

    token = f"-d client_id={client.client_id} -d client_secret={client.client_secret}"
    jobs = "/v2/promotions/$PROMOTION/jobs"
    return f"""
To go on by hand: run `make serve` in another terminal, then

API=http://127.0.0.1:8080
TOKEN=$(curl -s $API/oauth/access_token -d grant_type=client_credentials {token} | {pick('["access_token"]')})
AUTH="Authorization: Bearer $TOKEN"
PROMOTION=$({post("/v2/promotions", PROMOTION)} | {pick('["data"]["id"]')})
{post(jobs, GENERATE)}
until curl -s "$API{jobs}" -H "$AUTH" | grep -E 'completed|failed'; do sleep 1; done
curl -s "$API/v2/promotions/$PROMOTION/codes" -H "$AUTH"
EXPORT=$({post(jobs, EXPORT)} | {pick('["data"]["id"]')})
until curl -s "$API{jobs}/$EXPORT" -H "$AUTH" | grep -E 'completed|failed'; do sleep 1; done
curl -s "$(curl -s "$API{jobs}/$EXPORT/file" -H "$AUTH" | {pick('["href"]')})" | head -5
"""


if __name__ == "__main__":
    sys.exit(main())
