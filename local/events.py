"""`make events`: the files of events/ filled in with what the running stack has, for `sam local invoke … -e`."""

import argparse
import json
import secrets
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from local import PROJECT, StackError
from local.api import Api
from local.running import Running
from local.stack import STATE, write_private
from local.worker import FUNCTION, is_working

EVENTS = "events"
_SOURCES = PROJECT / EVENTS
_JOB_WITHIN_SECONDS = 120

_EXPORT = {"type": "promotion_job", "job_type": "code_export", "name": "export"}
_ENDED = {"get_job", "get_job_file", "list_jobs"}
_OPEN = {"cancel_job", "run_job"}
_OF_EXPORTS = {"get_job_file", "run_job"}
_OF_USAGES = {"anonymize_usages", "get_usage", "list_code_usages", "list_usages", "roll_back_redemption"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make events", description="Fill the events in for the running stack.")
    parser.add_argument("--state", type=Path, default=STATE, help="folder of the stack.json of `make serve`")
    state: Path = parser.parse_args().state
    try:
        running = Running.described_in(state)
        print("Making a promotion, codes and a job for each event ...", flush=True)
        files = dict(filled_events(running, secrets.token_hex))
    except StackError as error:
        print(f"The events cannot be filled in. {error}", file=sys.stderr)
        return 1
    for file in (state / EVENTS).glob("*.json"):
        file.unlink()
    for name, content in files.items():
        write_private(state / EVENTS / f"{name}.json", content)
    print(f"Filled {len(files)} events in, in {state / EVENTS}; their token is good for an hour.")
    if left_out := sorted(_OPEN - files.keys()):
        print(
            f"Left out: {', '.join(left_out)}. The worker of `make serve` would have their jobs first:"
            " `make serve WORKER=off` keeps them."
        )
    return 0


def events_to_fill(running: Running) -> list[str]:
    """The names of the events, without those whose job must be open while the stack's worker would take it."""
    left_out = _OPEN if is_working(running.aws, running.resources) else set()
    return sorted({source.stem for source in _SOURCES.glob("*.json")} - left_out)


def filled_events(running: Running, random_hex: Callable[[int], str]) -> Iterator[tuple[str, str]]:
    """Name and text of each event, with a promotion, codes, a job and a redemption of its own where it names them.

    ``random_hex`` makes so many random bytes, for codes that no promotion has. Raises StackError where the stack
    refuses what an event needs.
    """
    shop = _Shop(running, Api.signed_in(running.base_url, running.client), _Placeholders.read())
    for name in events_to_fill(running):
        yield name, shop.filled(name, random_hex(4).upper())


def _read(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((_SOURCES / f"{name}.json").read_text())
    return event


@dataclass(frozen=True, slots=True)
class _Placeholders:
    """What the files of events/ name, all of them the same."""

    token: str
    host: str
    promotion: str
    job: str
    usage: str
    codes: tuple[str, ...]

    @classmethod
    def read(cls) -> "_Placeholders":
        job, usage = _read("get_job"), _read("get_usage")
        sent = json.loads(_read("add_codes")["body"])["data"]["codes"]
        return cls(
            token=job["headers"]["authorization"],
            host=job["headers"]["host"],
            promotion=job["pathParameters"]["promotion_id"],
            job=job["pathParameters"]["job_id"],
            usage=usage["pathParameters"]["usage_id"],
            codes=tuple(code["code"] for code in sent),
        )


@dataclass(frozen=True, slots=True)
class _Shop:
    """Makes what events need, by the API."""

    running: Running
    api: Api
    placeholders: _Placeholders

    def filled(self, name: str, mark: str) -> str:
        """The text of the event; ``mark`` makes its codes different from all others."""
        text = (_SOURCES / f"{name}.json").read_text()
        names = {
            self.placeholders.token: f"Bearer {self.api.token}",
            self.placeholders.host: urlsplit(self.running.base_url).netloc,
            **{code: f"{code}-{mark}" for code in self.placeholders.codes},
        }
        if any(it in text for it in (self.placeholders.promotion, self.placeholders.usage, *self.placeholders.codes)):
            names |= self._made_for(name, names)
        return _with_its_form(_replaced(text, names), self.running)

    def _made_for(self, name: str, names: Mapping[str, str]) -> dict[str, str]:
        fields = {"end": "9999-01-01", "max_codes": 10_000}
        promotion = self._post("/v2/promotions", _sent("create_promotion") | fields)["id"]
        made = {self.placeholders.promotion: promotion}
        if name != "add_codes":
            codes = json.loads(_replaced(json.dumps(_sent("add_codes")), names))
            self._post(f"/v2/promotions/{promotion}/codes", codes)
        if name in _OF_USAGES:
            redemption = json.loads(_replaced(json.dumps(_sent("redeem_code")), names))
            made[self.placeholders.usage] = self._post("/v2/promotions/redemptions", redemption)["id"]
        if name in _ENDED | _OPEN:
            job = _EXPORT if name in _OF_EXPORTS else _sent("create_job")
            made[self.placeholders.job] = self._post(f"/v2/promotions/{promotion}/jobs", job)["id"]
        if name in _ENDED:
            self._end_job(made)
        return made

    def _end_job(self, made: Mapping[str, str]) -> None:
        """By the worker, without its queue: where that delivers to it as well, the second one does nothing."""
        event = _replaced((_SOURCES / "run_job.json").read_text(), made)
        self.running.aws.functions.invoke(FunctionName=self.running.resources[FUNCTION], Payload=event)
        promotion, job = made[self.placeholders.promotion], made[self.placeholders.job]
        deadline = time.monotonic() + _JOB_WITHIN_SECONDS
        while True:
            shown = self.api.call("GET", f"/v2/promotions/{promotion}/jobs/{job}").checked().json["data"]
            if shown["status"] == "completed":
                return
            if time.monotonic() > deadline or shown["status"] == "failed":
                raise StackError(f"The job for an event is {shown['status']}")
            time.sleep(0.1)

    def _post(self, path: str, data: Any) -> Any:
        return self.api.call("POST", path, {"data": data}).checked().json["data"]


def _sent(name: str) -> Any:
    """The data of the request that the event tells of."""
    return json.loads(_read(name)["body"])["data"]


def _replaced(text: str, names: Mapping[str, str]) -> str:
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return text


def _with_its_form(text: str, running: Running) -> str:
    """The event with the client in its form, if it sends one, and with the length that its body has."""
    event = json.loads(text)
    if "headers" not in event:
        return text
    body = event.get("body", "").encode()
    if event["isBase64Encoded"]:
        client = {"client_id": running.client.client_id, "client_secret": running.client.client_secret}
        body = urlencode(dict(parse_qsl(b64decode(body).decode())) | client).encode()
        event["body"] = b64encode(body).decode()
    event["headers"] |= {"content-length": str(len(body)), "x-forwarded-proto": "http"}
    return json.dumps(event, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
