"""The API's answers as typed shapes: answers.py renders them, mypy holds it to them, and the OpenAPI document is
written from them (tools/openapi). Descriptions are for clients.

No function loads this module: pydantic's annotations cost a cold start and serve the document alone.
"""

from typing import Annotated, Any, Generic, Literal, NotRequired, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from promotion_jobs.codes.code import ConsumeUnit
from promotion_jobs.jobs.job import JobStatus, JobType, OnDuplicate
from promotion_jobs.jobs.rows import Column
from promotion_jobs.redemptions.redemption import Reason, Status
from promotion_jobs.tokens.token import Grant

T = TypeVar("T")

Id = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Uri = Annotated[str, Field(json_schema_extra={"format": "uri"})]
LineEnding = Literal["crlf", "lf"]
Link = Annotated[str, Field(description="absolute; its brackets are not percent-encoded")]
UsageId = Annotated[str, Field(pattern="^[0-9A-Za-z_-]{47}$")]
Filled = Annotated[str, Field(min_length=1)]
GuessOdds = Annotated[str, Field(pattern="^1 in [0-9,]+$")]
ShownJobType = Literal[JobType.CODE_GENERATE, JobType.CODE_EXPORT, JobType.CODE_DELETE, JobType.CODE_IMPORT]


class ClientCredentialsForm(TypedDict):
    grant_type: Literal[Grant.CLIENT_CREDENTIALS]
    client_id: Filled
    client_secret: Filled


class ImplicitForm(TypedDict):
    grant_type: Literal[Grant.IMPLICIT]
    client_id: Filled


TokenForm = ClientCredentialsForm | ImplicitForm


class Token(TypedDict):
    access_token: Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
    expires: Annotated[int, Field(description="epoch seconds")]
    expires_in: int
    identifier: Grant
    token_type: Literal["Bearer"]


class Created(TypedDict):
    created_at: Time


class Timestamps(Created):
    updated_at: Time


class CodesInUse(TypedDict):
    in_use: Annotated[int, Field(description="of max_codes: the visible ones, and those that an open job has claimed")]
    visible: Annotated[int, Field(description="what the list of codes shows")]
    open_job: NotRequired[Annotated[Id, Field(description="the job that keeps others from starting")]]


class PromotionMeta(TypedDict):
    timestamps: Timestamps
    codes: CodesInUse


class PromotionFields(TypedDict):
    name: str
    description: str
    enabled: bool
    promotion_type: str
    schema: dict[str, Any]
    start: Time
    end: Time
    min_cart_value: NotRequired[list[Any]]
    max_discount_value: NotRequired[list[Any]]
    max_applications_per_cart: NotRequired[int]
    automatic: NotRequired[Annotated[Literal[True], Field(description="left out where it is false")]]


class Promotion(PromotionFields):
    type: Literal["promotion"]
    id: Id
    parent_id: Id
    current: Literal[True]
    max_codes: int
    created_by: str
    updated_by: str
    meta: PromotionMeta


class GenerateParameters(TypedDict):
    number_of_codes: int
    consume_unit: NotRequired[ConsumeUnit]
    max_uses_per_code: NotRequired[int]
    code_length: NotRequired[int]
    code_prefix: NotRequired[str]


class ExportParameters(TypedDict):
    job_id: NotRequired[Annotated[Id, Field(description="of an export: the job whose codes it has")]]
    columns: NotRequired[list[Column]]
    header: NotRequired[dict[Column, str] | Literal[False]]
    rows_per_file: NotRequired[int]
    bom: NotRequired[bool]
    line_ending: NotRequired[LineEnding]
    gzip: NotRequired[bool]


class DeleteJobParameters(TypedDict):
    job_id: Annotated[Id, Field(description="of a deletion: the job whose codes it deletes")]


class DeleteAllParameters(TypedDict):
    all: Annotated[Literal[True], Field(description="of a deletion of all codes")]


class ImportParameters(TypedDict):
    upload_id: Id
    on_duplicate: NotRequired[OnDuplicate]
    max_uses_per_code: NotRequired[int]
    consume_unit: NotRequired[ConsumeUnit]


Parameters = GenerateParameters | ExportParameters | DeleteJobParameters | DeleteAllParameters | ImportParameters


class Progress(TypedDict):
    done: int
    total: int
    percent: int
    updated_at: NotRequired[Annotated[Time, Field(description="when done went up last, or the work began")]]
    codes_per_second: NotRequired[Annotated[int, Field(description="since the work began")]]
    recent_codes_per_second: NotRequired[Annotated[int, Field(description="over the last seconds; 0 if it stands")]]
    eta: NotRequired[Annotated[Time, Field(description="by codes_per_second")]]


class File(TypedDict):
    rows: int
    bytes: int
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class JobMeta(TypedDict):
    timestamps: Timestamps
    progress: NotRequired[
        Annotated[
            Progress,
            Field(
                description="while the job is open: codes made, rows exported or imported, codes deleted, "
                "or codes of a cancelled job removed again"
            ),
        ]
    ]
    guess_odds: NotRequired[GuessOdds]
    file: NotRequired[Annotated[File, Field(description="of an export with one file; of an import: the refused rows")]]
    files: NotRequired[Annotated[list[File], Field(description="of an export that has more")]]


class GenerateResult(TypedDict):
    generated: int
    deleted: NotRequired[Annotated[int, Field(description="how many of its codes are gone again")]]


class DeleteResult(TypedDict):
    deleted: Annotated[int, Field(description="how many codes a deletion has deleted")]


