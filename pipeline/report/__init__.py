"""The report's page: what it shows of an artifact, and how; the tasks are in reporting.py."""

from pathlib import Path

PAGE = Path("build/report/index.html")
OBSERVED, TIMELINE = "observed.json", "timeline.json"
