/* Products and quotients of complex numbers, which compilers call (compiler-rt), with infinities
 * recovered from parts that are no numbers (C11, annex G). */
#define COMPLEX(letter, type, suffix)                                                              \
  type _Complex __mul##letter##c3(type a, type b, type c, type d) {                                \
    type ac = a * c, bd = b * d, ad = a * d, bc = b * c, x = ac - bd, y = ad + bc;                 \
    if (x != x && y != y) {                                                                        \
      int again = 0;                                                                               \
      if (__builtin_isinf(a) || __builtin_isinf(b)) {                                              \
        a = boxed##suffix(a), b = boxed##suffix(b);                                                \
        c = c != c ? __builtin_copysign##suffix(0, c) : c;                                         \
        d = d != d ? __builtin_copysign##suffix(0, d) : d;                                         \
        again = 1;                                                                                 \
      }                                                                                            \
      if (__builtin_isinf(c) || __builtin_isinf(d)) {                                              \
        c = boxed##suffix(c), d = boxed##suffix(d);                                                \
        a = a != a ? __builtin_copysign##suffix(0, a) : a;                                         \
        b = b != b ? __builtin_copysign##suffix(0, b) : b;                                         \
        again = 1;                                                                                 \
      }                                                                                            \
      if (!again && (__builtin_isinf(ac) || __builtin_isinf(bd) || __builtin_isinf(ad) ||          \
                     __builtin_isinf(bc))) {                                                       \
        a = a != a ? __builtin_copysign##suffix(0, a) : a;                                         \
        b = b != b ? __builtin_copysign##suffix(0, b) : b;                                         \
        c = c != c ? __builtin_copysign##suffix(0, c) : c;                                         \
        d = d != d ? __builtin_copysign##suffix(0, d) : d;                                         \
        again = 1;                                                                                 \
      }                                                                                            \
      if (again) {                                                                                 \
        x = __builtin_inf##suffix() * (a * c - b * d);                                             \
        y = __builtin_inf##suffix() * (a * d + b * c);                                             \
      }                                                                                            \
    }                                                                                              \
    type _Complex out;                                                                             \
    __real__ out = x;                                                                              \
    __imag__ out = y;                                                                              \
    return out;                                                                                    \
  }
static float boxedf(float value) {
  return __builtin_copysignf(__builtin_isinf(value) ? 1 : 0, value);
}
static double boxed(double value) {
  return __builtin_copysign(__builtin_isinf(value) ? 1 : 0, value);
}
COMPLEX(s, float, f)
COMPLEX(d, double, )
