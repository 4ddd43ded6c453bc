"""The client: what the API can do, by name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from promojobs import download, waiting
from promojobs.calls import Calls, checked
from promojobs.errors import Refused, Unreachable, WrongUse
from promojobs.values import KINDS, Code, Estimate, Job, Promotion, Usage, Validity

_PROMOTIONS = "/v2/promotions"
_DONE, _NOT_FOUND = 200, 404


class Client(Calls):
    """Everything of :class:`Calls`, which makes it, and what it can be asked for."""

    # Promotions

    def promotions(self) -> Iterator[Promotion]:
        """Newest first."""
        return map(Promotion.of, self.pages(_PROMOTIONS))

    def promotion(self, promotion_id: str) -> Promotion:
        return Promotion.of(self.call("GET", _promotion(promotion_id))["data"])

    def create_promotion(self, fields: Mapping[str, Any]) -> Promotion:
        """``fields`` are those of the API. Not sent again after a lost answer: it may have been created."""
        return Promotion.of(self.call("POST", _PROMOTIONS, {"type": "promotion", **fields})["data"])

    def update_promotion(self, promotion_id: str, **fields: Any) -> Promotion:
        changes = {"type": "promotion", "id": promotion_id, **fields}
        return Promotion.of(self.call("PUT", _promotion(promotion_id), changes)["data"])

    def delete_promotion(self, promotion_id: str) -> None:
        self.call("DELETE", _promotion(promotion_id))

    # Jobs

    def generate(
        self,
        promotion_id: str,
        number: int,
        *,
        prefix: str | None = None,
        length: int | None = None,
        uses: int | None = None,
        per: str | None = None,
        name: str | None = None,
        key: str | None = None,
    ) -> Job:
        """Start a job that makes so many codes. ``per`` is cart or item. The same ``key`` gives the same job."""
        return self.start(promotion_id, self.generation(number, prefix, length, uses, per), name=name, key=key)

    def generation(
        self, number: int, prefix: str | None, length: int | None, uses: int | None, per: str | None
    ) -> dict[str, Any]:
        """The job that :meth:`generate` starts, as :meth:`start` and :meth:`estimate` take it."""
        given = {
            "number_of_codes": number,
            "code_prefix": prefix,
            "code_length": length,
            "max_uses_per_code": uses,
            "consume_unit": per and f"per_{per}",
        }
        return _job("generate", given)

    def export(self, promotion_id: str, *, job_id: str | None = None, key: str | None = None, **parameters: Any) -> Job:
        """Start an export of all codes, or of one job's. ``parameters`` are those of the API."""
        return self.start(promotion_id, self.exporting(job_id=job_id, **parameters), key=key)

    def exporting(self, *, job_id: str | None = None, **parameters: Any) -> dict[str, Any]:
        """The job that :meth:`export` starts, as :meth:`start` and :meth:`estimate` take it."""
        return _job("export", {"job_id": job_id, **parameters})

    def delete_codes(self, promotion_id: str, *, job_id: str | None = None, key: str | None = None) -> Job:
        """Start a deletion of the codes of a job, or of all codes for None."""
        what = {"all": True} if job_id is None else {"job_id": job_id}
        return self.start(promotion_id, _job("delete", what), key=key)

    def import_codes(
        self,
        promotion_id: str,
        file: str | Path,
        *,
        on_duplicate: str | None = None,
        uses: int | None = None,
        per: str | None = None,
        name: str | None = None,
    ) -> Job:
        """Send a CSV with codes, and start a job that imports it. ``on_duplicate`` is skip or fail.

        A second call sends the file again: then all of its codes are duplicates. Raises WrongUse for a file that cannot
        be read.
        """
        job = self.importing(self.upload(promotion_id, file), on_duplicate, uses, per)
        return self.start(promotion_id, job, name=name)

    def importing(
        self, upload_id: str, on_duplicate: str | None = None, uses: int | None = None, per: str | None = None
    ) -> dict[str, Any]:
        """The job that :meth:`import_codes` starts of an upload, as :meth:`start` and :meth:`estimate` take it."""
        given = {
            "upload_id": upload_id,
            "on_duplicate": on_duplicate,
            "max_uses_per_code": uses,
            "consume_unit": per and f"per_{per}",
        }
        return _job("import", given)

    def upload(self, promotion_id: str, file: str | Path) -> str:
        """Send a file, which an import can use within a day. Returns the upload's id."""
        path = Path(file)
        measured = download.Measured.of(path)
        if not measured.bytes:
            raise WrongUse(f"{path} is empty")
        data = {"bytes": measured.bytes, "sha256": measured.sha256}
        # An upload that is announced twice is forgotten after a day.
        upload = self.call("POST", f"{_promotion(promotion_id)}/uploads", data, may_repeat=True)["data"]
        headers = {**upload["headers"], "Content-Length": str(measured.bytes)}
        answer = self._transport.send("PUT", upload["href"], headers, lambda: path.open("rb"), may_repeat=True)
        if answer.status != _DONE:
            raise Unreachable(f"The file's store answered {answer.status}", status=answer.status)
        return str(upload["upload_id"])

    def start(
        self, promotion_id: str, job: Mapping[str, Any], *, name: str | None = None, key: str | None = None
    ) -> Job:
        """Start any job, once: without a ``key`` one is made before the first try."""
        data = {**job, "name": name} if name else job
        return Job.of(self.call("POST", _jobs(promotion_id), data, key=key or self.new_key())["data"])

    def estimate(self, promotion_id: str, job: Mapping[str, Any]) -> Estimate:
        """What a job would take; nothing is started."""
        query = {"dry_run": "true"}
        return Estimate.of(self.call("POST", _jobs(promotion_id), job, query=query, may_repeat=True)["data"])

    def jobs(self, promotion_id: str, *, kind: str | None = None, status: str | None = None) -> Iterator[Job]:
        """Newest first. ``kind`` is generate, export, delete or import."""
        clauses = [f"eq(job_type,{KINDS[kind]})" if kind else "", f"eq(status,{status})" if status else ""]
        filter_ = ":".join(filter(None, clauses))
        return map(Job.of, self.pages(_jobs(promotion_id), {"filter": filter_} if filter_ else {}))

    def job(self, promotion_id: str, job_id: str) -> Job:
        return Job.of(self.call("GET", _job_path(promotion_id, job_id))["data"])

    def cancel(self, promotion_id: str, job_id: str) -> Job:
        """The job, which is being cancelled, or was already. Raises Refused for one that has ended otherwise."""
        try:
            return Job.of(self.call("POST", f"{_job_path(promotion_id, job_id)}/cancel", may_repeat=True)["data"])
        except Refused:
            # A second one is refused, also where the answer to the first was lost.
            job = self.job(promotion_id, job_id)
            if job.status in {"cancelling", "cancelled"}:
                return job
            raise

    def wait(
        self,
        job: Job,
        on_progress: Callable[[Job], None] = lambda _: None,
        *,
        on_trouble: Callable[[Unreachable], None] = lambda _: None,
        timeout: float | None = None,
    ) -> Job:
        """The job when it has ended. Raises JobFailed, JobCancelled, and TimedOut after so many seconds.

        A service that cannot be reached is asked on and on; ``on_trouble`` is told each time that all tries failed.
        """
        path = _job_path(job.promotion_id, job.id)

        def look(within: float) -> Job:
            return Job.of(checked(self.request("GET", path, within=within))["data"])

        watch = waiting.Watch(look, self._sleep, self._clock, on_trouble)
        return waiting.succeeded(watch.until_end(job, on_progress, timeout))

    # Files

    def links(self, job: Job) -> Sequence[str]:
        """Links to the job's files, good for an hour; a reader needs no token."""
        found = self.call("GET", f"{_job_path(job.promotion_id, job.id)}/file")
        return [file["href"] for file in found["files"]]

    def save(self, job: Job, target: str | Path, *, force: bool = False) -> Path:
        """Download the file of an export, and write it under its name only when it is right.

        Raises WrongUse if the target is there and not to be replaced, or the export has more files than one; FileWrong,
        Refused and Unreachable.
        """
        path = Path(target)
        download.check_target(path, force=force)
        download.to_path(self._opened(job), download.only_file(job), path, self._waits)
        return path

    def read_to(self, job: Job, write: Callable[[bytes], object]) -> None:
        """Download the file of an export into ``write``, and raise FileWrong at the end if it was not right."""
        download.to_sink(self._opened(job), download.only_file(job), write)

    def _opened(self, job: Job) -> download.Open:
        # A link for each try: the last one may have ended.
        return lambda: self._transport.stream(self.links(job)[0])

    # Codes

    def find_code(self, code: str) -> tuple[Promotion, Code] | None:
        """The code, whatever its case, and its promotion; None if there is none."""
        found = self.call("GET", _PROMOTIONS, query={"filter": _is_code(code)})["data"]
        if not found:
            return None
        promotion = Promotion.of(found[0])
        try:
            return promotion, Code.of(self.call("GET", f"{_codes(promotion.id)}/{quote(code, safe='')}")["data"])
        except Refused as error:
            if error.status != _NOT_FOUND:
                raise
            return None

    def add_codes(self, promotion_id: str, codes: Sequence[str], *, uses: int | None = None) -> Promotion:
        """Add up to 50 codes by hand, all or nothing."""
        given = [{"code": code} | ({} if uses is None else {"uses": uses}) for code in codes]
        return Promotion.of(
            self.call("POST", _codes(promotion_id), {"type": "promotion_codes", "codes": given})["data"]
        )

    def remove_codes(self, promotion_id: str, codes: Sequence[str]) -> None:
        """Delete up to 50 codes; those that are not there do not matter."""
        given = [{"code": code} for code in codes]
        self.call("DELETE", _codes(promotion_id), {"type": "promotion_codes", "codes": given})

    # Redemptions

    def validate(self, code: str, **more: Any) -> Validity:
        """Whether the code can be used now. ``more`` are members of the API, such as ``customer_id``."""
        path = f"{_PROMOTIONS}/codes/validate"
        return Validity.of(self.call("POST", path, {"code": code, **_given(more)}, may_repeat=True)["data"])

    def redeem(self, code: str, redemption_id: str, **more: Any) -> Usage:
        """Use a code, once for each id."""
        data = {"code": code, "id": redemption_id, **_given(more)}
        return Usage.of(self.call("POST", f"{_PROMOTIONS}/redemptions", data, may_repeat=True)["data"])

    def roll_back(self, code: str, redemption_id: str, quantity: int = 0) -> Usage:
        """Give back the uses of an id, all but so many."""
        data = {"code": code, "id": redemption_id, "quantity": quantity}
        return Usage.of(self.call("POST", f"{_PROMOTIONS}/redemptions/rollback", data, may_repeat=True)["data"])

    def usages(self, promotion_id: str, *, code: str | None = None) -> Iterator[Usage]:
        """What was redeemed of a promotion, newest first; of one code, if it is named."""
        query = {"filter": _is_code(code)} if code else {}
        return map(Usage.of, self.pages(f"{_promotion(promotion_id)}/usages", query))


def _promotion(promotion_id: str) -> str:
    return f"{_PROMOTIONS}/{quote(promotion_id, safe='')}"


def _codes(promotion_id: str) -> str:
    return f"{_promotion(promotion_id)}/codes"


def _jobs(promotion_id: str) -> str:
    return f"{_promotion(promotion_id)}/jobs"


def _job_path(promotion_id: str, job_id: str) -> str:
    return f"{_jobs(promotion_id)}/{quote(job_id, safe='')}"


def _is_code(code: str) -> str:
    """The filter: in quotes, a code may have any characters."""
    escaped = code.replace("\\", r"\\").replace('"', r"\"")
    return f'eq(code,"{escaped}")'


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _job(kind: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    given = _given(parameters)
    return {"type": "promotion_job", "job_type": KINDS[kind], **({"parameters": given} if given else {})}
