"""The report in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import DESK, PHONE, Shown, started
from tests.project import Project, make_project

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

VARIANTS = (
    *("passthrough/default", "passthrough_memtile/default", "softmax_bf16/n1024"),
    *("softmax_bf16/rows4", "softmax_bf16/tiles4", "vector_add/default"),
)
FAILING, HANGING, NOT_BUILT = "vector_add/default", "passthrough/default", "astray/default"
BYTES_PER_VARIANT = 125_000
"""Forty variants stay below five megabytes."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Designs that pass, one with a bug in its kernel, one that hangs, one that cannot be built,
    and one of which half is missing."""
    made = make_project(
        tmp_path_factory.mktemp("report") / "house",
        *("passthrough", "passthrough_memtile", "softmax_bf16", "vector_add"),
    )
    made.edit("mlir_templates/passthrough.mlir.j2", "aie.objectfifo.release @out(Produce, 1)", "")
    made.edit("kernels_src/vector_add.c", "i < LINE; i++", "i < LINE - 1; i++")
    made.write("mlir_templates/astray.mlir", "module { aie.device(npu1_1col) { aie.nonsense } }\n")
    made.write("mlir_templates/alone.py", "parameters = {}\n")
    return made


@pytest.fixture(scope="module")
def page(project: Project) -> Path:
    """The report on them."""
    done = project.doit("report")
    assert done.returncode == 1, "a failing design must not go unnoticed"
    assert "by function" not in done.stdout, "profiles are in the report"
    found = project.root / "build" / "report" / "index.html"
    assert found.is_file(), done.stdout + done.stderr
    return found


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One browser for all tests."""
    yield from started(tmp_path_factory.mktemp("profile"))


@pytest.fixture
def shown(driver: Chrome, page: Path) -> Iterator[Shown]:
    """The page; a script error fails whatever test it happens in."""
    shown = Shown(driver, page)
    yield shown
    assert shown.complaints() == []


def test_the_page_stands_alone_and_is_not_too_large(page: Path) -> None:
    text = page.read_text()
    assert len(text) < BYTES_PER_VARIANT * len(VARIANTS)
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?!data:)", text)
    assert "@import" not in text


def test_every_design_is_in_the_table_with_its_verdict(shown: Shown) -> None:
    shown.open()
    rows = {r.get_attribute("data-label"): r.text.split() for r in shown.all("#overview tbody tr")}
    assert set(rows) == {*VARIANTS, NOT_BUILT}
    for label in VARIANTS:
        assert ("FAIL" if label in (FAILING, HANGING) else "PASS") in rows[label]
    assert rows[NOT_BUILT][1:3] == ["build", "failed"]
    assert "5/11" not in rows["softmax_bf16/n1024"] and "11/11" in rows["softmax_bf16/n1024"]
    assert shown.run("performance.getEntriesByType('resource').length") == 0
    shown.keep("overview")


def test_what_failed_first_is_told_first_and_leads_to_the_design(shown: Shown) -> None:
    shown.open()
    first, *others = shown.all("#faults li")
    assert "its partner mlir_templates/alone.mlir.j2 is missing" in first.text
    assert others[0].find_element("css selector", "a").text == NOT_BUILT
    assert {one.find_element("css selector", "a").text for one in others[1:]} == {FAILING, HANGING}
    assert "astray.mlir:1:" in others[0].text and "stage lower of the build" in others[0].text
    told = "\n".join(one.text for one in others)
    assert "a hang: " in told and "16 of 4096 elements differ" in told
    listed = [row.get_attribute("data-label") for row in shown.all("#overview tbody tr")]
    assert set(listed[:3]) == {NOT_BUILT, FAILING, HANGING}, "what failed stands on top there, too"
    others[0].find_element("css selector", "a").click()
    shown.until("document.querySelector('#astray-default').open")
    assert "aie.nonsense" in shown.one("#astray-default .diagnosis").text
    shown.keep("faults")


def test_the_head_says_when_and_by_which_tools_it_was_made(shown: Shown) -> None:
    shown.open()
    head = shown.one("header .origin").text
    assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC", head)
    assert re.search(r"ziglang [\d.]+ kernels, cores", head) and "unicorn" in head


