"""`make demo`: 100,000 codes generated, exported and downloaded over HTTP, from nothing; or as many as you say."""

import argparse
import csv
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import promojobs
from local import PROJECT, StackError
from local.stack import STATE, Client, exit_on_signals, local_stack
from promojobs.output import Output

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
_JOB_WITHIN_SECONDS = 300


def main(arguments: Sequence[str] | None = None) -> int:
    exit_on_signals(130)
    codes = _codes(arguments)
    client = Client.kept_in(STATE / "client.json")
    try:
        _show(client, codes)
    except (StackError, promojobs.PromojobsError) as error:
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
        with promojobs.Client(stack.base_url, client.client_id, client.client_secret) as api:
            file = _mail(api, codes)
    _show_file(file, codes)


def _mail(api: promojobs.Client, codes: int) -> Path:
    """The file with the codes of a promotion, all made over HTTP."""
    promotion = api.create_promotion(_promotion(codes))
    print(f"Created the promotion {promotion.name!r}: {promotion.id}")
    print(f"Generating {codes:,} codes with the prefix 'summer'")
    _, seconds = _ended(api, api.start(promotion.id, _generate(codes)), "Generating")
    print(f"Generated in {seconds:.1f} s: {codes / seconds:,.0f} codes a second")
    print("Exporting them to a file", flush=True)
    export, seconds = _ended(api, api.start(promotion.id, EXPORT), "Exporting")
    print(f"Exported in {seconds:.1f} s")
    return api.save(export, STATE / "demo" / "codes.csv", force=True)


def _ended(api: promojobs.Client, job: promojobs.Job, verb: str) -> tuple[promojobs.Job, float]:
    """The job, once it is completed, and after how many seconds that was."""
    started = time.monotonic()
    shown = Output(stderr=sys.stdout, is_terminal=sys.stdout.isatty()).progress(verb)
    return api.wait(job, shown, timeout=_JOB_WITHIN_SECONDS), time.monotonic() - started


def _show_file(file: Path, wanted: int) -> None:
    """Raises StackError where the file does not hold as many different codes as were asked for."""
    with file.open(encoding="utf-8", newline="") as content:
        codes = [row["code"] for row in csv.DictReader(content)]
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
