/* std::sort of numbers in their own order, which libc++'s headers expect in its library
 * (libcxx/src/algorithm.cpp). By a heap, in place: the library's way recurses, which a core's stack
 * does not bear, and equal numbers cannot be told apart. */
#include <stddef.h>

#define SORT(letter, type)                                                                         \
  static void sink_##letter(type *heap, size_t from, size_t size) {                                \
    type value = heap[from];                                                                       \
    for (size_t child; (child = 2 * from + 1) < size; from = child) {                              \
      if (child + 1 < size && heap[child] < heap[child + 1])                                       \
        child++;                                                                                   \
      if (!(value < heap[child]))                                                                  \
        break;                                                                                     \
      heap[from] = heap[child];                                                                    \
    }                                                                                              \
    heap[from] = value;                                                                            \
  }                                                                                                \
  void sort_##letter(type *first, type *last, void *less) __asm__(                                 \
      "_ZNSt3__16__sortIRNS_6__lessI" #letter #letter "EEP" #letter "EEvT0_S5_T_");                \
  void sort_##letter(type *first, type *last, void *less) {                                        \
    size_t size = (size_t)(last - first);                                                          \
    (void)less;                                                                                    \
    for (size_t at = size / 2; at-- > 0;)                                                          \
      sink_##letter(first, at, size);                                                              \
    while (size-- > 1) {                                                                           \
      type largest = first[0];                                                                     \
      first[0] = first[size];                                                                      \
      first[size] = largest;                                                                       \
      sink_##letter(first, 0, size);                                                               \
    }                                                                                              \
  }
/* The letters are those of types in mangled names (Itanium C++ ABI). */
SORT(c, char)
SORT(a, signed char)
SORT(h, unsigned char)
SORT(s, short)
SORT(t, unsigned short)
SORT(i, int)
SORT(j, unsigned int)
SORT(l, long)
SORT(m, unsigned long)
SORT(x, long long)
SORT(y, unsigned long long)
SORT(f, float)
SORT(d, double)
