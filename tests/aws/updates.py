"""Update expressions: SET with arithmetic, REMOVE, ADD and DELETE, on whole attributes."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from tests.aws.errors import invalid
from tests.aws.expressions import Operand, Parser, Scope, attribute, given
from tests.aws.values import KEY_NAMES, Item, Value, comparable, content, members

Change = Callable[[Item, Scope], None]
"""Changes the item that is being made, by what the scope says of the old one."""


class ParsedUpdate(NamedTuple):
    changes: tuple[Change, ...]
    paths: tuple[str, ...]
    names: frozenset[str]
    values: frozenset[str]


class FalseUpdate(Exception):
    """The update makes no sense for the item as it is."""


def _resolved(name: str, scope: Scope) -> str:
    return scope.names[name] if name.startswith("#") else name


def _required(operand: Operand, scope: Scope) -> Value:
    value = operand(scope)
    if value is None:
        raise FalseUpdate("The provided expression refers to an attribute that does not exist in the item")
    return value


def _number(value: Value) -> Decimal:
    if "N" not in value:
        raise FalseUpdate("An operand in the update expression has an incorrect data type")
    return Decimal(value["N"])


def _calculated(left: Operand, right: Operand, sign: int) -> Operand:
    def calculate(scope: Scope) -> Value:
        return {"N": str(_number(_required(left, scope)) + sign * _number(_required(right, scope)))}

    return calculate


def _if_not_exists(name: str, otherwise: Operand) -> Operand:
    current = attribute(name)
    return lambda scope: found if (found := current(scope)) is not None else otherwise(scope)


def _joined(left: Operand, right: Operand) -> Operand:
    def join(scope: Scope) -> Value:
        lists = [_required(operand, scope) for operand in (left, right)]
        if any("L" not in it for it in lists):
            raise FalseUpdate("An operand in the update expression has an incorrect data type")
        return {"L": [*lists[0]["L"], *lists[1]["L"]]}

    return join


class _Updates(Parser):
    def update(self) -> tuple[list[Change], list[str]]:
        changes: list[Change] = []
        paths: list[str] = []
        clauses = {"SET": self._set, "REMOVE": self._remove, "ADD": self._add, "DELETE": self._delete}
        seen: set[str] = set()
        while self.peek():
            clause = self.take(*clauses).upper()
            if clause in seen:
                raise invalid(f'The "{clause}" section can only be used once in an update expression')
            seen.add(clause)
            for path, change in self.listed(clauses[clause]):
                paths.append(path)
                changes.append(change)
        return changes, paths

    def _set(self) -> tuple[str, Change]:
        name = self.name()
        self.take("=")
        value = self._calculation()

        def change(item: Item, scope: Scope) -> None:
            item[_resolved(name, scope)] = _required(value, scope)

        return name, change

    def _calculation(self) -> Operand:
        left = self._operand()
        if self.peek() in {"+", "-"}:
            sign = 1 if self.take() == "+" else -1
            return _calculated(left, self._operand(), sign)
        return left

    def _operand(self) -> Operand:
        if self.peek(1) == "(" and self.peek() in {"if_not_exists", "list_append"}:
            function = self.take()
            self.take("(")
            found = self._default() if function == "if_not_exists" else self._list()
            self.take(")")
            return found
        return given(self.value()) if self.peek().startswith(":") else attribute(self.name())

    def _default(self) -> Operand:
        name = self.name()
        self.take(",")
        return _if_not_exists(name, self._operand())

    def _list(self) -> Operand:
        left = self._operand()
        self.take(",")
        return _joined(left, self._operand())

    def _remove(self) -> tuple[str, Change]:
        name = self.name()

        def change(item: Item, scope: Scope) -> None:
            item.pop(_resolved(name, scope), None)

        return name, change

    def _add(self) -> tuple[str, Change]:
        name, value = self.name(), self.value()

        def change(item: Item, scope: Scope) -> None:
            attribute_name, added = _resolved(name, scope), scope.values[value]
            item[attribute_name] = _added(scope.item.get(attribute_name), added)

        return name, change

    def _delete(self) -> tuple[str, Change]:
        name, value = self.name(), self.value()

        def change(item: Item, scope: Scope) -> None:
            attribute_name = _resolved(name, scope)
            left = _without(scope.item.get(attribute_name), scope.values[value])
            if left is None:
                item.pop(attribute_name, None)
            else:
                item[attribute_name] = left

        return name, change


def _added(current: Value | None, added: Value) -> Value:
    kind, held = content(added)
    if kind != "N" and members(added) is None:
        raise invalid(f"Incorrect operand type for operator or function; operator: ADD, operand type: {kind}")
    if current is None:
        return added
    if kind not in current:
        raise FalseUpdate("An operand in the update expression has an incorrect data type")
    if kind == "N":
        return {"N": str(_number(current) + _number(added))}
    member = members(added)
    known = [comparable({member[0]: it}) for it in current[kind]] if member else []
    return {kind: [*current[kind], *(it for it in held if member and comparable({member[0]: it}) not in known)]}


def _without(current: Value | None, removed: Value) -> Value | None:
    kind, held = content(removed)
    member = members(removed)
    if member is None:
        raise invalid(f"Incorrect operand type for operator or function; operator: DELETE, operand type: {kind}")
    if current is None:
        return None
    if kind not in current:
        raise FalseUpdate("An operand in the update expression has an incorrect data type")
    gone = [comparable({member[0]: it}) for it in held]
    left = [it for it in current[kind] if comparable({member[0]: it}) not in gone]
    return {kind: left} if left else None


@cache
def parse_update(text: str) -> ParsedUpdate:
    parser = _Updates(text)
    changes, paths = parser.update()
    return ParsedUpdate(tuple(changes), tuple(paths), frozenset(parser.names), frozenset(parser.values))


def check_update(text: str, names: Mapping[str, str]) -> None:
    """Refuse an update of a key, and of one attribute twice."""
    parsed = parse_update(text)
    changed = [names.get(path, path) for path in parsed.paths]
    for name in KEY_NAMES:
        if name in changed:
            raise invalid(f"Cannot update attribute {name}. This attribute is part of the key")
    if len(set(changed)) < len(changed):
        raise invalid("Invalid UpdateExpression: Two document paths overlap with each other")


def updated(text: str, key: Item, item: Item | None, request: Mapping[str, Any]) -> Item:
    """The item as it is after the update, which makes one where there is none. Raises FalseUpdate."""
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    new = dict(item or key)
    scope = Scope(item or key, names, values)
    for change in parse_update(text).changes:
        change(new, scope)
    return new
