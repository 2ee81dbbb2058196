import pytest

from softnpu.errors import SoftnpuError
from softnpu.isa import table
from softnpu.isa.model import Access, InstructionSet, RegisterClass, Stage

SIZES = (16, 32, 48, 64, 80, 96, 112, 128)


def test_a_generation_without_a_table_is_refused_by_name() -> None:
    with pytest.raises(SoftnpuError, match=r"no table of aie1's .*; there are: aie2, aie2p"):
        table.load("aie1")


def test_bundles_of_every_length_have_formats(isa: InstructionSet) -> None:
    assert {form.bits for form in isa.formats} == set(SIZES)
    assert [bits for bits, _, _ in isa.lengths] == list(SIZES)
    for form in isa.formats:
        [bits] = {bits for bits, mask, value in isa.lengths if form.value & mask == value}
        assert bits == form.bits


def test_every_slot_has_its_instruction_that_does_nothing(isa: InstructionSet) -> None:
    for slot in isa.slots.values():
        nop = isa.opcodes[slot.nop]
        assert nop.slot == slot.name and nop.effects == {"nop"} and not nop.operands


def test_a_slot_s_bits_are_fixed_or_an_operand_s_and_never_both(isa: InstructionSet) -> None:
    for opcode in isa.opcodes.values():
        taken = opcode.mask
        for operand in opcode.operands:
            bits = 0
            for place, size, first in operand.pieces:
                run = (1 << size) - 1 << place
                assert first == bits and run < 1 << isa.slots[opcode.slot].bits
                assert operand.tied or not taken & run, opcode.name
                taken |= run
                bits += size
            assert bits == operand.type.bits, (opcode.name, operand.name)


def test_every_operand_tells_when_it_is_read_or_written(isa: InstructionSet) -> None:
    for opcode in isa.opcodes.values():
        for operand in opcode.operands:
            assert operand.reads or operand.writes, (opcode.name, operand.name)
        for other in opcode.implicit:
            assert other.reads or other.writes
            assert other.register in isa.registers


def test_a_class_writes_each_register_as_it_reads_it(isa: InstructionSet) -> None:
    for kind in isa.classes.values():
        for register, code in kind.codes.items():
            assert kind.registers[code] == register and code < 1 << kind.bits
        assert set(kind.registers.values()) == set(kind.codes)
        assert len(kind.by_text) == len(kind.codes)


def test_composite_registers_are_as_wide_as_their_parts(aie2: InstructionSet) -> None:
    assert aie2.registers["x3"].parts == ("wl3", "wh3")
    assert aie2.registers["y2"].parts == ("x4", "x5")
    assert aie2.registers["cm1"].parts == ("bml1", "bmh1")
    assert aie2.registers["d1_3d"].parts == ("d1", "d5")
    assert (aie2.registers["l1"].text, aie2.registers["l1"].parts) == ("r19:r18", ("r18", "r19"))
    for register in aie2.registers.values():
        if register.parts:
            assert register.bits == sum(aie2.registers[part].bits for part in register.parts)


def test_registers_are_as_wide_as_the_core_s(aie2: InstructionSet) -> None:
    widths = {
        name: aie2.registers[name].bits for name in ("r0", "p0", "s0", "lc", "crSat", "crRnd")
    }
    assert widths == {"r0": 32, "p0": 20, "s0": 6, "lc": 32, "crSat": 2, "crRnd": 4}
    after_reset = {register.name: register.reset for register in aie2.registers.values()}
    kept = {name: value for name, value in after_reset.items() if value}
    assert kept == {"le": 0xFFFFF, "crMCDEn": 1, "crSCDEn": 1}


def test_results_land_when_the_pipeline_says(aie2: InstructionSet) -> None:
    def writes(name: str) -> Stage | None:
        return aie2.opcodes[name].operands[0].writes

    assert writes("ADD") == Stage(1)
    assert writes("LDA_dms_lda_idx_imm") == Stage(7)
    assert writes("VMAC_vmac_cm_core_dense") == Stage(5, "v")
    assert aie2.opcodes["VMAC_vmac_cm_core_dense"].operands[1].reads == Stage(3, "v")
    assert writes("VMOV_mv_x") == Stage(2, "m", "mX")
    assert aie2.opcodes["ST_S8_ag_idx"].operands[0].reads == Stage(7)
    assert writes("VLDA_UPS_S32_S16_ag_idx") == Stage(9)


