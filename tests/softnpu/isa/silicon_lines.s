// Lines that an assembler took and a Phoenix NPU executed, up to two an instruction.
abs r0, r0
abs r1, r0
adc r0, r0, r0
adc r1, r0, r0
add r0, r0, r0
add r1, r0, r0
add.nc r0, r0, #-32
add.nc r1, r0, #-32
add r0, r0, #-64
add r1, r0, #-64
and r0, r0, r0
and r1, r0, r0
ashl r0, r0, r0
ashl r1, r0, r0
clb r0, r0
clb r1, r0
clz r0, r0
clz r1, r0
divs r0, r31, r0, r0
divs r1, r31, r0, r0
eq r0, r0, r0
eq r1, r0, r0
eqz r0, r0
eqz r1, r0
extend.s16 r0, r0
extend.s16 r1, r0
extend.s8 r0, r0
extend.s8 r1, r0
extend.u16 r0, r0
extend.u16 r1, r0
extend.u8 r0, r0
extend.u8 r1, r0
ge r0, r0, r0
ge r1, r0, r0
geu r0, r0, r0
geu r1, r0, r0
lda.s16 r0, [p6, dj0]
lda.s16 r1, [p6, dj0]
lda.s16 r0, [p6, #0]
lda.s16 r1, [p6, #0]
lda.s16 r0, [p6], m0
lda.s16 r1, [p6], m0
lda.s16 r0, [p6], #-8
lda.s16 r1, [p6], #-8
lda.s8 r0, [p6, dj0]
lda.s8 r1, [p6, dj0]
lda.s8 r0, [p6, #0]
lda.s8 r1, [p6, #0]
lda.s8 r0, [p6], m0
lda.s8 r1, [p6], m0
lda.s8 r0, [p6], #-8
lda.s8 r1, [p6], #-8
lda.u16 r0, [p6, dj0]
lda.u16 r1, [p6, dj0]
lda.u16 r0, [p6, #0]
lda.u16 r1, [p6, #0]
lda.u16 r0, [p6], m0
lda.u16 r1, [p6], m0
lda.u16 r0, [p6], #-8
lda.u16 r1, [p6], #-8
lda.u8 r0, [p6, dj0]
lda.u8 r1, [p6, dj0]
lda.u8 r0, [p6, #0]
lda.u8 r1, [p6, #0]
lda.u8 r0, [p6], m0
lda.u8 r1, [p6], m0
lda.u8 r0, [p6], #-8
lda.u8 r1, [p6], #-8
lda r0, [p6, dj0]
lda r1, [p6, dj0]
lda r0, [p0, #0]
lda r0, [p0, #32]
lda r0, [p6], m0
lda r1, [p6], m0
lda r0, [p6], #-256
lda r1, [p6], #-256
lda q0, [p6, dj0]
lda q1, [p6, dj0]
lda q0, [p6, #0]
lda q1, [p6, #0]
lda q0, [p6], m0
lda q1, [p6], m0
lda q0, [p6], #-1024
lda q1, [p6], #-1024
lshl r0, r0, r0
lshl r1, r0, r0
lt r0, r0, r0
lt r1, r0, r0
ltu r0, r0, r0
ltu r1, r0, r0
mova r0, #-1024
mova r1, #-1024
movxm p6, #0
movxm r0, #-2147483648
movx r0, #-1024
movx r1, #-1024
movx crSat, r0
movx crRnd, r0
mov r19:r18, cntr
mov r21:r20, cntr
mov.d1 r0, r0
mov.d1 r1, r0
mov.d2 r0, r0
mov.d2 r1, r0
mov.d3 r0, r0
mov.d3 r1, r0
mov.d4 r0, r0
mov.d4 r1, r0
mov.d5 r0, r0
mov.d5 r1, r0
mov.d6 r0, r0
mov.d6 r1, r0
mov m0, #0
mov m1, #0
mov p6, p0
mov p7, p1
mul r0, r0, r0
mul r1, r0, r0
ne r0, r0, r0
ne r1, r0, r0
nez r0, r0
nez r1, r0
nop
or r0, r0, r0
or r1, r0, r0
padda [p2], m0
padda [p3], m0
padda [p6], #128
padda [p7], #128
padda [sp], #32
paddb [p2], m0
paddb [p3], m0
paddb [p2], #-1024
paddb [p3], #-1024
padds [p2], m0
padds [p3], m0
padds [p2], #-2048
padds [p3], #-2048
sbc r0, r0, r0
sbc r1, r0, r0
sel.eqz r0, r0, r0, r27
sel.eqz r1, r0, r0, r27
sel.nez r0, r0, r0, r27
sel.nez r1, r0, r0, r27
st.s16 r0, [p7, dj0]
st.s16 r1, [p7, dj0]
st.s16 r0, [p7, #0]
st.s16 r1, [p7, #0]
st.s16 r0, [p7], m0
st.s16 r1, [p7], m0
st.s16 r0, [p7], #-8
st.s16 r1, [p7], #-8
st.s8 r0, [p7, dj0]
st.s8 r1, [p7, dj0]
st.s8 r0, [p7, #0]
st.s8 r1, [p7, #0]
st.s8 r0, [p7], m0
st.s8 r1, [p7], m0
st.s8 r0, [p7], #-8
st.s8 r1, [p7], #-8
st r0, [p7, dj0]
st r1, [p7, dj0]
st r0, [p1, #0]
st r1, [p1, #32]
st r0, [p7], m0
st r1, [p7], m0
st r0, [p7], #-256
st r1, [p7], #-256
st q0, [p7, dj0]
st q1, [p7, dj0]
st q0, [p7, #0]
st q1, [p7, #0]
st q0, [p7], m0
st q1, [p7], m0
st q0, [p7], #-1024
st q1, [p7], #-1024
sub r0, r0, r0
sub r1, r0, r0
vabs_gtz.d16 x0, r17, x0
vabs_gtz.d16 x2, r17, x0
vabs_gtz.d32 x0, r17, x0
vabs_gtz.d32 x2, r17, x0
vabs_gtz.d8 x0, r19:r18, x0
vabs_gtz.d8 x2, r19:r18, x0
vabs_gtz.s16 x0, r17, x0
vabs_gtz.s16 x2, r17, x0
vabs_gtz.s32 x0, r17, x0
vabs_gtz.s32 x2, r17, x0
vabs_gtz.s8 x0, r19:r18, x0
vabs_gtz.s8 x2, r19:r18, x0
vadd cm0, cm0, cm0, r0
vadd cm2, cm0, cm0, r0
vaddmac.f bml0, bml0, bml0, x0, x0, r0
vaddmac.f bml2, bml2, bml0, x0, x0, r0
vaddmac.f bml0, bml0, bml0, x0, qx0, r0
vaddmac.f bml2, bml2, bml0, x0, qx0, r0
vaddmac.f bml0, bml0, bml0, y2, qx0, r0
vaddmac.f bml2, bml2, bml0, y2, qx0, r0
vaddmac cm0, cm0, cm0, x0, x0, r0
vaddmac cm2, cm2, cm0, x0, x0, r0
vaddmac cm0, cm0, cm0, x0, qx0, r0
vaddmac cm2, cm2, cm0, x0, qx0, r0
vaddmac cm0, cm0, cm0, y2, qx0, r0
vaddmac cm2, cm2, cm0, y2, qx0, r0
vaddmsc.f bml0, bml0, bml0, x0, x0, r0
vaddmsc.f bml2, bml2, bml0, x0, x0, r0
vaddmsc.f bml0, bml0, bml0, x0, qx0, r0
vaddmsc.f bml2, bml2, bml0, x0, qx0, r0
vaddmsc.f bml0, bml0, bml0, y2, qx0, r0
vaddmsc.f bml2, bml2, bml0, y2, qx0, r0
vaddmsc cm0, cm0, cm0, x0, x0, r0
vaddmsc cm2, cm2, cm0, x0, x0, r0
vaddmsc cm0, cm0, cm0, x0, qx0, r0
vaddmsc cm2, cm2, cm0, x0, qx0, r0
vaddmsc cm0, cm0, cm0, y2, qx0, r0
vaddmsc cm2, cm2, cm0, y2, qx0, r0
vaddsub.16 x0, x0, x0, r17
vaddsub.16 x2, x0, x0, r17
vaddsub.32 x0, x0, x0, r17
vaddsub.32 x2, x0, x0, r17
vaddsub.8 x0, x0, x0, r19:r18
vaddsub.8 x2, x0, x0, r19:r18
vadd.16 x0, x0, x0
vadd.16 x2, x0, x0
vadd.32 x0, x0, x0
vadd.32 x2, x0, x0
vadd.8 x0, x0, x0
vadd.8 x2, x0, x0
vadd.f bml0, bml0, bml0, r0
vadd.f bml2, bml0, bml0, r0
vband x0, x0, x0
vband x2, x0, x0
vbcstshfl.16 x0, r0, r29
vbcstshfl.16 x2, r0, r29
vbcstshfl.32 x0, r0, r29
vbcstshfl.32 x2, r0, r29
vbcstshfl.64 x0, r19:r18, r29
vbcstshfl.64 x2, r19:r18, r29
vbcstshfl.8 x0, r0, r29
vbcstshfl.8 x2, r0, r29
vbcst.16 x0, r0
vbcst.16 x2, r0
vbcst.32 x0, r0
vbcst.32 x2, r0
vbcst.64 x0, r19:r18
vbcst.64 x2, r19:r18
vbcst.8 x0, r0
vbcst.8 x2, r0
vbneg_ltz.s16 x0, r17, x0
vbneg_ltz.s16 x2, r17, x0
vbneg_ltz.s32 x0, r17, x0
vbneg_ltz.s32 x2, r17, x0
vbneg_ltz.s8 x0, r19:r18, x0
vbneg_ltz.s8 x2, r19:r18, x0
vbor x0, x0, x0
vbor x2, x0, x0
vclr cm0
vclr cm2
vclr bml0
vclr bml2
vconv.bf16.fp32 wl0, bml0
vconv.bf16.fp32 wl2, bml0
vconv.fp32.bf16 bml0, wl0
vconv.fp32.bf16 bml2, wl0
veqz.16 r17, x0
veqz.16 r18, x0
veqz.32 r17, x0
veqz.32 r18, x0
veqz.8 r19:r18, x0
veqz.8 r21:r20, x0
vextbcst.16 x0, x0, #0
vextbcst.16 x0, x0, #1
vextbcst.16 x0, x0, r0
vextbcst.16 x2, x0, r0
vextbcst.32 x0, x0, #0
vextbcst.32 x0, x0, #1
vextbcst.32 x0, x0, r0
vextbcst.32 x2, x0, r0
vextbcst.64 x0, x0, #0
vextbcst.64 x0, x0, #1
vextbcst.64 x0, x0, r0
vextbcst.64 x2, x0, r0
vge.d16 r23, x0, x0
vge.d16 r17, x2, x0
vge.d32 r17, x0, x0
vge.d32 r18, x0, x0
vge.d8 r19:r18, x0, x0
vge.d8 r21:r20, x0, x0
vge.s16 r17, x0, x0
vge.s16 r18, x0, x0
vge.s32 r17, x0, x0
vge.s32 r18, x0, x0
vge.s8 r19:r18, x0, x0
vge.s8 r21:r20, x0, x0
vinsert.16 x0, x0, r29, r0
vinsert.16 x2, x0, r29, r0
vinsert.32 x0, x0, r29, r0
vinsert.32 x2, x0, r29, r0
vinsert.64 x0, x0, r29, r19:r18
vinsert.64 x2, x0, r29, r19:r18
vinsert.8 x0, x0, r29, r0
vinsert.8 x2, x0, r29, r0
vlda.128 wl0, [p6]
vlda.128 wl2, [p6]
vlda amll0, [p6, dj0]
vlda amlh0, [p6, dj0]
vlda amll0, [p6, #0]
vlda amlh0, [p6, #0]
vlda amll0, [p6], m0
vlda amlh0, [p6], m0
vlda amll0, [p6], #-2048
vlda amlh0, [p6], #-2048
vlda wl0, [p6, dj0]
vlda wl2, [p6, dj0]
vlda wl0, [p6, #0]
vlda wl2, [p6, #0]
vlda wl0, [p6], m0
vlda wl2, [p6], m0
vlda wl0, [p6], #-2048
vlda wl2, [p6], #-2048
vldb.128 wl0, [p6, dj0]
vldb.128 wl2, [p6, dj0]
vldb.128 wl0, [p6], m0
vldb.128 wl2, [p6], m0
vldb.4x16.hi wl0, wl0
vldb.4x16.hi wl2, wl0
vldb.4x16.lo wl0, wl0
vldb.4x16.lo wl2, wl0
vldb.4x32.hi wl0, wl0
vldb.4x32.hi wl2, wl0
vldb.4x32.lo wl0, wl0
vldb.4x32.lo wl2, wl0
vldb.4x64.hi wl0, wl0
vldb.4x64.hi wl2, wl0
vldb.4x64.lo wl0, wl0
vldb.4x64.lo wl2, wl0
vldb.compr.fill [p2]
vldb.compr.peek wl0, [p2]
vldb.compr.pop wl0, [p2]
vldb.compr.reset [p2]
vldb.sparse.fill.16 [p2]
vldb.sparse.fill.4 [p2]
vldb.sparse.fill.8 [p2]
vldb.sparse.peek.16 qwl0, [p2]
vldb.sparse.peek.4 qwl0, [p2]
vldb.sparse.peek.8 qwl0, [p2]
vldb.sparse.pop.16 qwl0, [p2]
vldb.sparse.pop.4 qwl0, [p2]
vldb.sparse.pop.8 qwl0, [p2]
vldb.sparse.reset.16 [p2]
vldb.sparse.reset.4 [p2]
vldb.sparse.reset.8 [p2]
vldb wl0, [p6, dj0]
vldb wl2, [p6, dj0]
vldb wl0, [p6, #0]
vldb wl2, [p6, #0]
vldb wl0, [p6], m0
vldb wl2, [p6], m0
vldb wl0, [p6], #-256
vldb wl2, [p6], #-256
vlt.bf16 r17, x0, x0
vlt.bf16 r18, x0, x0
vlt.d16 r17, x0, x0
vlt.d16 r18, x0, x0
vlt.d32 r17, x0, x0
vlt.d32 r18, x0, x0
vlt.d8 r19:r18, x0, x0
vlt.d8 r21:r20, x0, x0
vlt.s16 r17, x0, x0
vlt.s16 r18, x0, x0
vlt.s32 r17, x0, x0
vlt.s32 r18, x0, x0
vlt.s8 r19:r18, x0, x0
vlt.s8 r21:r20, x0, x0
vmac.f bml0, bml0, x0, x0, r0
vmac.f bml2, bml0, x0, x0, r0
vmac.f bml0, bml0, x0, qx0, r0
vmac.f bml2, bml0, x0, qx0, r0
vmac.f bml0, bml0, y2, qx0, r0
vmac.f bml2, bml0, y2, qx0, r0
vmac cm0, cm0, x0, x0, r0
vmac cm2, cm0, x0, x0, r0
vmac cm0, cm0, x0, qx0, r0
vmac cm2, cm0, x0, qx0, r0
vmac cm0, cm0, y2, qx0, r0
vmac cm2, cm0, y2, qx0, r0
vmaxdiff_lt.d16 x0, r17, x0, x0
vmaxdiff_lt.d16 x2, r17, x0, x0
vmaxdiff_lt.d32 x0, r17, x0, x0
vmaxdiff_lt.d32 x2, r17, x0, x0
vmaxdiff_lt.d8 x0, r19:r18, x0, x0
vmaxdiff_lt.d8 x2, r19:r18, x0, x0
vmaxdiff_lt.s16 x0, r17, x0, x0
vmaxdiff_lt.s16 x2, r17, x0, x0
vmaxdiff_lt.s32 x0, r17, x0, x0
vmaxdiff_lt.s32 x2, r17, x0, x0
vmaxdiff_lt.s8 x0, r19:r18, x0, x0
vmaxdiff_lt.s8 x2, r19:r18, x0, x0
vmax_lt.bf16 x0, r17, x0, x0
vmax_lt.bf16 x2, r17, x0, x0
vmax_lt.d16 x0, r17, x0, x0
vmax_lt.d16 x2, r17, x0, x0
vmax_lt.d32 x0, r17, x0, x0
vmax_lt.d32 x2, r17, x0, x0
vmax_lt.d8 x0, r19:r18, x0, x0
vmax_lt.d8 x2, r19:r18, x0, x0
vmax_lt.s16 x0, r17, x0, x0
vmax_lt.s16 x2, r17, x0, x0
vmax_lt.s32 x0, r17, x0, x0
vmax_lt.s32 x2, r17, x0, x0
vmax_lt.s8 x0, r19:r18, x0, x0
vmax_lt.s8 x2, r19:r18, x0, x0
vmin_ge.bf16 x0, r17, x0, x0
vmin_ge.bf16 x2, r17, x0, x0
vmin_ge.d16 x0, r17, x0, x0
vmin_ge.d16 x2, r17, x0, x0
vmin_ge.d32 x0, r17, x0, x0
vmin_ge.d32 x2, r17, x0, x0
vmin_ge.d8 x0, r19:r18, x0, x0
vmin_ge.d8 x2, r19:r18, x0, x0
vmin_ge.s16 x0, r17, x0, x0
vmin_ge.s16 x2, r17, x0, x0
vmin_ge.s32 x0, r17, x0, x0
vmin_ge.s32 x2, r17, x0, x0
vmin_ge.s8 x0, r19:r18, x0, x0
vmin_ge.s8 x2, r19:r18, x0, x0
vmov.d cm0, cm0
vmov.d cm2, cm0
vmov cm0, cm0
vmov cm2, cm0
vmov wl0, wl0
vmov wl2, wl0
vmov x0, x0
vmov x2, x0
vmsc.f bml0, bml0, x0, x0, r0
vmsc.f bml2, bml0, x0, x0, r0
vmsc.f bml0, bml0, x0, qx0, r0
vmsc.f bml2, bml0, x0, qx0, r0
vmsc.f bml0, bml0, y2, qx0, r0
vmsc.f bml2, bml0, y2, qx0, r0
vmsc cm0, cm0, x0, x0, r0
vmsc cm2, cm0, x0, x0, r0
vmsc cm0, cm0, x0, qx0, r0
vmsc cm2, cm0, x0, qx0, r0
vmsc cm0, cm0, y2, qx0, r0
vmsc cm2, cm0, y2, qx0, r0
vmul.f bml0, x0, x0, r0
vmul.f bml2, x0, x0, r0
vmul.f bml0, x0, qx0, r0
vmul.f bml2, x0, qx0, r0
vmul.f bml0, y2, qx0, r0
vmul.f bml2, y2, qx0, r0
vmul cm0, x0, x0, r0
vmul cm2, x0, x0, r0
vmul cm0, x0, qx0, r0
vmul cm2, x0, qx0, r0
vmul cm0, y2, qx0, r0
vmul cm2, y2, qx0, r0
vneg cm0, cm0, r0
vneg cm2, cm0, r0
vnegadd cm0, cm0, cm0, r0
vnegadd cm2, cm0, cm0, r0
vnegadd.f bml0, bml0, bml0, r0
vnegadd.f bml2, bml0, bml0, r0
vnegmac cm0, cm0, x0, x0, r0
vnegmac cm2, cm0, x0, x0, r0
vnegmac cm0, cm0, x0, qx0, r0
vnegmac cm2, cm0, x0, qx0, r0
vnegmac cm0, cm0, y2, qx0, r0
vnegmac cm2, cm0, y2, qx0, r0
vnegmsc cm0, cm0, x0, x0, r0
vnegmsc cm2, cm0, x0, x0, r0
vnegmsc cm0, cm0, x0, qx0, r0
vnegmsc cm2, cm0, x0, qx0, r0
vnegmsc cm0, cm0, y2, qx0, r0
vnegmsc cm2, cm0, y2, qx0, r0
vnegmul.f bml0, x0, x0, r0
vnegmul.f bml2, x0, x0, r0
vnegmul.f bml0, x0, qx0, r0
vnegmul.f bml2, x0, qx0, r0
vnegmul.f bml0, y2, qx0, r0
vnegmul.f bml2, y2, qx0, r0
vnegmul cm0, x0, x0, r0
vnegmul cm2, x0, x0, r0
vnegmul cm0, x0, qx0, r0
vnegmul cm2, x0, qx0, r0
vnegmul cm0, y2, qx0, r0
vnegmul cm2, y2, qx0, r0
vnegsub cm0, cm0, cm0, r0
vnegsub cm2, cm0, cm0, r0
vnegsub.f bml0, bml0, bml0, r0
vnegsub.f bml2, bml0, bml0, r0
vneg.f bml0, bml0, r0
vneg.f bml2, bml0, r0
vneg_gtz16 x0, r17, x0
vneg_gtz16 x2, r17, x0
vneg_gtz32 x0, r17, x0
vneg_gtz32 x2, r17, x0
vneg_gtz8 x0, r19:r18, x0
vneg_gtz8 x2, r19:r18, x0
vpush.hi.16 x0, x0, r0
vpush.hi.16 x2, x0, r0
vpush.hi.32 x0, x0, r0
vpush.hi.32 x2, x0, r0
vpush.hi.64 x0, x0, r19:r18
vpush.hi.64 x2, x0, r19:r18
vpush.hi.8 x0, x0, r0
vpush.hi.8 x2, x0, r0
vpush.lo.16 x0, r0, x0
vpush.lo.16 x2, r0, x0
vpush.lo.32 x0, r0, x0
vpush.lo.32 x2, r0, x0
vpush.lo.64 x0, r19:r18, x0
vpush.lo.64 x2, r19:r18, x0
vpush.lo.8 x0, r0, x0
vpush.lo.8 x2, r0, x0
vsel.16 x0, x0, x0, r17
vsel.16 x2, x0, x0, r17
vsel.32 x0, x0, x0, r17
vsel.32 x2, x0, x0, r17
vsel.8 x0, x0, x0, r19:r18
vsel.8 x2, x0, x0, r19:r18
vshift x0, x0, x0, r0
vshift x2, x0, x0, r0
vshift.align x0, x0, s0, x0, r0
vshift.align x2, x0, s0, x0, r0
vshuffle x0, x0, x0, r0
vshuffle x2, x0, x0, r0
vsrsm.d16.s32 wl0, bml0, s0
vsrsm.d16.s32 wl2, bml0, s0
vsrsm.d32.s64 wl0, bml0, s0
vsrsm.d32.s64 wl2, bml0, s0
vsrsm.s16.s32 wl0, bml0, s0
vsrsm.s16.s32 wl2, bml0, s0
vsrsm.s32.s64 wl0, bml0, s0
vsrsm.s32.s64 wl2, bml0, s0
vsrs.d16.s32 wl6, bml0, s0
vsrs.d16.s32 wl0, bml2, s0
vsrs.d16.s32 x0, cm0, s0
vsrs.d16.s32 x2, cm0, s0
vsrs.d16.s64 wl0, cm0, s0
vsrs.d16.s64 wl2, cm0, s0
vsrs.d32.s64 wl0, bml0, s0
vsrs.d32.s64 wl2, bml0, s0
vsrs.d32.s64 x0, cm0, s0
vsrs.d32.s64 x2, cm0, s0
vsrs.d8.s32 wl0, cm0, s0
vsrs.d8.s32 wl2, cm0, s0
vsrs.s16.s32 wl0, bml0, s3
vsrs.s16.s32 wl0, bmh0, s3
vsrs.s16.s32 x0, cm0, s0
vsrs.s16.s32 x2, cm0, s0
vsrs.s16.s64 wl0, cm0, s0
vsrs.s16.s64 wl2, cm0, s0
vsrs.s32.s64 wl0, bml0, s0
vsrs.s32.s64 wl2, bml0, s0
vsrs.s32.s64 x0, cm0, s0
vsrs.s32.s64 x2, cm0, s0
vsrs.s8.s32 wl0, cm0, s0
vsrs.s8.s32 wl2, cm0, s0
vst.128 wl0, [p7, dj0]
vst.128 wl2, [p7, dj0]
vst.128 wl0, [p7, #0]
vst.128 wl2, [p7, #0]
vst.128 wl0, [p7], m0
vst.128 wl2, [p7], m0
vst.128 wl0, [p7], #-2048
vst.128 wl2, [p7], #-2048
vst amll0, [p7, dj0]
vst amlh0, [p7, dj0]
vst amll0, [p7, #0]
vst amlh0, [p7, #0]
vst amll0, [p7], m0
vst amlh0, [p7], m0
vst amll0, [p7], #-2048
vst amlh0, [p7], #-2048
vst wl0, [p7, dj0]
vst wl2, [p7, dj0]
vst wl0, [p7, #0]
vst wl2, [p7, #0]
vst wl0, [p7], m0
vst wl2, [p7], m0
vst wl0, [p7], #-2048
vst wl2, [p7], #-2048
vsub cm0, cm0, cm0, r0
vsub cm2, cm0, cm0, r0
vsubmac cm0, cm0, cm0, x0, x0, r0
vsubmac cm2, cm2, cm0, x0, x0, r0
vsubmac cm0, cm0, cm0, x0, qx0, r0
vsubmac cm2, cm2, cm0, x0, qx0, r0
vsubmac cm0, cm0, cm0, y2, qx0, r0
vsubmac cm2, cm2, cm0, y2, qx0, r0
vsubmsc cm0, cm0, cm0, x0, x0, r0
vsubmsc cm2, cm2, cm0, x0, x0, r0
vsubmsc cm0, cm0, cm0, x0, qx0, r0
vsubmsc cm2, cm2, cm0, x0, qx0, r0
vsubmsc cm0, cm0, cm0, y2, qx0, r0
vsubmsc cm2, cm2, cm0, y2, qx0, r0
vsub.16 x0, x0, x0
vsub.16 x2, x0, x0
vsub.32 x0, x0, x0
vsub.32 x2, x0, x0
vsub.8 x0, x0, x0
vsub.8 x2, x0, x0
vsub.f bml0, bml0, bml0, r0
vsub.f bml2, bml0, bml0, r0
vsub_ge.d16 x0, r17, x0, x0
vsub_ge.d16 x2, r17, x0, x0
vsub_ge.d32 x0, r17, x0, x0
vsub_ge.d32 x2, r17, x0, x0
vsub_ge.d8 x0, r19:r18, x0, x0
vsub_ge.d8 x2, r19:r18, x0, x0
vsub_ge.s16 x0, r17, x0, x0
vsub_ge.s16 x2, r17, x0, x0
vsub_ge.s32 x0, r17, x0, x0
vsub_ge.s32 x2, r17, x0, x0
vsub_ge.s8 x0, r19:r18, x0, x0
vsub_ge.s8 x2, r19:r18, x0, x0
vsub_lt.d16 x0, r17, x0, x0
vsub_lt.d16 x2, r17, x0, x0
vsub_lt.d32 x0, r17, x0, x0
vsub_lt.d32 x2, r17, x0, x0
vsub_lt.d8 x0, r19:r18, x0, x0
vsub_lt.d8 x2, r19:r18, x0, x0
vsub_lt.s16 x0, r17, x0, x0
vsub_lt.s16 x2, r17, x0, x0
vsub_lt.s32 x0, r17, x0, x0
vsub_lt.s32 x2, r17, x0, x0
vsub_lt.s8 x0, r19:r18, x0, x0
vsub_lt.s8 x2, r19:r18, x0, x0
vunpack.d16.d8 x0, wl0
vunpack.d16.d8 x2, wl0
vunpack.d8.d4 x0, wl0
vunpack.d8.d4 x2, wl0
vunpack.s16.s8 x0, wl0
vunpack.s16.s8 x2, wl0
vunpack.s8.s4 x0, wl0
vunpack.s8.s4 x2, wl0
vups.s32.d16 bml0, wl0, s0
vups.s32.d16 bml2, wl0, s0
vups.s32.d16 cm0, x0, s0
vups.s32.d16 cm2, x0, s0
vups.s32.d8 cm0, wl0, s0
vups.s32.d8 cm2, wl0, s0
vups.s32.s16 bml0, wl0, s3
vups.s32.s16 bmh0, wh0, s3
vups.s32.s16 cm0, x0, s0
vups.s32.s16 cm2, x0, s0
vups.s32.s8 cm0, wl0, s0
vups.s32.s8 cm2, wl0, s0
vups.s64.d16 cm0, wl0, s0
vups.s64.d16 cm2, wl0, s0
vups.s64.d32 bml0, wl0, s0
vups.s64.d32 bml2, wl0, s0
vups.s64.d32 cm0, x0, s0
vups.s64.d32 cm2, x0, s0
vups.s64.s16 cm0, wl0, s0
vups.s64.s16 cm2, wl0, s0
vups.s64.s32 bml0, wl0, s0
vups.s64.s32 bml2, wl0, s0
vups.s64.s32 cm0, x0, s0
vups.s64.s32 cm2, x0, s0
xor r0, r0, r0
xor r1, r0, r0
