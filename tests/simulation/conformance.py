"""For the conformance tests: a table to try a call on, and short ways to write calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from local.aws import Aws
from promotion_jobs.aws.table import from_item, to_item
from tests.aws.dynamodb import MemoryDynamoDB

KEY = {"pk": "a", "sk": "1"}
Reasons = list[tuple[str, dict[str, Any] | None]]


def make_table(client: Any, name: str) -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    )


@dataclass(frozen=True, slots=True)
class Bench:
    client: Any
    table: str

    @classmethod
    def in_memory(cls) -> "Bench":
        return cls(MemoryDynamoDB(whole=True), "table")

    @classmethod
    def on(cls, emulator: Aws) -> "Bench":
        name = f"bench-{uuid4().hex}"
        make_table(emulator.dynamodb, name)
        return cls(emulator.dynamodb, name)

    def put(self, **attributes: Any) -> dict[str, Any]:
        return {"Put": {"TableName": self.table, "Item": to_item({**KEY, **attributes})}}

    def action(self, kind: str, sk: str = "1", *, names: str = "", **request: Any) -> dict[str, Any]:
        """An Update, Delete or ConditionCheck; values are those members that start with a small letter."""
        values = {f":{name}": value for name, value in request.items() if name[0].islower()}
        members = {name: value for name, value in request.items() if not name[0].islower()}
        if values:
            members["ExpressionAttributeValues"] = to_item(values)
        if names:
            members["ExpressionAttributeNames"] = {f"#{name}": name for name in names.split()}
        return {kind: {"TableName": self.table, "Key": to_item({"pk": "a", "sk": sk}), **members}}

    def transact(self, *actions: dict[str, Any], **options: Any) -> Reasons | str:
        """The reasons why not, an error's code, or no reasons."""
        try:
            self.client.transact_write_items(TransactItems=actions, **options)
        except self.client.exceptions.TransactionCanceledException as error:
            return [
                (reason["Code"], from_item(reason["Item"]) if "Item" in reason else None)
                for reason in error.response["CancellationReasons"]
            ]
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return []

    def add(self, **attributes: Any) -> None:
        assert self.transact(self.put(**attributes)) == []

    def get(self, sk: str = "1") -> dict[str, Any] | None:
        """The item's attributes without its key."""
        answer = self.client.get_item(TableName=self.table, Key=to_item({"pk": "a", "sk": sk}), ConsistentRead=True)
        if "Item" not in answer:
            return None
        return {name: value for name, value in from_item(answer["Item"]).items() if name not in {"pk", "sk"}}

    def get_at_once(self, *sort_keys: str) -> Any:
        """An item or None for each key, or an error's code with its reasons."""
        gets = [{"Get": {"TableName": self.table, "Key": to_item({"pk": "a", "sk": sk})}} for sk in sort_keys]
        try:
            answer = self.client.transact_get_items(TransactItems=gets)
        except ClientError as error:
            told: Any = error.response
            return told["Error"]["Code"], [reason["Code"] for reason in told.get("CancellationReasons", ())]
        return [from_item(it["Item"]) if "Item" in it else None for it in answer["Responses"]]

    def query(self, condition: str = "pk = :pk", values: Mapping[str, Any] | None = None, **options: Any) -> Any:
        return self.client.query(
            TableName=self.table,
            ConsistentRead=True,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=to_item({":pk": "a", **(values or {})}),
            **options,
        )
