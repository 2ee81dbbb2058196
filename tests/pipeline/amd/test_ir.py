"""LLVM IR that an older LLVM reads."""

from __future__ import annotations

from pathlib import Path

from pipeline.amd.ir import for_peano


def test_only_what_peano_does_not_know_is_dropped() -> None:
    text = (
        "define void @f(ptr %p) #0 {\n"
        "  %1 = getelementptr inbounds nuw i8, ptr %p, i64 4\n"
        "  %2 = add nuw nsw i32 1, 2\n"
        "}\n"
        "attributes #0 = { nocallback nocreateundeforpoison nofree }\n"
        "attributes #1 = { nocreateundeforpoison }\n"
    )
    assert for_peano(text) == (
        "define void @f(ptr %p) #0 {\n"
        "  %1 = getelementptr inbounds i8, ptr %p, i64 4\n"
        "  %2 = add nuw nsw i32 1, 2\n"
        "}\n"
        "attributes #0 = { nocallback nofree }\n"
        "attributes #1 = { }\n"
    )


def test_the_golden_ir_needs_the_downgrade(golden: Path) -> None:
    texts = [path.read_text() for path in golden.glob("*/*.ll")]
    assert texts
    for text in texts:
        assert "nocreateundeforpoison" not in for_peano(text)
        assert "inbounds nuw" not in for_peano(text)
