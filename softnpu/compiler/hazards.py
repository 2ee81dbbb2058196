"""What compiles, and may not do what its author means: said before a run shows it."""

from __future__ import annotations

import logging

from xdsl.dialects.builtin import ModuleOp

from softnpu.dialects.walking import nothing_changes
from softnpu.passes.loose_channels import channel_warnings
from softnpu.passes.misspelt_attributes import attribute_warnings
from softnpu.passes.parameter_hazards import parameter_warnings
from softnpu.passes.stream_sums import sum_warnings
from softnpu.passes.token_hazards import token_warnings
from softnpu.passes.transfer_hazards import transfer_warnings

_log = logging.getLogger(__name__)


FINDERS = (
    *(attribute_warnings, parameter_warnings, transfer_warnings, token_warnings),
    channel_warnings,
)


def warn(module: ModuleOp) -> None:
    """Warn of what a design, as its author wrote it, makes doubtful."""
    with nothing_changes():
        for find in FINDERS:
            for text in find(module):
                _log.warning(text)


def warn_of_sums(module: ModuleOp) -> None:
    """Warn of sequences that end within a descriptor; asks for DMA programs in place of fifos."""
    with nothing_changes():
        for text in sum_warnings(module):
            _log.warning(text)
