"""What a kernel author sees: a design that passes, one that nothing judges, and mistakes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import ROOT, Project, make_project

KERNEL = "kernels_src/vector_scale.c"
TEMPLATE = "mlir_templates/vector_scale.mlir.j2"
DECLARED = "mlir_templates/vector_scale.py"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """vector_scale with its small variant only."""
    made = make_project(tmp_path, "vector_scale")
    made.edit(DECLARED, ', "large": {"n": 65536, "factor": -7}', "")
    return made


def test_a_design_is_built_run_and_passed(project: Project) -> None:
    done = project.doit()
    assert done.returncode == 0
    folder = project.root / "build/npu1_1col/vector_scale/small"
    for name in ("final.xclbin", "insts.bin", "main.pdi", "main_core_0_2.elf", "manifest.json"):
        assert (folder / name).stat().st_size > 0
    assert "PASS       vector_scale/small           7 vectors, median " in done.stdout


def test_a_traced_design_leaves_its_trace_beside_the_artifact(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_scale_trace")
    project.edit(
        "mlir_templates/vector_scale_trace.py",
        ', "pc": {"mode": "Event-PC", "trace_bytes": 32768}',
        "",
    )
    done = project.doit()
    assert done.returncode == 0
    assert "PASS       vector_scale_trace/time" in done.stdout
    assert "warning" not in done.stdout
    assert re.search(r"trace +vector_scale_trace/time +\d+ packets: npuforge trace", done.stdout)
    read = subprocess.run(
        [sys.executable, "-m", "runner", "trace", "vector_scale_trace", "--summary"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "from event0() to event1(): 8 times" in read.stdout
    assert "DMA_MM2S_0_START_TASK [in]" in read.stdout


def test_a_trace_behind_an_output_is_refused_at_its_line(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_scale_trace")
    template = "mlir_templates/vector_scale_trace.mlir.j2"
    project.edit(template, "}} : i32}", "}} : i32, reuse_output_buffer = true}")
    lines = (project.root / template).read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "reuse_output_buffer" in text)
    done = project.doit("build")
    assert done.returncode == 1
    assert f"{template}:{line}: error: reuse_output_buffer lets traces go behind" in done.stdout


def test_a_wrong_kernel_fails_with_the_first_difference(project: Project) -> None:
    project.edit(KERNEL, "i = 0", "i = 1")
    done = project.doit()
    assert done.returncode == 1
    assert "FAIL       vector_scale/small" in done.stdout
    assert "first at 0: expected" in done.stdout
    assert "by object of out (1024 elements each): in all 4, at place 0 of each" in done.stdout
    kept = project.root / "build/npu1_1col/vector_scale/small/mismatch_random-0.txt"
    assert f"all of it: {kept.relative_to(project.root)}" in done.stdout
    assert "\n 3072 " in kept.read_text()

    project.edit(DECLARED, "def reference(p, x):", "def reference(p, x, y):")
    assert project.doit().returncode == 1
    assert not kept.exists(), "a run that was not judged has no differences"


def test_a_verdict_that_is_not_of_this_build_is_no_verdict(project: Project) -> None:
    """What a second doit left behind, or one that was killed: a FAIL that doit knows nothing of."""
    assert project.doit().returncode == 0
    memory = (project.root / ".doit.json").read_bytes()
    project.edit(KERNEL, "i = 0", "i = 1")
    assert project.doit().returncode == 1
    project.edit(KERNEL, "i = 1", "i = 0")
    (project.root / ".doit.json").write_bytes(memory)
    done = project.doit()
    assert "PASS       vector_scale/small " in done.stdout and "FAIL" not in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("task", ["test_emu", "races", "bundle"])
def test_a_design_that_cannot_be_read_fails_every_task_over_all_designs(
    project: Project, task: str
) -> None:
    (project.root / TEMPLATE).unlink()
    done = project.doit(task)
    assert done.returncode == 1
    assert f"{DECLARED}: error: its partner {TEMPLATE} is missing" in done.stdout


@pytest.mark.parametrize("task", ["build", "test_emu"])
def test_a_project_without_a_design_is_no_success(project: Project, task: str) -> None:
    for name in (TEMPLATE, DECLARED):
        (project.root / name).unlink()
    done = project.doit(task)
    assert done.returncode == 1
    assert "there is no design in mlir_templates: npuforge new --name saxpy starts" in done.stdout


def test_clean_leaves_nothing_of_a_build(project: Project) -> None:
    project.doit()
    folder = project.root / "build/npu1_1col/vector_scale/small"
    before = sorted(folder.iterdir())
    assert project.doit("clean", "-n").returncode == 0
    assert sorted(folder.iterdir()) == before
    assert project.doit("clean").returncode == 0
    assert not folder.exists()
    assert project.doit().returncode == 0


def test_a_bare_pair_is_run_and_shown_as_not_judged(project: Project) -> None:
    text = (ROOT / TEMPLATE).read_text()
    text = text.replace('{{ kernel | default("vector_scale") }}', "double_it")
    for name, value in {"device": "npu1_1col", "line": "1024", "n": "2048"}.items():
        text = text.replace("{{ " + name + " }}", value)
    project.write("mlir_templates/double.mlir", text.replace("vector_scale", "double_it"))
    project.write(
        "kernels_src/double_it.c",
        "void double_it(const int *x, int *y) {\n"
        "    for (int i = 0; i < 1024; i++) y[i] = x[i] * 2;\n}\n",
    )
    done = project.doit("build", "test_emu:double/default")
    assert done.returncode == 0, done.stdout
    assert "not judged double/default" in done.stdout
    assert "PASS       double" not in done.stdout
    assert "out: min " in done.stdout
    assert "give it buffers(p) and reference(p, ...) in mlir_templates/double.py" in done.stdout


def test_a_number_among_the_hosts_arguments_is_told_at_the_sequence(project: Project) -> None:
    project.write(
        "mlir_templates/scalar.mlir",
        """module {
  aie.device(npu1_1col) {
    %core = aie.tile(0, 2)
    %gain = aie.buffer(%core) {sym_name = "gain"} : memref<4xi32>
    aie.runtime_sequence(%a: memref<64xi32>, %f: i32) {
      aiex.npu.rtp_write(@gain, 0, %f)
    }
  }
}
""",
    )
    done = project.doit("insts:scalar/default")
    assert done.returncode == 1
    wanted = "error: argument %f of the runtime sequence has the type i32"
    assert f"mlir_templates/scalar.mlir:5: {wanted}" in done.stdout
    assert "write a number in its place" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_c_error_shows_the_compilers_words_with_file_and_line(project: Project) -> None:
    project.edit(KERNEL, "out[i] =", "out[j] =")
    done = project.doit()
    assert done.returncode == 1
    assert "kernels_src/vector_scale.c:7:13: error: use of undeclared identifier 'j'" in done.stdout
    assert "Traceback" not in done.stdout


def test_an_mlir_error_shows_line_column_caret_and_the_templates_line(project: Project) -> None:
    project.edit(TEMPLATE, "aie.objectfifo.release @out", "aie.objectfifo.relase @out")
    done = project.doit()
    assert done.returncode == 1
    assert f"{TEMPLATE}:23:9: error: there is no op 'aie.objectfifo.relase'" in done.stdout
    assert "did you mean 'aie.objectfifo.release'?" in done.stdout
    assert "^" in done.stdout
    rendered = "build/npu1_1col/vector_scale/small/design.mlir:23:9"
    assert f"note: rendered as {rendered}: aie.objectfifo.relase @out(Produce, 1)" in done.stdout


def test_a_misspelt_callee_suggests_the_function_in_the_authors_file(project: Project) -> None:
    project.edit(TEMPLATE, "func.call @vector_scale(", "func.call @vector_scael(")
    done = project.doit()
    assert done.returncode == 1
    message = "there is no function '@vector_scael'; did you mean '@vector_scale'?"
    assert f"{TEMPLATE}:21:9: error: {message}" in done.stdout
    assert "        func.call @vector_scael(%x, %y) : (memref<{{ line }}xi32>" in done.stdout


def test_a_lock_that_nobody_releases_ends_with_the_reason(project: Project) -> None:
    project.edit(TEMPLATE, "        aie.objectfifo.release @in(Consume, 1)\n", "")
    project.edit(DECLARED, "def reference(p, x):", "def ignored(p, x):")
    project.doit("build")
    done = project.doit("test_emu")
    assert done.returncode == 1
    assert "ERT_CMD_STATE_TIMEOUT" in done.stdout
    assert "objectfifo in) ≥ 1 (now 0)" in done.stdout
    template = (project.root / TEMPLATE).read_text().splitlines()
    line = next(n for n, text in enumerate(template, start=1) if "acquire @in(" in text)
    assert f"(vector_scale.mlir.j2:{line})" in " ".join(done.stdout.split())


def test_a_core_that_never_ends_is_stopped(project: Project) -> None:
    project.edit(
        KERNEL, "    for", "    while (((volatile const int *)in)[0] < 1000000000000) {}\n    for"
    )
    done = project.doit()
    assert done.returncode == 1
    assert "ERT_CMD_STATE_TIMEOUT" in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"in": In(p.n,', '"in": In(p.n + 4,', "buffer 'in' has 16400 bytes"),
        ('"in": In(', '"in": Out(', "declared Out, but the NPU reads %in"),
        ('"in": In(p.n, "int32"), ', "", "declares 1 buffers (out), the runtime sequence takes 2"),
    ],
)
def test_buffers_that_contradict_the_sequence_are_an_error_with_both_places(
    project: Project, old: str, new: str, words: str
) -> None:
    project.edit(DECLARED, old, new)
    done = project.doit("build")
    assert done.returncode == 1
    assert f"{DECLARED}:9: error: " in done.stdout
    assert words in done.stdout
    assert f"at {TEMPLATE}:28" in done.stdout


def test_xclbin_and_insts_of_different_builds_are_refused(project: Project) -> None:
    project.doit("build")
    folder = project.root / "build/npu1_1col/vector_scale/small"
    insts = folder / "insts.bin"
    insts.write_bytes(insts.read_bytes()[:-1] + b"\x01")
    done = project.doit("run", "-s", "test_emu:vector_scale/small")
    assert done.returncode == 1
    assert "the pair was not built together" in done.stdout


def test_test_hw_without_an_npu_says_what_is_missing_and_names_test_emu(project: Project) -> None:
    done = project.doit("test_hw")
    assert done.returncode == 1
    assert "pyxrt" in done.stdout
    assert "npuforge test_emu" in done.stdout
    assert "PASS" not in done.stdout


def test_list_reads_like_a_table_of_contents(project: Project) -> None:
    listed = [line.split()[0] for line in project.doit("list").stdout.splitlines()]
    stages = ["render", "kernels", "lower", "cores", "insts", "cdo", "routes", "pdi", "xclbin"]
    assert listed[:9] == stages
    assert {"build", "test_emu", "test_hw"} < set(listed)


def test_errors_of_the_script_name_commands_that_can_be_typed(project: Project) -> None:
    (project.root / ".venv").symlink_to(sys.prefix)
    done = subprocess.run(
        [project.root / "doit", "info"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Check `npuforge help info`." in done.stderr


def test_a_list_that_is_read_in_part_ends_without_a_word(project: Project) -> None:
    (project.root / ".venv").symlink_to(sys.prefix)
    shell = "./doit list --all | head -1; echo ${PIPESTATUS[0]}"
    done = subprocess.run(
        ["bash", "-c", shell], cwd=project.root, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[0].startswith("render")
    assert done.stderr == ""
