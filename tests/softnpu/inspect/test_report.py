from softnpu.inspect.report import Report, Row, plural, size, to_json, to_text


def sample() -> Report:
    report = Report("sample", table="operations")
    report.fact("device", "npu1 (4 columns)", "npu1")
    report.fact("id", "7", 7)
    report.rows = [
        Row("first", {"op": "write"}, details=("more",)),
        Row("second", {"op": "nop"}, hidden=True),
    ]
    report.parts = [Report("part")]
    return report


def test_text_aligns_facts_and_leaves_hidden_rows_out() -> None:
    lines = list(to_text(sample()))
    assert lines[:4] == ["sample", "  device: npu1 (4 columns)", "  id:     7", "  first"]
    assert lines[4].strip() == "more"
    assert lines[5:] == ["", "part"]


def test_json_has_everything() -> None:
    assert to_json(sample()) == {
        "title": "sample",
        "device": "npu1",
        "id": 7,
        "operations": [{"op": "write"}, {"op": "nop"}],
        "parts": [{"title": "part"}],
    }


def test_sizes_and_counts_read_like_words() -> None:
    assert [size(n) for n in (1, 300, 1024, 1536, 1 << 20)] == [
        "1 byte",
        "300 bytes",
        "1 KiB",
        "1536 bytes",
        "1 MiB",
    ]
    assert [plural(n, "column") for n in (1, 2)] == ["1 column", "2 columns"]
