"""docs/use/api.md: each call with its request, its answer, its errors and a command that a test runs."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from promotion_jobs import limits
from promotion_jobs.api.errors import answer_to
from tools.openapi import samples
from tools.openapi.operations import OPERATIONS, TOKEN, Operation

_KEY_HOURS = limits.IDEMPOTENCY_KEY_LIFE // timedelta(hours=1)
_HEAD = f"""# The API

Generated from the code by `make openapi`; the same as an OpenAPI 3.1 document is at `/openapi.json`, and as a page at
`/docs`. The commands run against `make serve`, and are run by the tests:

```console
$ API=http://127.0.0.1:8080      # the address that `make serve` prints
$ CLIENT_ID=… CLIENT_SECRET=…    # and the credentials
$ TOKEN=… PROMOTION=… JOB=…      # the access_token and the ids that the calls below answer
```

Bodies are JSON, in `data` or bare; answers are in `data`. Errors come as `{{"errors": [{{…}}]}}` and change nothing.
Every call but the first needs `Authorization: Bearer <token>`: without one 401, with an implicit grant's 403. A client
that may only read is answered 403 to everything but GET, and one that may only redeem to everything but validating,
redeeming and rolling back. 401 and 403 come before any other fault of the request. Unknown paths are 404; a wrong
method is 405, with the right ones in `Allow` (`HEAD` is a wrong one); a body not declared as JSON is 415, one over
{limits.BODY_BYTES:,} bytes 413. 429 says in `Retry-After` in how many seconds there are tokens again; 500 carries a
`request_id`; 503 says that the store is busy: try again. Every fault of a body is an error of its own, with `source`
the dotted path. The gateway's own answers (10 MB of body, its throttling, a function that is out of time) have a plain
`{{"message": …}}` instead.

Lists take `page[limit]` (1 to {limits.MAX_PAGE_LENGTH}, {limits.PAGE_LENGTH} unless set) and `page[offset]`
(0 to {limits.MAX_PAGE_OFFSET:,}), raw or percent-encoded (raw ones need `curl -g`), and give absolute `links`. Filters
are `eq(attribute,value)`, joined with `:` where all are to hold, at most {limits.FILTERS}: promotions by `code`, jobs
by `job_type` and `status`, codes by `code` and `job_id`.

A job is created once for an `Idempotency-Key`: the same header with the same body within {_KEY_HOURS} hours answers the
same job, with another body 422. **Send one whenever a person starts a job.** One open job at a time is no guard against
a second click: a small job may be done before the second request arrives, which then starts another. `?dry_run=true`
creates none, and answers what would become of it.

Pages are counted from the front: where codes are deleted while you read, later ones move up, and one may be missed. An
export has no such gap. The link to a file takes GET alone, without an `Authorization` header: S3 refuses a request that
is signed twice. Size and checksum are in the job's `meta.file`. [exports.md](exports.md) says which parameters make an
export that your mailing tool takes.

A `code_delete` job deletes every code of the promotion, those made by hand too, or those that one job made or imported.
What is deleted is free again, and its room is the promotion's; it stays deleted when the job is cancelled. Codes that
are added while it runs may or may not be deleted.
"""
_VARIABLES = {"{promotion_id}": "$PROMOTION", "{job_id}": "$JOB", "{code}": "WELCOME-10", "{usage_id}": "$USAGE"}
_ON_EVERY_CALL = {"Unauthorized", "Forbidden", "PayloadTooLarge", "UnsupportedMediaType"}


def page() -> str:
    return "\n".join([_HEAD, *map(_section, (TOKEN, *OPERATIONS))])


def command(operation: Operation) -> str:
    """A curl command for the operation; what it needs to know is in shell variables."""
    path, method = operation.route.path, operation.route.method
    for parameter, variable in _VARIABLES.items():
        path = path.replace(parameter, variable)
    words = ["curl", "-s", f'"$API{path}"']
    if method != "GET" and not (method == "POST" and operation.body):
        words.insert(2, f"-X {method}")
    if operation.route.right is None:
        fields = "grant_type=client_credentials", "client_id=$CLIENT_ID", "client_secret=$CLIENT_SECRET"
        return " ".join(words + [f"-d {field}" for field in fields])
    words.append('-H "Authorization: Bearer $TOKEN"')
    if "Idempotency-Key" in operation.headers:
        words.append("-H 'Idempotency-Key: summer-sale'")
    if operation.body:
        body = json.dumps({"data": operation.body[1]}).replace(samples.USAGE.key.usage_id, "'$USAGE'")
        words += ["-H 'Content-Type: application/json'", f"-d '{body}'"]
    return " ".join(words)


def _section(operation: Operation) -> str:
    answer = f"Answer: {operation.status}" + (", no content." if operation.example is None else "")
    parts = [f"## {operation.summary}", f"`{operation.route.method} {operation.route.path}`"]
    parts.append(f"```sh\n{command(operation)}\n```")
    parts.append(answer if operation.example is None else f"{answer}\n\n{_block(operation.example)}")
    if operation.again:
        _, example, description = operation.again
        parts.append(f"{description}: 200\n\n{_block(example)}")
    if operation.other_bodies:
        parts.append(_other_bodies(operation.other_bodies))
    parts.append(_errors(operation))
    return "\n\n".join(filter(None, parts)) + "\n"


def _other_bodies(bodies: Mapping[str, Any]) -> str:
    rows = [f"| {name} | `{json.dumps({'data': body})}` |" for name, body in bodies.items()]
    return "\n".join(["| for | send |", "|---|---|", *rows])


def _block(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"


def _errors(operation: Operation) -> str:
    rows = []
    for error in operation.failures:
        if type(error).__name__ in _ON_EVERY_CALL and operation.route.right:
            continue
        status, body = answer_to(error)
        (element,) = body["errors"]
        rows.append(f"| {status} | {element['title']} | {element.get('detail', '')} | {element.get('source', '')} |")
    if not rows:
        return ""
    return "\n".join(["| status | title | detail | source |", "|---|---|---|---|", *rows])