@pytest.mark.parametrize("label", [FAILING, HANGING])
def test_the_diagnosis_stands_above_the_array(shown: Shown, label: str) -> None:
    shown.open(at=label)
    diagnosis, array = shown.one("details[open] .diagnosis"), shown.one("details[open] .array svg")
    assert diagnosis.location["y"] + diagnosis.size["height"] <= array.location["y"]
    shown.keep(f"diagnosis-{label.replace('/', '-')}")


def test_the_chain_of_waits_of_a_hang_wraps_on_a_phone(shown: Shown) -> None:
    shown.open(PHONE, at=HANGING)
    chain = shown.one("details[open] .diagnosis .said")
    assert "waits for" in chain.text
    assert shown.run("arguments[0].scrollWidth <= arguments[0].clientWidth", chain)
    shown.keep("phone-hang")


def test_no_figure_has_an_exponent_as_programs_write_it(shown: Shown) -> None:
    shown.open()
    shown.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    text = shown.run("document.querySelector('main').innerText")
    told = shown.run("[...document.querySelectorAll('[aria-label]')].map(e => e.ariaLabel).join()")
    assert re.findall(r".{20}\b\d+(?:\.\d+)?e[+-]?\d+\b", text + told) == []


@pytest.mark.parametrize("label", VARIANTS)
def test_a_link_opens_a_design_with_array_memory_and_timelines(shown: Shown, label: str) -> None:
    shown.open()
    shown.one(f"a[href='#{label.replace('/', '-')}']").click()
    design = f"#{label.replace('/', '-')}"
    shown.until(f"document.querySelector('{design}').open")
    picture = shown.one(f"{design} .array svg")
    assert picture.is_displayed() and picture.size["width"] > 200
    assert shown.all(f"{design} .array .route")
    assert shown.all(f"{design} .memory .part.buffer")
    shown.one(f"{design} .stages summary").click()
    assert shown.one(f"{design} .stages svg").is_displayed()
    assert "render" in shown.one(f"{design} .stages .plot").text
    shown.keep(label.replace("/", "-"))


def test_what_is_wrong_is_told_and_shown(shown: Shown) -> None:
    shown.open(at=FAILING)
    assert "16 of 4096 elements differ" in shown.one("details[open] .diagnosis").text
    assert "by object of sum" in shown.one("details[open] .diagnosis .said").text
    plots = shown.all("details[open] .plots .plot svg")
    assert len(plots) >= 2 and all(plot.is_displayed() for plot in plots)
    shown.hover("details[open] .plots path[aria-roledescription='bar']")
    assert "error" in shown.tip


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        (".array .lock", ("lock", "starts at", "address 0x")),
        (".array .bd", ("BD", "bytes")),
        (".array .used", ("0x", "to")),
        (".array .pad", ("task",)),
        (".array .switch", ("stream switch", "→")),
        (".memory .stack", ("stack", "0x0 to 0x400")),
    ],
)
def test_pointing_at_a_thing_tells_about_it(
    shown: Shown, selector: str, words: tuple[str, ...]
) -> None:
    shown.open(at="softmax_bf16/n1024")
    assert shown.tip == ""
    shown.hover(f"details[open] {selector}")
    for word in words:
        assert word in shown.tip
    if selector == ".array .lock":
        shown.keep("tooltip")


RUN = "softmax_bf16/tiles4"
RANGE = "details[open] [data-range]"


def opened_run(shown: Shown, size: tuple[int, int] = DESK, *, dark: bool = False) -> WebElement:
    """The canvas of a run's timeline, drawn."""
    shown.open(size, dark=dark, at=RUN)
    canvas: WebElement = shown.one("details[open] .run canvas")
    shown.run("arguments[0].scrollIntoView({block: 'center'})", canvas)
    shown.until(f"document.querySelector({RANGE!r}).textContent.startsWith('cycles 0 to ')")
    return canvas


def cycles_shown(shown: Shown) -> tuple[int, int]:
    begin, end = re.findall(r"[\d,]+", shown.one(RANGE).text)
    return int(begin.replace(",", "")), int(end.replace(",", ""))


