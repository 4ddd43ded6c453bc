"""`make demo`: 100,000 codes generated, exported and downloaded over HTTP, from nothing; or as many as you say."""

import argparse
import csv
import io
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from local import PROJECT, StackError
from local.api import Api, send
from local.stack import STATE, Client, exit_on_signals, local_stack

CODES = 100_000
PROMOTION: Mapping[str, Any] = {
    "type": "promotion",
    "name": "Summer sale",
    "description": "10 dollars off",
    "enabled": True,
    "promotion_type": "fixed_discount",
    "schema": {"currencies": [{"currency": "USD", "amount": 1000}]},
    "start": "2026-06-01",
    "end": "2026-08-31",
}
EXPORT = {"type": "promotion_job", "job_type": "code_export", "name": "Codes for the newsletter"}

_FIRST_ROWS = 5
_BAR_WIDTH = 40
_JOB_WITHIN_SECONDS = 300


def main(arguments: Sequence[str] | None = None) -> int:
    exit_on_signals(130)
    codes = _codes(arguments)
    client = Client.kept_in(STATE / "client.json")
    try:
        _show(client, codes)
    except StackError as error:
        print(f"The demo failed. {error}", file=sys.stderr)
        return 1
    print(_next_steps(client, codes), end="")
    return 0


def _codes(arguments: Sequence[str] | None) -> int:
    """How many codes to make. Exits where that is more than a promotion or the length of the codes allows."""
    parser = argparse.ArgumentParser(prog="make demo", usage="N=1000000 make demo")
    # Of 27 symbols eight, and a guess in 100,000 that hits: the service refuses more.
    most = 27**8 // 100_000
    parser.add_argument("codes", type=int, nargs="?", default=CODES, help="how many codes to make (%(default)s)")
    codes: int = parser.parse_args(arguments).codes
    if not 1 <= codes <= most:
        parser.error(f"N is at least 1, and at most {most:,}: more codes of length 8 could be guessed")
    return codes


def _promotion(codes: int) -> Mapping[str, Any]:
    return {**PROMOTION, "max_codes": codes}


def _generate(codes: int) -> Mapping[str, Any]:
    return {
        "type": "promotion_job",
        "job_type": "code_generate",
        "name": "Codes for the newsletter",
        "parameters": {"number_of_codes": codes, "code_prefix": "summer"},
    }


def _show(client: Client, codes: int) -> None:
    started = time.monotonic()
    print("Starting the stack on this machine ...", flush=True)
    with local_stack(client, state=STATE / "demo") as stack:
        print(f"Ready at {stack.base_url}/ after {time.monotonic() - started:.1f} s")
        api = Api.signed_in(stack.base_url, client)
        promotion = api.call("POST", "/v2/promotions", {"data": _promotion(codes)}).checked().json["data"]
        print(f"Created the promotion {promotion['name']!r}: {promotion['id']}")
        jobs = f"/v2/promotions/{promotion['id']}/jobs"
        print(f"Generating {codes:,} codes with the prefix 'summer'")
        _, seconds = _run(api, jobs, _generate(codes), lambda done: _show_progress(done, codes))
        print(f"Generated in {seconds:.1f} s: {codes / seconds:,.0f} codes a second")
        print("Exporting them to a file", flush=True)
        export, seconds = _run(api, jobs, EXPORT, lambda _done: None)
        print(f"Exported in {seconds:.1f} s")
        link = api.call("GET", f"{jobs}/{export}/file").checked().json["href"]
        content = send("GET", link).checked().body
    _show_file(content, codes)


