"""Stand for values that a test cannot know beforehand, in an answer that is compared whole."""

import re


class Like:
    """Equal to every text of a pattern."""

    def __init__(self, pattern: str) -> None:
        self.pattern = re.compile(pattern)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.pattern.fullmatch(other) is not None

    def __hash__(self) -> int:
        return hash(self.pattern)

    def __repr__(self) -> str:
        return f"<like {self.pattern.pattern}>"


AN_ID = Like(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
A_TIME = Like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
A_CODE = Like(r"[b-df-hj-km-np-tv-xz2-9]{4}-[b-df-hj-km-np-tv-xz2-9]{4}")
A_TOKEN = Like(r"[0-9a-f]{40}")
A_HASH = Like(r"[0-9a-f]{64}")
A_USAGE_ID = Like(r"[\w-]{47}")
