/* The few functions of <string.h> that compilers call by themselves, plus those that Peano's
 * libc has and kernels use (llvm-aie, libc/config/baremetal/aie2/entrypoints.txt). */
#include <stddef.h>
#include <stdint.h>

#define WORD sizeof(uint32_t)
#define BOTH_ALIGNED(a, b) ((((uintptr_t)(a) | (uintptr_t)(b)) & (WORD - 1)) == 0)
typedef uint32_t __attribute__((may_alias)) word;

void *memcpy(void *restrict target, const void *restrict source, size_t size) {
  unsigned char *to = target;
  const unsigned char *from = source;
  if (BOTH_ALIGNED(to, from))
    for (; size >= WORD; size -= WORD, to += WORD, from += WORD)
      *(word *)to = *(const word *)from;
  while (size--)
    *to++ = *from++;
  return target;
}

void *memmove(void *target, const void *source, size_t size) {
  if ((uintptr_t)target - (uintptr_t)source >= size)
    return memcpy(target, source, size);
  unsigned char *to = (unsigned char *)target + size;
  const unsigned char *from = (const unsigned char *)source + size;
  if (BOTH_ALIGNED(to, from))
    for (; size >= WORD; size -= WORD)
      to -= WORD, from -= WORD, *(word *)to = *(const word *)from;
  while (size--)
    *--to = *--from;
  return target;
}

void *memset(void *target, int value, size_t size) {
  unsigned char *to = target;
  uint32_t pattern = (uint32_t)(unsigned char)value * 0x01010101u;
  if (BOTH_ALIGNED(to, 0))
    for (; size >= WORD; size -= WORD, to += WORD)
      *(word *)to = pattern;
  while (size--)
    *to++ = (unsigned char)value;
  return target;
}

int memcmp(const void *left, const void *right, size_t size) {
  const unsigned char *a = left, *b = right;
  for (; size--; a++, b++)
    if (*a != *b)
      return *a - *b;
  return 0;
}

int bcmp(const void *left, const void *right, size_t size) { return memcmp(left, right, size); }

size_t strlen(const char *text) {
  const char *end = text;
  while (*end)
    end++;
  return (size_t)(end - text);
}

int abs(int value) { return value < 0 ? (int)-(unsigned)value : value; }
long labs(long value) { return abs((int)value); }
float fabsf(float value) { return __builtin_fabsf(value); }
double fabs(double value) { return __builtin_fabs(value); }
