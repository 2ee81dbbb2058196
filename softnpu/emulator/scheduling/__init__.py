"""Time: the array's clock, who runs next, and host threads for what runs together."""
