"""The items of a table, by partition and in the order of their sort keys."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from operator import itemgetter

from tests.aws.values import Item, KeyPair


class MemoryTable:
    """An item that is stored is never changed, only replaced; so it can be handed out without copying all of it."""

    def __init__(self) -> None:
        self._items: dict[KeyPair, Item] = {}
        self._sort_keys: dict[str, list[str]] = {}

    def get(self, key: KeyPair) -> Item | None:
        return self._items.get(key)

    def set(self, key: KeyPair, item: Item | None) -> None:
        sort_keys = self._sort_keys.setdefault(key.pk, [])
        if item is None:
            if self._items.pop(key, None) is not None:
                del sort_keys[bisect_left(sort_keys, key.sk)]
            return
        if key not in self._items:
            # Code points sort as their UTF-8 bytes do, which is DynamoDB's order.
            insort(sort_keys, key.sk)
        self._items[key] = item

    def partition(self, pk: str) -> Sequence[tuple[KeyPair, Item]]:
        keys = (KeyPair(pk, sk) for sk in self._sort_keys.get(pk, ()))
        return [(key, self._items[key]) for key in keys]

    def __iter__(self) -> Iterator[tuple[KeyPair, Item]]:
        return iter(sorted(self._items.items(), key=itemgetter(0)))