@pytest.mark.parametrize(
    ("size", "dark", "name"),
    [(DESK, False, "run"), (DESK, True, "run_dark"), (PHONE, False, "run_phone")],
)
def test_a_run_is_drawn_from_end_to_end(
    shown: Shown, size: tuple[int, int], dark: bool, name: str
) -> None:
    canvas = opened_run(shown, size, dark=dark)
    box = shown.run("arguments[0].getBoundingClientRect().toJSON()", canvas)
    assert box["width"] <= size[0] and box["height"] > 150
    drawn = shown.run(
        """(() => { const c = arguments[0], p = c.getContext('2d');
        const d = p.getImageData(0, 0, c.width, c.height).data, seen = new Set();
        for (let n = 0; n < d.length; n += 4) seen.add(d[n] << 16 | d[n + 1] << 8 | d[n + 2]);
        return seen.size })()""",
        canvas,
    )
    assert drawn > 20, "an empty canvas has one colour"
    shown.keep(name)


def test_a_run_is_zoomed_and_moved_by_keyboard_mouse_and_buttons(shown: Shown) -> None:
    canvas = opened_run(shown)
    whole = cycles_shown(shown)
    shown.run("arguments[0].focus()", canvas)
    shown.press("w", "w")
    shown.until(f"document.querySelector({RANGE!r}).textContent !== 'cycles 0 to {whole[1]:,}'")
    near = cycles_shown(shown)
    assert near[1] - near[0] < 0.6 * whole[1]
    shown.press("d")
    shown.until(f"!document.querySelector({RANGE!r}).textContent.includes(' {near[0]:,} to')")
    later = cycles_shown(shown)
    assert later[0] > near[0] and later[1] - later[0] == pytest.approx(near[1] - near[0], abs=2)
    shown.run(
        "arguments[0].dispatchEvent(new WheelEvent('wheel', {deltaY: -400, ctrlKey: true,"
        " clientX: 700, bubbles: true, cancelable: true}))",
        canvas,
    )
    shown.until(f"!document.querySelector({RANGE!r}).textContent.includes(' {later[0]:,} to')")
    assert cycles_shown(shown)[1] - cycles_shown(shown)[0] < later[1] - later[0]
    shown.one("details[open] [data-do='all']").click()
    shown.until(f"document.querySelector({RANGE!r}).textContent === 'cycles 0 to {whole[1]:,}'")


def test_pointing_at_a_slice_of_a_run_names_it(shown: Shown) -> None:
    opened_run(shown)
    shown.hover("details[open] .run canvas")
    shown.until("!document.getElementById('tip').hidden")
    assert "cycles" in shown.tip or "at cycle" in shown.tip


def test_how_busy_everybody_was_stands_in_a_table(shown: Shown) -> None:
    opened_run(shown)
    shown.one("details[open] .run ~ .what summary").click()
    table = shown.one("details[open] .run ~ .what table").text
    assert re.search(r"core \(\d,2\) [\d.]+ %", table)


def test_a_frame_of_a_flame_graph_takes_the_whole_width_when_it_is_picked(shown: Shown) -> None:
    shown.open(at="softmax_bf16/n1024")
    shown.run(
        "[...document.querySelectorAll('details[open] h3')].find(h => h.textContent.includes("
        "'cycles go')).click()"
    )
    shown.until("document.querySelector('details[open] .flame').offsetHeight > 40")
    assert "instructions are RV32's" in shown.one("details[open]").text
    frames = shown.all("details[open] .flame button.line")
    widest = max(frames, key=lambda frame: frame.size["width"])
    whole = shown.one("details[open] .flame").size["width"]
    assert widest.size["width"] < 0.95 * whole
    shown.run("arguments[0].click()", widest)
    assert widest.size["width"] > 0.98 * whole
    shown.run("document.querySelector('details[open] .flame button').click()")
    assert widest.size["width"] < 0.95 * whole
    shown.keep("flame")


def test_pointing_at_the_legend_lights_up_its_route(shown: Shown) -> None:
    shown.open(at="softmax_bf16/tiles4")
    shown.hover("details[open] .legend [data-route='1']")
    opacity = "getComputedStyle(document.querySelector(arguments[0])).opacity"
    assert float(shown.run(opacity, "details[open] .route[data-route='1']")) == 1
    assert float(shown.run(opacity, "details[open] .route[data-route='2']")) < 0.5
    shown.keep("route")


