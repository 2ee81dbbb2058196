import pytest

from softnpu.isa import table
from softnpu.isa.codec import Codec, codec
from softnpu.isa.model import InstructionSet
from softnpu.isa.text import Notation, notation


@pytest.fixture(scope="session", params=table.BY_DEVICE.values())
def isa(request: pytest.FixtureRequest) -> InstructionSet:
    """Each generation's instruction set."""
    return table.load(request.param)


@pytest.fixture(scope="session")
def aie2() -> InstructionSet:
    return table.load(table.AIE2)


@pytest.fixture(scope="session")
def aie2p() -> InstructionSet:
    return table.load(table.AIE2P)


@pytest.fixture(scope="session")
def coder(aie2: InstructionSet) -> Codec:
    return codec(aie2)


@pytest.fixture(scope="session")
def written(aie2: InstructionSet) -> Notation:
    return notation(aie2)
