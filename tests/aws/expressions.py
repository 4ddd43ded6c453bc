"""Condition expressions: parsed as AWS parses them, so also refused where AWS refuses and an emulator does not."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple

from tests.aws.errors import invalid
from tests.aws.values import Item, Value, comparable, content, members

_TOKEN = re.compile(r"\s*(?:(<=|>=|<>|[=<>(),+\-*/%])|([:#]?[A-Za-z0-9_]+)|(\S))")
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_ORDERED = {"S", "N", "B"}
_WORDS = {"AND", "OR", "NOT", "BETWEEN", "IN"}


class Scope(NamedTuple):
    """An item, with the names and values that an expression refers to."""

    item: Mapping[str, Value]
    names: Mapping[str, str]
    values: Mapping[str, Value]


Operand = Callable[[Scope], Value | None]
Condition = Callable[[Scope], bool]


@cache
def reserved_words() -> frozenset[str]:
    """AWS's list, as the other stand-in of these tests has it."""
    return frozenset(files("moto.dynamodb.parsing").joinpath("reserved_keywords.txt").read_text().split())


@dataclass
class Parser:
    """Reads tokens, and notes which names and values the expression uses."""

    text: str
    tokens: list[str] = field(default_factory=list)
    position: int = 0
    names: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    ordered: set[str] = field(default_factory=set)
    """Those of the values that something is said to be less or more than."""

    def __post_init__(self) -> None:
        for operator, word, other in _TOKEN.findall(self.text.strip()):
            if other:
                raise self.error(other)
            self.tokens.append(operator or word)
        if not self.tokens:
            raise invalid("Invalid expression: The expression can not be empty")

    def error(self, token: str | None = None) -> Exception:
        token = token or self.peek() or "<EOF>"
        return invalid(f'Invalid expression: Syntax error; token: "{token}", in: "{self.text}"')

    def peek(self, ahead: int = 0) -> str:
        place = self.position + ahead
        return self.tokens[place] if place < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        """The next token, which must be one of those; words in any case."""
        token = self.peek()
        if not token or (wanted and token not in wanted and token.upper() not in wanted):
            raise self.error()
        self.position += 1
        return token

    def accept(self, wanted: str) -> bool:
        found = self.peek().upper() == wanted
        self.position += found
        return found

    def end(self) -> None:
        if self.peek():
            raise self.error()

    def name(self) -> str:
        """An attribute, by its own name or by an alias."""
        token = self.take()
        if token.startswith("#"):
            self.names.add(token)
        elif not token[0].isalpha():
            raise self.error(token)
        elif token.upper() in reserved_words():
            raise invalid(f"Invalid expression: Attribute name is a reserved keyword; reserved keyword: {token}")
        return token

    def value(self) -> str:
        token = self.take()
        if not token.startswith(":"):
            raise self.error(token)
        self.values.add(token)
        return token

    def listed(self, parse: Callable[[], Any]) -> list[Any]:
        found = [parse()]
        while self.accept(","):
            found.append(parse())
        return found


def attribute(name: str) -> Operand:
    if name.startswith("#"):
        return lambda scope: scope.item.get(scope.names[name])
    return lambda scope: scope.item.get(name)


def given(value: str) -> Operand:
    return lambda scope: scope.values[value]


def _size(operand: Operand) -> Operand:
    def size(scope: Scope) -> Value | None:
        value = operand(scope)
        if value is None:
            return None
        kind, held = content(value)
        if kind in {"N", "BOOL", "NULL"}:
            raise invalid(f"Invalid operand type for operator or function; operator or function: size, type: {kind}")
        return {"N": str(len(held.encode() if kind == "S" else held))}

    return size


