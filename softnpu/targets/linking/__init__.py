"""What a linked core must hold to, whoever compiled it: kind, room, symbols and stack.

Nothing in AMD's flow checks these, and on the array each mistake is silent: see the modules.
"""
