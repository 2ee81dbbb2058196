"""`npuforge docs`: docs/ as a site that works without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from doit.exceptions import TaskFailed

from pipeline.extras import need
from pipeline.failing import in_words

SITE = Path("build/site")
QUIET = {"NO_MKDOCS_2_WARNING": "1"}
"""mkdocs-material's word about its own future is none about our pages."""


@in_words
def build(site: Path = SITE) -> TaskFailed | None:
    """Builds the site; a link or an anchor that leads nowhere is a failure."""
    need("docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(
        [*command, "--site-dir", str(site.absolute())],
        env={**os.environ, **QUIET},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return TaskFailed(done.stdout + done.stderr)
    sys.stdout.write(f"docs      {site}/index.html\n")
    return None
