"""Every screen in every state: where it is, what the API answers, and what a person does to get there."""

from tests.stack.console import samples
from tests.stack.console.samples import (
    EXPORT,
    HISTORY,
    IMPORT,
    OPEN,
    RUNNING,
    UNANSWERED,
    fault,
    forecast,
    job,
    listing,
    progress,
    promotion,
)
from tests.stack.console.scene import (
    BUSY,
    DRY_RUN,
    GENERATE,
    IMPORTING,
    JOB,
    MILLION,
    NEW_JOB,
    PROMOTION,
    SENDING,
    THE_CODES,
    THE_JOB,
    THE_JOBS,
    THE_PROMOTION,
    THE_REPORT,
    Scene,
    choose,
    ended,
    fill,
    import_it,
    of_job,
    press,
)

_AN_IMPORT = {key: IMPORT[key] for key in ("job_type", "name", "parameters")}
_BUSY_PROMOTION = {
    THE_PROMOTION: (200, {"data": promotion(codes=OPEN)}),
    THE_JOBS: (200, listing([RUNNING, *HISTORY])),
    THE_JOB: (200, {"data": RUNNING}),
}
_REFUSED = fault(
    400,
    "Code space too small",
    "One guess in 28,242 would hit one of these codes, and at most one in 100,000 may: use a code_length of at least 9",
    "data.parameters.code_length",
)
_BAD_END = fault(400, "invalid", "end must not be before start", "data.end")
_FULL = fault(422, "Unprocessable Entity", "max_codes must be at least the 188,000 codes in use")
_TOO_MANY_JOBS = fault(400, "Too many jobs", "Only 1 pending or processing job is allowed per promotion.")

