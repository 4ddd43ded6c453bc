"""The items of clients and of their access tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from promotion_jobs.aws import keys
from promotion_jobs.aws.keys import Range
from promotion_jobs.aws.table import ConditionLost, Item, Table
from promotion_jobs.tokens.token import Client, Grant, Right, Token
from promotion_jobs.values import from_text, to_text


def _to_client(item: Item) -> Client:
    only = Right(item["only"]) if "only" in item else None
    return Client(item["sk"], item["name"], item["secret_hash"], from_text(item["created_at"]), only)


@dataclass(frozen=True, slots=True)
class TokenStore:
    table: Table

    def add_client(self, client: Client) -> None:
        self.table.transact(
            self.table.put(
                keys.client(client.id),
                {
                    "name": client.name,
                    "secret_hash": client.secret_hash,
                    "created_at": to_text(client.created_at),
                    **({"only": client.only} if client.only else {}),
                },
            )
        )

    def client(self, client_id: str) -> Client | None:
        item = self.table.get(keys.client(client_id))
        return _to_client(item) if item else None

    def clients(self) -> Sequence[Client]:
        return [_to_client(item) for item in self.table.query(Range(keys.CLIENTS))]

    def remove_client(self, client_id: str) -> bool:
        """Whether there was one."""
        try:
            self.table.transact(self.table.delete(keys.client(client_id), "attribute_exists(pk)"))
        except ConditionLost:
            return False
        return True

    def count_token(self, client_id: str, grant: Grant, minute: datetime, most: int) -> bool:
        """Count one more that the client is issued in that minute, unless it has had the most that it may.

        Returns whether it was counted. Where the answer to the first attempt is lost, one token counts twice.
        """
        return self.table.change(
            keys.tokens_issued(client_id, grant, to_text(minute)),
            "SET #expires_at = :expires_at ADD #issued :one",
            "attribute_not_exists(pk) OR #issued < :most",
            expires_at=int((minute + timedelta(minutes=1)).timestamp()),
            one=1,
            most=most,
        )

    def add_token(self, token_hash: str, token: Token) -> None:
        """``expires_at`` is the table's TTL attribute, in epoch seconds."""
        self.table.transact(
            self.table.put(
                keys.token(token_hash),
                {
                    "client_id": token.client_id,
                    "grant": token.grant,
                    "expires_at": int(token.expires_at.timestamp()),
                },
            )
        )

    def token(self, token_hash: str) -> Token | None:
        item = self.table.get(keys.token(token_hash))
        if item is None:
            return None
        expires_at = datetime.fromtimestamp(item["expires_at"], UTC)
        return Token(item["client_id"], Grant(item["grant"]), expires_at)