def _run(api: Api, jobs: str, job: Mapping[str, Any], show: Callable[[int], None]) -> tuple[str, float]:
    """The id of the job, once it is completed, and after how many seconds that was.

    Raises StackError where it ends otherwise, or not in time.
    """
    started = time.monotonic()
    answer: Mapping[str, Any] = api.call("POST", jobs, {"data": job}).checked().json["data"]
    deadline = started + _JOB_WITHIN_SECONDS
    shown = 0
    show(shown)
    while answer["status"] in {"pending", "processing"}:
        if time.monotonic() > deadline:
            raise StackError(f"The job is still {answer['status']} after {_JOB_WITHIN_SECONDS} s")
        time.sleep(0.1)
        answer = api.call("GET", f"{jobs}/{answer['id']}").checked().json["data"]
        done = answer["meta"].get("progress", {}).get("done", 0)
        if done > shown:
            shown = done
            show(shown)
    if answer["status"] != "completed":
        raise StackError(f"The job is {answer['status']}: {answer.get('error') or 'it does not say why'}")
    show(answer.get("result", {}).get("generated", 0))
    return str(answer["id"]), time.monotonic() - started


def _show_progress(done: int, codes: int) -> None:
    """A bar that grows in its line on a terminal, a line each time otherwise."""
    counted = f"{done:,} of {codes:,} ({100 * done // codes} %)"
    if not sys.stdout.isatty():
        print(f"  {counted}", flush=True)
        return
    filled = _BAR_WIDTH * done // codes
    bar = "█" * filled + "░" * (_BAR_WIDTH - filled)
    print(f"\r  {bar} {counted}", end="\n" if done == codes else "", flush=True)


def _show_file(content: bytes, wanted: int) -> None:
    """Raises StackError where the file does not hold as many different codes as were asked for."""
    file = STATE / "demo" / "codes.csv"
    file.write_bytes(content)
    codes = [row["code"] for row in csv.DictReader(io.StringIO(content.decode(), newline=""))]
    print(f"Downloaded {len(codes):,} rows to {_shown(file)}; the first {_FIRST_ROWS}:")
    for code in codes[:_FIRST_ROWS]:
        print(f"  {code}")
    if (len(codes), len(set(codes))) != (wanted, wanted):
        raise StackError(f"The file has {len(codes)} rows with {len(set(codes))} different codes, not {wanted}")


def _shown(file: Path) -> str:
    return str(file.relative_to(PROJECT))


def _next_steps(client: Client, codes: int) -> str:
    """Commands that do the same by hand."""

    def post(path: str, data: Mapping[str, Any], key: str = "") -> str:
        once = f"-H 'Idempotency-Key: {key}' " if key else ""
        body = json.dumps({"data": data})
        return f"curl -s \"$API{path}\" -H \"$AUTH\" {once}-H 'Content-Type: application/json' -d '{body}'"

    def pick(keys: str) -> str:
        return f"python3 -c 'import json, sys; print(json.load(sys.stdin){keys})'"

    token = f"-d client_id={client.client_id} -d client_secret={client.client_secret}"
    jobs = "/v2/promotions/$PROMOTION/jobs"
    return f"""
To go on by hand: run `make serve` in another terminal, then

API=http://127.0.0.1:8080
TOKEN=$(curl -s $API/oauth/access_token -d grant_type=client_credentials {token} | {pick('["access_token"]')})
AUTH="Authorization: Bearer $TOKEN"
PROMOTION=$({post("/v2/promotions", _promotion(codes))} | {pick('["data"]["id"]')})
{post(jobs, _generate(codes), "the first codes")}
until curl -s "$API{jobs}" -H "$AUTH" | grep -E 'completed|failed'; do sleep 1; done
curl -s "$API/v2/promotions/$PROMOTION/codes" -H "$AUTH"
EXPORT=$({post(jobs, EXPORT, "the first file")} | {pick('["data"]["id"]')})
until curl -s "$API{jobs}/$EXPORT" -H "$AUTH" | grep -E 'completed|failed'; do sleep 1; done
curl -s "$(curl -s "$API{jobs}/$EXPORT/file" -H "$AUTH" | {pick('["href"]')})" | head -5
"""


if __name__ == "__main__":
    sys.exit(main())