def test_aie2p_s_registers_are_made_of_those_below(aie2p: InstructionSet) -> None:
    assert aie2p.leaves("dm1") == ("bmll1", "bmlh1", "bmhl1", "bmhh1")
    assert aie2p.leaves("y0") == ("wl0", "wh0", "wl1", "wh1")
    assert aie2p.leaves("ex3") == ("wl3", "wh3", "el3", "eh3")
    widths = {name: aie2p.registers[name].bits for name in ("dm0", "ex0", "ey0", "qx0", "qex0")}
    assert widths == {"dm0": 2048, "ex0": 576, "ey0": 1152, "qx0": 640, "qex0": 704}
    assert aie2p.registers["crUPSMode"].text == "crupsmode"


def test_aie2p_s_results_land_when_the_pipeline_says(aie2p: InstructionSet) -> None:
    def writes(name: str) -> Stage | None:
        return aie2p.opcodes[name].operands[0].writes

    assert writes("ADD_alu_r_rr") == Stage(1) and writes("MUL") == Stage(2)
    assert writes("VMAC_vmul_cm_core_X_X") == Stage(6, "v")
    assert aie2p.opcodes["VMAC_vmul_cm_core_X_X"].operands[1].reads == Stage(4, "v")
    assert writes("VMAC_f_vmac_bf_vmul_bf_core_X_X") == Stage(6)
    assert writes("VLDB_POP_576_normal_pop") == Stage(8)
    assert aie2p.opcodes["ST_s8_idx"].store == Access(1, 11)
    assert aie2p.opcodes["VLDA_dmx_lda_x_idx"].load == Access(64, 5)


def test_a_fifo_s_registers_have_one_code(aie2p: InstructionSet) -> None:
    pointer, fifo, position = aie2p.opcodes["VLDA_FILL_512"].operands
    assert (fifo.tied, position.tied) == ("ptr", "ptr")
    assert pointer.pieces == fifo.pieces == position.pieces


def test_addresses_that_move_are_written_as_well_as_read(isa: InstructionSet) -> None:
    for opcode in isa.opcodes.values():
        moving = "[$ptr]," in opcode.syntax or ".compr." in opcode.name.lower()
        for operand in opcode.operands:
            if operand.name == "ptr" and moving:
                assert operand.reads and operand.writes == Stage(1), opcode.name
            if isinstance(operand.type, RegisterClass) and operand.type.name in ("eD", "eDS"):
                assert operand.counts == Stage(1), opcode.name


def test_control_registers_are_read_by_forms_with_a_dynamic_sign(aie2: InstructionSet) -> None:
    def read(name: str) -> set[str]:
        return {other.register for other in aie2.opcodes[name].implicit if other.reads}

    assert read("VSRS_D16_S32_mv_x_srs") == {"crSat", "crRnd", "crSRSSign"}
    assert read("VSRS_S16_S32_mv_x_srs") == {"crSat", "crRnd"}
    assert read("VUPS_S32_D8_mv_ups_w2c") == {"crSat", "crUPSSign"}
    assert read("ADC") == {"srCarry"} and read("ADD") == set()


def test_memory_is_passed_in_the_stage_of_the_access(aie2: InstructionSet) -> None:
    part = aie2.opcodes["ST_S16_ag_idx_imm"]
    assert (part.load, part.store) == (Access(2, 5), Access(2, 11))
    assert aie2.opcodes["VST_SRS_S16_S32_ag_idx"].store == Access(32, 7)
    assert aie2.opcodes["VST_dmw_sts_w_ag_idx"].store == Access(32, 5)
    assert aie2.opcodes["LDA_U8_ag_idx"].load == Access(1, 5)
    assert aie2.opcodes["VLDB_128_ag_idx"].load == Access(16, 5)
    for opcode in aie2.opcodes.values():
        loads = opcode.itinerary.startswith(("LDA", "VLD", "STHB"))
        stores = opcode.itinerary.startswith(("STHB", "VST")) or opcode.mnemonic.startswith("st")
        assert bool(opcode.load) == loads and bool(opcode.store) == stores, opcode.name


def test_branches_are_told_apart(aie2: InstructionSet) -> None:
    found = {
        opcode.name: sorted(opcode.effects)
        for opcode in aie2.opcodes.values()
        if opcode.transfers_control
    }
    assert found == {
        "JL": ["call"],
        "JL_IND": ["call"],
        "JNZ": ["conditional", "jump"],
        "JNZD": ["conditional", "jump"],
        "JZ": ["conditional", "jump"],
        "J_jump_imm": ["jump"],
        "J_jump_ind": ["jump"],
        "RET": ["return"],
    }
