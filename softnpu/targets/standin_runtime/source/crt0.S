/* Where a stand-in core starts: stack, floating point, .bss, the core's function, the end.
 * The linker script puts this at address 0, where an AIE core starts too. The FPU is off in
 * mstatus until its FS field is set. */
        .section .text.crt0, "ax", @progbits
        .globl __start
        .type __start, @function
__start:
        la      sp, __standin_stack_top
        li      t0, 0x6000
        csrs    mstatus, t0
        la      t0, __standin_bss_begin
        la      t1, __standin_bss_end
1:      bgeu    t0, t1, 2f
        sb      zero, 0(t0)
        addi    t0, t0, 1
        j       1b
2:      call    main
        li      a7, 0           /* softnpu.arch.standin.Service.DONE */
3:      ecall
        j       3b
        .size __start, . - __start