def _compared(operator: str, left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return operator == "<>"
    if operator in {"=", "<>"}:
        return _COMPARISONS[operator](comparable(left), comparable(right))
    (left_kind, left_held), (right_kind, right_held) = comparable(left), comparable(right)
    return left_kind == right_kind and left_kind in _ORDERED and _COMPARISONS[operator](left_held, right_held)


class _Conditions(Parser):
    def condition(self) -> Condition:
        parts = [self._all()]
        while self.accept("OR"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda scope: any(part(scope) for part in parts)

    def _all(self) -> Condition:
        parts = [self._not()]
        while self.accept("AND"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) for part in parts)

    def _not(self) -> Condition:
        if self.accept("NOT"):
            inner = self._not()
            return lambda scope: not inner(scope)
        if self.peek() == "(":
            return self._in_parentheses()
        functions = {
            "attribute_exists": self._exists,
            "attribute_not_exists": self._not_exists,
            "contains": self._contains,
            "begins_with": self._begins_with,
        }
        if self.peek(1) == "(" and self.peek() in functions:
            function = functions[self.take()]
            self.take("(")
            found = function()
            self.take(")")
            return found
        return self._comparison()

    def _in_parentheses(self) -> Condition:
        self.take("(")
        redundant = self.peek() == "("
        first = self.position
        found = self.condition()
        if redundant and self._closes(first) == self.position - 1:
            raise invalid("Invalid expression: The expression has redundant parentheses")
        self.take(")")
        return found

    def _closes(self, opening: int) -> int:
        depth = 0
        for place in range(opening, len(self.tokens)):
            depth += {"(": 1, ")": -1}.get(self.tokens[place], 0)
            if not depth:
                return place
        return -1

    def _exists(self) -> Condition:
        found = attribute(self.name())
        return lambda scope: found(scope) is not None

    def _not_exists(self) -> Condition:
        found = attribute(self.name())
        return lambda scope: found(scope) is None

    def _two(self) -> tuple[Operand, Operand]:
        first = attribute(self.name())
        self.take(",")
        return first, self._operand()

    def _contains(self) -> Condition:
        whole, part = self._two()

        def contains(scope: Scope) -> bool:
            container, wanted = whole(scope), part(scope)
            if container is None or wanted is None:
                return False
            kind, held = content(container)
            wanted_kind, wanted_held = content(wanted)
            if kind in {"S", "B"}:
                return kind == wanted_kind and wanted_held in held
            if kind == "L":
                return comparable(wanted) in map(comparable, held)
            found = members(container)
            return found is not None and comparable(wanted) in [comparable({found[0]: it}) for it in found[1]]

        return contains

    def _begins_with(self) -> Condition:
        whole, part = self._two()

        def begins(scope: Scope) -> bool:
            text, start = whole(scope), part(scope)
            return text is not None and start is not None and "S" in text and text["S"].startswith(start["S"])

        return begins

    def _operand(self) -> Operand:
        token = self.peek()
        if token.upper() in _WORDS:
            raise self.error()
        if token == "size" and self.peek(1) == "(":
            self.position += 2
            inner = attribute(self.name())
            self.take(")")
            return _size(inner)
        return given(self.value()) if token.startswith(":") else attribute(self.name())

    def _comparison(self) -> Condition:
        first = self.position
        left = self._operand()
        if self.accept("BETWEEN"):
            found = self._between(left)
            self._order(first)
            return found
        if self.accept("IN"):
            return self._in(left)
        # Also refuses arithmetic: AWS compares and does not calculate.
        left_tokens = self.tokens[first : self.position]
        operator = self.take(*_COMPARISONS)
        second = self.position
        right = self._operand()
        if left_tokens == self.tokens[second : self.position]:
            raise invalid(f"Invalid expression: The first operand must be distinct from the others: {operator}")
        if operator not in {"=", "<>"}:
            self._order(first)
        return lambda scope: _compared(operator, left(scope), right(scope))

    def _order(self, first: int) -> None:
        self.ordered |= {token for token in self.tokens[first : self.position] if token.startswith(":")}

    def _between(self, operand: Operand) -> Condition:
        low = self._operand()
        self.take("AND")
        high = self._operand()

        def between(scope: Scope) -> bool:
            value, first, last = operand(scope), low(scope), high(scope)
            if first and last and not _compared("<=", first, last):
                raise invalid("The BETWEEN operator requires upper bound to be greater than or equal to lower bound")
            return _compared("<=", first, value) and _compared("<=", value, last)

        return between

    def _in(self, operand: Operand) -> Condition:
        self.take("(")
        listed = self.listed(self._operand)
        self.take(")")
        if len(listed) > 100:
            raise invalid("Invalid expression: the IN operator takes at most 100 operands")
        return lambda scope: any(_compared("=", operand(scope), it(scope)) for it in listed)


class Parsed(NamedTuple):
    condition: Condition
    names: frozenset[str]
    values: frozenset[str]
    ordered: frozenset[str]


@cache
def parse_condition(text: str) -> Parsed:
    parser = _Conditions(text)
    condition = parser.condition()
    parser.end()
    return Parsed(condition, frozenset(parser.names), frozenset(parser.values), frozenset(parser.ordered))


@cache
def parse_projection(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The names that are asked for, and the aliases among them."""
    parser = Parser(text)
    names = parser.listed(parser.name)
    parser.end()
    return tuple(names), frozenset(parser.names)


def check_order(text: str, values: Mapping[str, Value]) -> None:
    """Refuse to order by a value that has no order, whatever the item holds."""
    for name in parse_condition(text).ordered:
        if not values[name].keys() <= _ORDERED:
            raise invalid(f"Invalid operand type for operator or function; type: {next(iter(values[name]))}")


def check_use(
    request: Mapping[str, Any], used_names: Iterable[str], used_values: Iterable[str], *, expressions: bool
) -> None:
    """Refuse a request whose names or values are undefined, unused, empty or without any expression."""
    for member, used, what in (
        ("ExpressionAttributeNames", used_names, "name"),
        ("ExpressionAttributeValues", used_values, "value"),
    ):
        defined = request.get(member)
        if defined is not None and not expressions:
            raise invalid(f"{member} can only be specified when using expressions")
        if defined is not None and not defined:
            raise invalid(f"{member} must not be empty")
        if missing := set(used) - set(defined or ()):
            raise invalid(f"An expression attribute {what} used in expression is not defined: {sorted(missing)}")
        if unused := set(defined or ()) - set(used):
            raise invalid(f"Value provided in {member} unused in expressions: keys: {sorted(unused)}")


def holds(text: str, item: Item | None, request: Mapping[str, Any]) -> bool:
    """Whether a condition holds for an item, or for the lack of one."""
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    return parse_condition(text).condition(Scope(item or {}, names, values))
