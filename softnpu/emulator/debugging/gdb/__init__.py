"""A stub of gdb's remote serial protocol: gdb, lldb and editors attach to stand-in cores.

Source: "GDB Remote Serial Protocol" and "Target Description Format", appendices of gdb's manual;
lldb's additions from its docs/resources/lldbgdbremote.md.
"""
