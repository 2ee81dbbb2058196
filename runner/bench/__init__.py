"""How fast an artifact runs, on what, and how that changes from commit to commit."""