def test_the_keyboard_reaches_what_the_mouse_does(shown: Shown) -> None:
    from selenium.webdriver.common.keys import Keys

    shown.open()
    shown.press(Keys.TAB)
    assert shown.run("document.activeElement.className") == "skip"
    while shown.run("document.activeElement.getAttribute('href')") != "#softmax_bf16-n1024":
        shown.press(Keys.TAB)
    shown.press(Keys.ENTER)
    shown.until("document.activeElement.matches('details[open] summary')")
    while shown.run("document.activeElement.dataset.tile") != "0,2":
        shown.press(Keys.TAB)
    assert shown.tip.startswith("core (0,2)")
    shown.keep("keyboard")
    shown.press(Keys.ESCAPE)
    assert shown.tip == ""


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_ground_in_light_and_dark_mode(shown: Shown, dark: bool) -> None:
    shown.open(dark=dark, at=FAILING)
    ground = luminance(shown.run("getComputedStyle(document.body).backgroundColor"))
    assert ground < 0.1 if dark else ground > 0.8
    raised = shown.run("getComputedStyle(document.querySelector('details[open]')).backgroundColor")
    for selector in ("h2", ".note", ".verdict.fail", ".verdict.pass", "a", "thead th"):
        colour = shown.run("getComputedStyle(document.querySelector(arguments[0])).color", selector)
        assert contrast(colour, raised) >= 4.5, selector
    picture = "getComputedStyle(document.querySelector('details[open] .npu .{}')).fill"
    assert contrast(shown.run(picture.format("name")), shown.run(picture.format("ground"))) >= 4.5
    shown.keep("dark" if dark else "light")


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_it_all_without_scrolling_sideways(shown: Shown, dark: bool) -> None:
    shown.open(PHONE, dark=dark)
    shown.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert shown.run("document.documentElement.scrollWidth") <= PHONE[0]
    shown.open(PHONE, dark=dark, at="softmax_bf16/tiles4")
    shown.keep(f"phone-{'dark' if dark else 'light'}")


def test_the_filter_leaves_what_its_word_is_in(shown: Shown) -> None:
    shown.open()
    shown.one(".filter input").send_keys("rows")
    left = [
        row.get_attribute("data-label") for row in shown.all("#overview tbody tr:not([hidden])")
    ]
    assert left == ["softmax_bf16/rows4"]
    assert len(shown.all("details.design:not([hidden])")) == 1
    assert shown.one("#overview .no-match").text == ""


def test_a_filter_that_nothing_matches_says_so(shown: Shown) -> None:
    shown.open()
    shown.one(".filter input").send_keys("no such design")
    assert shown.all("#overview tbody tr:not([hidden])") == []
    assert shown.one("#overview .no-match").text == "no match: nothing here holds “no such design”"
    shown.keep("no-match")


def test_a_verdict_can_be_filtered_for(shown: Shown) -> None:
    shown.open()
    shown.one(".filter input").send_keys("build failed")
    left = shown.all("#overview tbody tr:not([hidden])")
    assert [row.get_attribute("data-label") for row in left] == [NOT_BUILT]


def test_a_click_on_a_head_sorts_and_another_one_turns_it_round(shown: Shown) -> None:
    shown.open()
    head = shown.one("#designs th:nth-child(7) .sort")
    assert head.text == "cycles"

    def column() -> list[str]:
        head.click()
        return [cell.text for cell in shown.all("#designs tbody td:nth-child(7)")]

    def numbers(cells: list[str]) -> list[int]:
        return [int(cell.replace(",", "")) for cell in cells if cell != "\N{EN DASH}"]

    up, down = column(), column()
    assert numbers(up) == sorted(numbers(up))
    assert numbers(down) == sorted(numbers(down), reverse=True)
    assert up[-1] == down[-1] == "\N{EN DASH}", "what was not run comes last either way"
    assert shown.one("#designs th:nth-child(7)").get_attribute("aria-sort") == "descending"


def luminance(colour: str) -> float:
    """Relative luminance of an rgb() colour (WCAG 2)."""
    red, green, blue = (int(n) / 255 for n in re.findall(r"\d+", colour)[:3])
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours (WCAG 2)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)
