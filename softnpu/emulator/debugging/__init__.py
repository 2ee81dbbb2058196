"""The debugger: stops cores where it is told, shows what is there, and lets the array go on."""
