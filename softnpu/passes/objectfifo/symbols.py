"""Renaming of symbols where ops refer to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, SymbolRefAttr
from xdsl.ir import Attribute, Operation


def rename_symbols(ops: Iterable[Operation], names: Mapping[str, str]) -> None:
    """Rewrites the references to symbols in the attributes of `ops`; definitions stay."""
    done: dict[int, tuple[Attribute, Attribute]] = {}  # many ops share theirs, and go on to
    for op in ops:
        for table in (op.properties, op.attributes):
            for key, attribute in table.items():
                if id(attribute) not in done:
                    done[id(attribute)] = attribute, _renamed(attribute, names)
                renamed = done[id(attribute)][1]
                if renamed is not attribute:
                    table[key] = renamed


def _renamed(attribute: Attribute, names: Mapping[str, str]) -> Attribute:
    if isinstance(attribute, SymbolRefAttr):
        new = names.get(attribute.root_reference.data)
        return attribute if new is None else SymbolRefAttr(new, attribute.nested_references)
    if isinstance(attribute, ArrayAttr):
        items = [_renamed(item, names) for item in attribute]
        same = all(a is b for a, b in zip(items, attribute, strict=True))
        return attribute if same else ArrayAttr(items)
    if isinstance(attribute, DictionaryAttr):
        entries = {key: _renamed(item, names) for key, item in attribute.data.items()}
        same = all(entries[key] is item for key, item in attribute.data.items())
        return attribute if same else DictionaryAttr(entries)
    return attribute
