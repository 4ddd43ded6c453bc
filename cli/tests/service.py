"""A service on real sockets that does as told: as much of the API as a mailing needs, with a fault for any request."""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

PROMOTION_ID = "019e830e-1a4b-7a31-9c1f-7b1f0d6f3a52"
SECRET, TOKEN = "a-secret-of-the-client", "0123456789abcdef0123456789abcdef01234567"
EXPIRES = 4_000_000_000
DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
"""The service's clock stands still."""
ROWS = 1_000
FILE = b"code,user\r\n" + b"".join(b'N-%d,"two\nlines"\r\n' % at for at in range(ROWS))


@dataclass(frozen=True)
class Fault:
    """What happens to one request. ``is_done`` says whether the service does what was asked for all the same."""

    status: int = 0
    body: Any = None
    retry_after: str | None = None
    is_done: bool = False
    closes: bool = False
    stalls: bool = False
    cut: int | None = None
    content: bytes | None = None


def refused(status: int, detail: str = "as told", **more: Any) -> Fault:
    errors = [{"status": str(status), "title": "Refused", "detail": detail}]
    return Fault(status, {"errors": errors}, **more)


CLOSED = Fault(closes=True)
LOST = Fault(closes=True, is_done=True)


@dataclass
class Service:
    """``faults`` has those of the next requests by what is asked for: token, generate, export, job, file, cancel …"""

    url: str = ""
    faults: defaultdict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    asked: list[str] = field(default_factory=list)
    put: list[bytes] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    """The links to files, as they were followed."""
    keys: list[str | None] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    looks: int = 1
    looks_of: dict[str, int] = field(default_factory=dict)
    """How often a job is looked at before it ends; of some types another number."""
    outcome: str = "completed"
    content: bytes = FILE
    rows: int = ROWS
    """What exports write, and how many rows they say it has."""
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _left: dict[str, int] = field(default_factory=dict)
    _by_key: dict[str, str] = field(default_factory=dict)

    def create(self, key: str | None, data: dict[str, Any]) -> dict[str, Any]:
        if key in self._by_key:
            return self.shown(self._by_key[key], look=False)
        job_id = f"019e830e-3c9e-7d02-8f4e-{len(self.jobs):012d}"
        self.jobs[job_id] = {"id": job_id, "promotion_id": PROMOTION_ID, "status": "processing", **data}
        self._left[job_id] = self.looks_of.get(data["job_type"], self.looks)
        if key:
            self._by_key[key] = job_id
        return self.shown(job_id, look=False)

    def shown(self, job_id: str, *, look: bool = True) -> dict[str, Any]:
        job = self.jobs[job_id]
        self._left[job_id] -= look
        created_at = self.created_at.isoformat()
        meta: dict[str, Any] = {"timestamps": {"created_at": created_at, "updated_at": created_at}}
        if job["status"] == "processing" and self._left[job_id] <= 0:
            job["status"] = self.outcome
        if job["status"] == "processing":
            looks = self.looks_of.get(job["job_type"], self.looks)
            done = ROWS * (looks - self._left[job_id]) // (looks + 1)
            return {**job, "meta": {**meta, "progress": {"done": done, "total": ROWS, "percent": 0}}}
        if job["status"] == "failed":
            return {**job, "error": "codes limit exceeded", "meta": meta}
        content = self.content
        file = {"rows": self.rows, "bytes": len(content), "sha256": sha256(content).hexdigest()}
        if job["job_type"] == "code_export":
            return {**job, "meta": {**meta, "file": file}}
        if job["job_type"] == "code_import":
            result = {"imported": 2, "duplicates": ROWS, "invalid": 0}
            return {**job, "result": result, "meta": {**meta, "file": file}}
        return {**job, "result": {"generated": ROWS}, "meta": meta}

    def count(self, what: str) -> int:
        return self.asked.count(what)


class _Handler(BaseHTTPRequestHandler):
    service: Service
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Tests read what they need."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        del timestamp
        return DATE

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        data = json.loads(sent)["data"] if sent.startswith(b"{") else {}
        if self.command == "PUT":
            self.service.put.append(sent)
        what = self._what(data)
        service = self.service
        with service.lock:
            service.asked.append(what)
            if what == "download":
                service.followed.append(self.path)
            fault = service.faults[what].popleft() if service.faults[what] else None
            answer = self._done(what, data) if fault is None or fault.is_done else None
        if fault is None:
            self._send(201 if self.command == "POST" else 200, answer)
        elif fault.stalls:
            service.released.wait(10)
            self.close_connection = True
        elif fault.closes:
            self.close_connection = True
        elif fault.status:
            self._send(fault.status, fault.body, fault.retry_after)
        else:
            self._send(200, fault.content or service.content, cut=fault.cut)

    def _what(self, data: dict[str, Any]) -> str:
        path = urlsplit(self.path).path
        if path == "/oauth/access_token":
            return "token"
        if path.endswith("/file"):
            return "file"
        if path == "/bucket":
            return "download"
        if self.command == "POST" and path.endswith("/jobs"):
            return str(data["job_type"]).removeprefix("code_")
        last = path.rsplit("/", 1)[1]
        return "job" if "/jobs/" in path and last != "cancel" else last

    def _done(self, what: str, data: dict[str, Any]) -> Any:
        service = self.service
        link = f"{service.url}/bucket?signature=secret-{service.count('file')}"
        known = {
            "token": {"access_token": TOKEN, "expires": EXPIRES},
            "file": {"href": link, "files": [{"href": link}]},
            "download": service.content,
        }
        if what in known:
            return known[what]
        if what == "uploads":
            return {"data": {"upload_id": "U", "href": f"{service.url}/bucket-of-uploads", "headers": {}}}
        if what in {"generate", "export", "import"}:
            key = self.headers.get("idempotency-key")
            service.keys.append(key)
            return {"data": service.create(key, data)}
        if what in {"job", "cancel"}:
            job_id = urlsplit(self.path).path.split("/jobs/")[1].removesuffix("/cancel")
            if what == "cancel":
                service.jobs[job_id]["status"] = "cancelling"
            return {"data": service.shown(job_id)}
        return {"data": [service.shown(it, look=False) for it in service.jobs]}

    def _send(self, status: int, body: Any, retry_after: str | None = None, cut: int | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.send_header("apigw-requestid", "request-1")
        if retry_after:
            self.send_header("retry-after", retry_after)
        self.end_headers()
        self.wfile.write(content[:cut])
        self.close_connection = self.close_connection or cut is not None


@contextmanager
def running() -> Iterator[Service]:
    service = Service()
    handler = type("Handler", (_Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        service.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
