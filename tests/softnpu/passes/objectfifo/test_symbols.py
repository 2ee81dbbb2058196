"""References to a fifo are found wherever an attribute can hold them."""

from __future__ import annotations

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    StringAttr,
    SymbolRefAttr,
    UnregisteredOp,
)

from softnpu.passes.objectfifo.symbols import rename_symbols


def test_references_in_lists_dictionaries_and_paths_are_renamed_and_nothing_else() -> None:
    op = UnregisteredOp.with_name("test.op").create(
        attributes={
            "plain": SymbolRefAttr("of"),
            "path": SymbolRefAttr("of", ["of"]),
            "list": ArrayAttr([SymbolRefAttr("other"), SymbolRefAttr("of")]),
            "deep": DictionaryAttr({"inner": ArrayAttr([SymbolRefAttr("of")])}),
            "text": StringAttr("of"),
        }
    )
    rename_symbols([op], {"of": "new"})
    assert op.attributes["plain"] == SymbolRefAttr("new")
    assert op.attributes["path"] == SymbolRefAttr("new", ["of"])
    assert op.attributes["list"] == ArrayAttr([SymbolRefAttr("other"), SymbolRefAttr("new")])
    assert op.attributes["deep"] == DictionaryAttr({"inner": ArrayAttr([SymbolRefAttr("new")])})
    assert op.attributes["text"] == StringAttr("of")