SIGN_IN = [
    Scene("sign-in", "/promotions", "Sign in", signed_in=False),
    Scene(
        "sign-in-refused",
        "/promotions",
        "Sign in",
        act=fill("Sign in", client_id="3f1c9a7be2", client_secret="not the secret"),
        shows="The id or the secret is wrong",
        signed_in=False,
    ),
]
LISTS = [
    Scene("promotions", "/promotions", "Promotions", shows="Welcome back"),
    Scene(
        "promotions-running",
        "/promotions",
        "Promotions",
        {r"GET promotions": (200, listing([promotion(codes=OPEN)])), THE_JOB: (200, {"data": RUNNING})},
        shows="Generating, 62 %",
    ),
    Scene(
        "promotions-empty",
        "/promotions",
        "Promotions",
        {r"GET promotions": (200, listing([]))},
        shows="No promotions yet",
    ),
    Scene("promotions-failed", "/promotions", "Promotions", {r"GET promotions": BUSY}, shows="could not be loaded"),
    Scene(
        "promotions-throttled",
        "/promotions",
        "Promotions",
        {r"GET promotions": fault(429, "Too Many Requests", "Ask again later")},
        shows="Too Many Requests",
    ),
    Scene(
        "promotions-loading",
        "/promotions",
        "Promotions",
        {r"GET promotions": UNANSWERED},
        act=lambda page: page.locator("[aria-busy=true]").first.wait_for(),
    ),
    Scene(
        "promotions-forbidden",
        "/promotions",
        "Promotions",
        {r"GET promotions": fault(403, "Forbidden")},
        shows="may not do this",
    ),
    Scene(
        "promotions-many",
        "/promotions",
        "Promotions",
        {r"GET promotions": (200, listing([promotion()], 12_000))},
        shows="first 10,000 promotions",
    ),
    Scene("nowhere", "/nowhere", "There is no such page"),
]
FORMS = [
    Scene("new", "/promotions/new", "New promotion"),
    Scene(
        "new-faults",
        "/promotions/new",
        "New promotion",
        act=fill("Create the promotion", name="Autumn sale", amount="10.00", start="2026-09-01", end="2026-08-31"),
        shows="The last day is before the first.",
    ),
    Scene(
        "new-refused",
        "/promotions/new",
        "New promotion",
        {r"POST promotions": _BAD_END},
        fill("Create the promotion", name="Autumn sale", amount="10", start="2026-09-01", end="2026-09-30"),
        "End must not be before start.",
    ),
    Scene(
        "new-json",
        "/promotions/new",
        "New promotion",
        act=lambda page: page.get_by_text("Something else (JSON)").click(),
    ),
    Scene("settings", f"{PROMOTION}/settings", "Summer sale", shows="Delete the promotion"),
    Scene(
        "settings-refused",
        f"{PROMOTION}/settings",
        "Summer sale",
        {r"PUT promotions/[^/]+": _FULL},
        fill("Save", most="1000"),
        "at least the 188,000 codes in use",
    ),
    Scene(
        "delete-promotion",
        f"{PROMOTION}/settings",
        "Summer sale",
        act=press("Delete the promotion …"),
        shows="Type its name",
    ),
]
PROMOTIONS = [
    Scene("promotion", PROMOTION, "Summer sale", shows="For the print shop"),
    Scene("promotion-running", PROMOTION, "Summer sale", _BUSY_PROMOTION, shows="one job at a time"),
    Scene(
        "promotion-empty",
        PROMOTION,
        "Summer sale",
        {THE_PROMOTION: (200, {"data": promotion(codes={"in_use": 0, "visible": 0})}), THE_JOBS: (200, listing([]))},
        shows="No codes yet",
    ),
    Scene(
        "promotion-gone",
        PROMOTION,
        "This promotion is not there any more",
        {
            THE_PROMOTION: fault(404, "Not Found", "promotion not found"),
            THE_JOBS: fault(404, "Not Found", "promotion not found"),
        },
        shows="promotion not found",
    ),
    Scene(
        "cancel",
        PROMOTION,
        "Summer sale",
        _BUSY_PROMOTION,
        press("Cancel the job …"),
        "312,000 codes made so far are deleted",
    ),
    Scene(
        "delete-codes",
        PROMOTION,
        "Summer sale",
        {DRY_RUN: (200, {"data": forecast(180_000, None)})},
        press("Delete codes …"),
        "180,000 codes stop working",
    ),
    Scene(
        "download-expired",
        PROMOTION,
        "Summer sale",
        {
            r"GET promotions/[^/]+/jobs/[^/]+/file": fault(
                422, "Unprocessable Entity", "Job has no file to download. The file expired at 2026-06-08T12:00:00.000Z"
            )
        },
        press("Download the CSV of For the print shop"),
        "The file expired",
    ),
]
GENERATES = [
    Scene(
        "generate",
        GENERATE,
        "Generate codes",
        act=fill(count="500000", prefix="summer", name="Codes for the July mailing"),
        shows="summer-b7kd-9fzm",
    ),
    Scene(
        "generate-refused",
        GENERATE,
        "Generate codes",
        {DRY_RUN: _REFUSED},
        fill(count="10000000"),
        "Code space too small",
    ),
    Scene(
        "generate-no-room",
        GENERATE,
        "Generate codes",
        {DRY_RUN: (200, {"data": forecast(600_000, room_is_enough=False)})},
        fill(count="600000"),
        "88,000 too many",
    ),
    Scene(
        "generate-signed-out",
        GENERATE,
        "Generate codes",
        {NEW_JOB: fault(401, "Unauthorized")},
        act=press("Generate 1,000 codes"),
        shows="Your hour is over",
    ),
    Scene(
        "generate-locked",
        GENERATE,
        "Generate codes",
        {DRY_RUN: (200, {"data": forecast(lock_is_free=False)})},
        shows="Another job runs",
    ),
    Scene("generate-unreachable", GENERATE, "Generate codes", {DRY_RUN: BUSY}, shows="There is no preview"),
    Scene(
        "generate-no-number", GENERATE, "Generate codes", act=fill(count="none"), shows="A whole number, at least 1."
    ),
    Scene(
        "generate-lost",
        GENERATE,
        "Generate codes",
        {NEW_JOB: _TOO_MANY_JOBS},
        press("Generate 1,000 codes"),
        "Another job runs",
    ),
]
IMPORTS = [
    Scene("import", IMPORTING, "Import codes", shows="Choose a file"),
    Scene("import-chosen", IMPORTING, "Import codes", act=choose(), shows="How the file begins"),
    Scene(
        "import-workbook",
        IMPORTING,
        "Import codes",
        act=choose(b"PK\x03\x04\xff\xfe", "codes.xlsx"),
        shows="This is no text in UTF-8",
    ),
    Scene("import-empty", IMPORTING, "Import codes", act=choose(b""), shows="The file is empty."),
    Scene("import-sending", IMPORTING, "Import codes", {SENDING: UNANSWERED}, import_it, "Sent 0 bytes of 28 bytes"),
    Scene(
        "import-not-sent", IMPORTING, "Import codes", {SENDING: (403, "")}, import_it, "The bucket refused the file."
    ),
    Scene("import-lost", IMPORTING, "Import codes", {NEW_JOB: BUSY}, import_it, "It is not known whether"),
    Scene("import-locked", IMPORTING, "Import codes", _BUSY_PROMOTION, shows="Another job runs"),
    Scene(
        "job-importing",
        JOB,
        "Printed cards",
        of_job("processing", **_AN_IMPORT, meta={"progress": progress(62_000, 200_000)}),
        shows="of 200,000 rows",
    ),
    Scene(
        "job-import-begun",
        JOB,
        "Printed cards",
        of_job("processing", **_AN_IMPORT),
        shows="The file is read a first time",
    ),
    Scene("job-imported", JOB, "Printed cards", ended(IMPORT), shows="more cells than the first line"),
    Scene("job-imported-no-report", JOB, "Printed cards", ended(IMPORT) | {THE_REPORT: BUSY}, shows="could not be"),
    Scene(
        "job-import-failed",
        JOB,
        "Printed cards",
        ended(job(status="failed", error="line 3: duplicate in the file", **_AN_IMPORT)),
        shows="Nothing of it was imported",
    ),
]
THE_ENDS = [
    Scene("job-waiting", JOB, "Codes for the July mailing", of_job("pending"), shows="Waiting since"),
    Scene(
        "job-running",
        JOB,
        "Codes for the July mailing",
        of_job("processing", meta={"progress": progress(312_000)}),
        shows="312,000",
    ),
    Scene(
        "job-cancelling",
        JOB,
        "Codes for the July mailing",
        of_job("cancelling", meta={"progress": progress(214_000, 312_000)}),
        shows="Removing what it made",
    ),
    Scene(
        "job-generated",
        JOB,
        "Codes for the July mailing",
        ended(job(result={"generated": 500_000, "deleted": 12})),
        shows="can be used",
    ),
    Scene("job-exported", JOB, "For the print shop", ended(EXPORT), shows="SHA-256"),
    Scene(
        "job-exported-parts",
        JOB,
        "For the print shop",
        ended(
            EXPORT
            | {
                "meta": {
                    "timestamps": EXPORT["meta"]["timestamps"],
                    "files": [samples.FILE, samples.FILE | {"rows": 1, "sha256": samples.SHA256[::-1]}],
                }
            }
        ),
        shows="Download part 2",
    ),
    Scene("job-deleted", JOB, "Wrong prefix", ended(HISTORY[2]), shows="20,000 codes deleted"),
    Scene("job-failed", JOB, "Second try, too many", ended(HISTORY[4]), shows="It failed"),
    Scene("job-cancelled", JOB, "First try", ended(HISTORY[5]), shows="45,000 codes had been made"),
    Scene(
        "job-import-cancelled",
        JOB,
        "Printed cards",
        ended(
            job(status="cancelled", result={"imported": 0, "duplicates": 0, "invalid": 0, "deleted": 0}, **_AN_IMPORT)
        ),
        shows="0 codes had been imported",
    ),
    Scene("job-gone", JOB, "This job is not there any more", {THE_JOB: fault(404, "Not Found", "job not found")}),
]
CODES = [
    Scene("codes", f"{PROMOTION}/codes", "Summer sale", shows="Codes by job"),
    Scene(
        "codes-million",
        f"{PROMOTION}/codes",
        "Summer sale",
        {
            THE_PROMOTION: (200, {"data": promotion(max_codes=1_000_000, codes=MILLION)}),
            THE_CODES: (200, listing([samples.code()], 1_000_000)),
        },
        shows="too many to page through",
    ),
    Scene("codes-empty", f"{PROMOTION}/codes", "Summer sale", {THE_CODES: (200, listing([]))}, shows="No codes yet"),
    Scene(
        "delete-code",
        f"{PROMOTION}/codes",
        "Summer sale",
        act=press("Delete summer-b7kd-9fzm …"),
        shows="never generated again",
    ),
    Scene("uses", f"{PROMOTION}/uses", "Summer sale", shows="Uses a day"),
    Scene(
        "uses-empty",
        f"{PROMOTION}/uses",
        "Summer sale",
        {r"GET promotions/[^/]+/usages": (200, listing([]))},
        shows="Nothing was used yet",
    ),
    Scene("code", "/code?q=SUMMER-B7KD-9FZM", "summer-b7kd-9fzm", shows="Uses left"),
    Scene(
        "code-none", "/code?q=nope", "nope", {r"GET promotions": (200, listing([]))}, shows="No promotion has this code"
    ),
]
SCENES = [*SIGN_IN, *LISTS, *FORMS, *PROMOTIONS, *GENERATES, *IMPORTS, *THE_ENDS, *CODES]
