"""LLVM IR that an older LLVM reads."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def test_the_golden_ir_needs_the_downgrade(march: Path) -> None:
    texts = [path.read_text() for path in march.glob("*/*.ll")]
    assert texts
    for text in texts:
        lowered = text.replace("getelementptr inbounds nuw", "getelementptr inbounds")
        assert for_peano(text) == lowered.replace("nocreateundeforpoison ", "")


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("fadd float %x, 1.100000e-01", "fadd float %x, 0x3FBC28F5C0000000"),
        ("fmul bfloat %x, 1.445310e+00", "fmul bfloat %x, 0xR3FB9"),
        ("store bfloat -2.0, ptr %p", "store bfloat 0xRC000, ptr %p"),
        ("fmul half %x, 1.000980e-01", "fmul half %x, 0xH2E68"),
        ("store half nan, ptr %p", "store half 0xH7E00, ptr %p"),
        (
            "phi float [ -inf, %entry ], [ %y, %inf ]",
            "phi float [ 0xFFF0000000000000, %entry ], [ %y, %inf ]",
        ),
        (
            "store float f0x3F800000, ptr %f0x3F800000",
            "store float 0x3FF0000000000000, ptr %f0x3F800000",
        ),
        (
            "call void @f(float 1.1, double 1.1, i32 7)",
            "call void @f(float 0x3FF19999A0000000, double 1.1, i32 7)",
        ),
        (
            "%v = fadd <4 x float> %a, splat (float 1.100000e+00)",
            "%v = fadd <4 x float> %a, splat (float 0x3FF19999A0000000)",
        ),
    ],
)
def test_constants_are_spelt_as_older_llvms_read_them(newer: str, older: str) -> None:
    assert for_peano(newer) == older


@pytest.mark.parametrize(
    "text",
    [
        "fadd float %x, 5.000000e-01",
        "fadd double %x, 1.100000e-01",
        "%s = fadd nnan ninf float %a, %b",
        '!0 = !{!"clang version 1.5, float 1.1"}',
        "store float 0x3FBC28F5C0000000, ptr %p",
    ],
)
def test_what_older_llvms_read_stays(text: str) -> None:
    assert for_peano(text) == text


def test_lifetimes_get_their_size_back() -> None:
    assert for_peano(
        "  call void @llvm.lifetime.start.p0(ptr %a)\n"
        "  call void @llvm.lifetime.end.p0(i64 4, ptr %a)\n"
        "declare void @llvm.lifetime.start.p0(ptr captures(none))\n"
    ) == (
        "  call void @llvm.lifetime.start.p0(i64 -1, ptr %a)\n"
        "  call void @llvm.lifetime.end.p0(i64 4, ptr %a)\n"
        "declare void @llvm.lifetime.start.p0(i64 immarg, ptr captures(none))\n"
    )