class ImportResult(TypedDict):
    imported: int
    duplicates: Annotated[int, Field(description="rows whose code is in use, or twice in the file")]
    invalid: Annotated[int, Field(description="rows that are no code")]
    deleted: NotRequired[Annotated[int, Field(description="how many of its codes are gone again")]]


Result = GenerateResult | DeleteResult | ImportResult


class Asked(TypedDict):
    name: NotRequired[str]
    parameters: NotRequired[Parameters]


class Failure(TypedDict):
    error: NotRequired[str]


class Outcome(TypedDict):
    result: NotRequired[Result]


class Job(Asked, Failure, Outcome):
    type: Literal["promotion_job"]
    id: Id
    promotion_id: Id
    job_type: ShownJobType
    status: JobStatus
    created_by: str
    meta: JobMeta


class Upload(TypedDict):
    upload_id: Id
    href: Annotated[str, Field(description="where to PUT the file")]
    headers: Annotated[dict[str, str], Field(description="to send with it, beside Content-Length")]
    expires_at: Annotated[Time, Field(description="when the link ends")]


class Cost(TypedDict):
    amount: str
    currency: Literal["USD"]
    region: str
    prices_of: str


class DryRun(TypedDict):
    lock_is_free: bool
    room_is_enough: bool
    room: int
    codes: Annotated[int, Field(description="how many the job would make, export or delete")]
    estimated_seconds: int
    estimated_cost: Cost


class ForecastMeta(TypedDict):
    guess_odds: NotRequired[GuessOdds]
    example_codes: NotRequired[
        Annotated[list[str], Field(description="three made-up codes of the form that was asked for")]
    ]
    dry_run: DryRun


class Forecast(Asked):
    type: Literal["promotion_job"]
    promotion_id: Id
    job_type: ShownJobType
    meta: ForecastMeta


class CodeMeta(TypedDict):
    timestamps: Created


class Terms(TypedDict):
    consume_unit: NotRequired[ConsumeUnit]
    user: NotRequired[str | list[str]]
    max_uses: NotRequired[int]
    uses: NotRequired[Annotated[int, Field(description="what remains")]]


class Origin(TypedDict):
    job_id: NotRequired[Annotated[Id, Field(description="the job that made it; none for one made by hand")]]


class Code(Terms, Origin):
    type: Literal["promotion_codes"]
    id: str
    code: str
    created_by: str
    meta: CodeMeta


class LinkedFile(File):
    href: Uri
    name: Annotated[str, Field(description="under which a browser saves it")]


class FileLinks(TypedDict):
    href: Annotated[Uri, Field(description="of the first file")]
    files: Annotated[list[LinkedFile], Field(description="all of them, in the order of their rows")]


class One(TypedDict, Generic[T]):
    data: T


class Links(TypedDict):
    current: Link
    first: Link
    last: Link
    prev: Link
    next: Link


class PageNumbers(TypedDict):
    limit: int
    offset: int
    current: int
    total: int


class Results(TypedDict):
    total: int


class ListMeta(TypedDict):
    page: PageNumbers
    results: Results


class Many(TypedDict, Generic[T]):
    data: list[T]
    links: Links
    meta: ListMeta


class Validity(TypedDict):
    type: Literal["promotion_code_validity"]
    valid: bool
    reason: NotRequired[Annotated[Reason, Field(description="why it is not valid")]]
    code: Annotated[str, Field(description="as it was made; one that is not found as it was sent")]
    promotion: NotRequired[Promotion]
    consume_unit: NotRequired[ConsumeUnit]
    max_uses: NotRequired[int]
    uses: NotRequired[Annotated[int, Field(description="what remains")]]
    units: NotRequired[Annotated[int, Field(description="the uses that redeeming this quantity takes")]]
    ends_at: NotRequired[Annotated[Time, Field(description="when the promotion ends: from then on it is refused")]]
    already_redeemed: Annotated[bool, Field(description="whether this id has redeemed it")]


class Updated(TypedDict):
    updated_at: Time


class UsageMeta(TypedDict):
    timestamps: Updated


class Usage(TypedDict):
    id: UsageId
    promotion_id: Id
    redemption_id: Annotated[str, Field(description="the id that the shop gave it")]
    status: Status
    order_id: str
    code_id: str
    code: str
    times_used: Annotated[int, Field(description="the uses that it takes")]
    used_on: Time
    expires_at: NotRequired[Annotated[Time, Field(description="when a hold ends")]]
    customer_id: NotRequired[str]
    customer_email: NotRequired[str]
    meta: UsageMeta
    updated_by: NotRequired[Annotated[str, Field(description="the client that made it anonymous")]]
    anonymized: bool


class ErrorMeta(TypedDict):
    reason: NotRequired[Annotated[Reason, Field(description="why a code cannot be used")]]
    uses: NotRequired[Annotated[int, Field(description="what remains of it")]]
    usage_ids: NotRequired[Annotated[list[str], Field(description="those that are not there")]]


class Error(TypedDict):
    title: str
    status: NotRequired[int | str]
    detail: NotRequired[str]
    source: NotRequired[Annotated[str, Field(description="dotted path of what is wrong")]]
    request_id: NotRequired[str]
    meta: NotRequired[ErrorMeta]


class Anonymized(TypedDict):
    data: list[Usage]
    errors: NotRequired[list[Error]]


class Errors(TypedDict):
    errors: list[Error]


class GatewayError(TypedDict):
    message: Annotated[str, Field(description="the gateway's own words, where no function answers")]
