/* What else Peano's libc has of <string.h>, <ctype.h> and <stdlib.h> (llvm-aie,
 * libc/config/baremetal/aie2/entrypoints.txt); memory.c has what compilers call by themselves. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void *memchr(const void *memory, int byte, size_t size) {
  const unsigned char *at = memory;
  for (; size--; at++)
    if (*at == (unsigned char)byte)
      return (void *)(uintptr_t)at;
  return NULL;
}
void *memrchr(const void *memory, int byte, size_t size) {
  const unsigned char *start = memory;
  while (size--)
    if (start[size] == (unsigned char)byte)
      return (void *)(uintptr_t)(start + size);
  return NULL;
}
void *memccpy(void *restrict target, const void *restrict source, int byte, size_t size) {
  const void *found = memchr(source, byte, size);
  size_t count = found ? (size_t)((const char *)found - (const char *)source) + 1 : size;
  memcpy(target, source, count);
  return found ? (char *)target + count : NULL;
}
void *mempcpy(void *restrict target, const void *restrict source, size_t size) {
  return (char *)memcpy(target, source, size) + size;
}
void bcopy(const void *source, void *target, size_t size) { memmove(target, source, size); }
void bzero(void *target, size_t size) { memset(target, 0, size); }

size_t strnlen(const char *text, size_t size) {
  const char *end = memchr(text, 0, size);
  return end ? (size_t)(end - text) : size;
}
char *stpcpy(char *restrict target, const char *restrict source) {
  size_t length = strlen(source);
  memcpy(target, source, length + 1);
  return target + length;
}
char *stpncpy(char *restrict target, const char *restrict source, size_t size) {
  size_t length = strnlen(source, size);
  memcpy(target, source, length);
  memset(target + length, 0, size - length);
  return target + length;
}
char *strcpy(char *restrict target, const char *restrict source) {
  stpcpy(target, source);
  return target;
}
char *strncpy(char *restrict target, const char *restrict source, size_t size) {
  stpncpy(target, source, size);
  return target;
}
char *strcat(char *restrict target, const char *restrict source) {
  stpcpy(target + strlen(target), source);
  return target;
}
char *strncat(char *restrict target, const char *restrict source, size_t size) {
  size_t length = strnlen(source, size);
  char *end = target + strlen(target);
  memcpy(end, source, length);
  end[length] = 0;
  return target;
}
size_t strlcpy(char *restrict target, const char *restrict source, size_t size) {
  size_t length = strlen(source), count = length < size ? length : size - 1;
  if (size) {
    memcpy(target, source, count);
    target[count] = 0;
  }
  return length;
}
size_t strlcat(char *restrict target, const char *restrict source, size_t size) {
  size_t length = strnlen(target, size);
  return length == size ? size + strlen(source)
                        : length + strlcpy(target + length, source, size - length);
}

static int compared(const char *a, const char *b, size_t size, int (*folded)(int)) {
  for (; size--; a++, b++) {
    int x = (unsigned char)*a, y = (unsigned char)*b;
    if (folded)
      x = folded(x), y = folded(y);
    if (x != y || !x)
      return x - y;
  }
  return 0;
}
int strcmp(const char *a, const char *b) { return compared(a, b, SIZE_MAX, NULL); }
int strncmp(const char *a, const char *b, size_t size) { return compared(a, b, size, NULL); }
int strcasecmp(const char *a, const char *b) { return compared(a, b, SIZE_MAX, tolower); }
int strncasecmp(const char *a, const char *b, size_t size) { return compared(a, b, size, tolower); }

char *strchr(const char *text, int byte) { return memchr(text, byte, strlen(text) + 1); }
char *strrchr(const char *text, int byte) { return memrchr(text, byte, strlen(text) + 1); }
char *strstr(const char *text, const char *wanted) {
  size_t length = strlen(wanted);
  for (; *text || !length; text++)
    if (!strncmp(text, wanted, length))
      return (char *)(uintptr_t)text;
  return NULL;
}
static size_t spanned(const char *text, const char *set, int within) {
  size_t length = 0;
  while (text[length] && (strchr(set, text[length]) != NULL) == within)
    length++;
  return length;
}
size_t strspn(const char *text, const char *set) { return spanned(text, set, 1); }
size_t strcspn(const char *text, const char *set) { return spanned(text, set, 0); }
char *strpbrk(const char *text, const char *set) {
  text += strcspn(text, set);
  return *text ? (char *)(uintptr_t)text : NULL;
}
char *strtok_r(char *restrict text, const char *restrict set, char **restrict rest) {
  text = text ? text : *rest;
  text += strspn(text, set);
  char *end = text + strcspn(text, set);
  *rest = *end ? end + 1 : end;
  *end = 0;
  return end == text ? NULL : text;
}
char *strtok(char *restrict text, const char *restrict set) {
  static char *rest;
  return strtok_r(text, set, &rest);
}

#undef isalpha
#undef isdigit
#undef islower
#undef isupper
#undef isprint
#undef isgraph
#undef isspace
#undef isascii
#undef toascii
int isdigit(int c) { return c >= '0' && c <= '9'; }
int islower(int c) { return c >= 'a' && c <= 'z'; }
int isupper(int c) { return c >= 'A' && c <= 'Z'; }
int isalpha(int c) { return islower(c) || isupper(c); }
int isalnum(int c) { return isalpha(c) || isdigit(c); }
int isascii(int c) { return c >= 0 && c < 128; }
int isblank(int c) { return c == ' ' || c == '\t'; }
int isgraph(int c) { return c > ' ' && c < 127; }
int isprint(int c) { return c >= ' ' && c < 127; }
int iscntrl(int c) { return isascii(c) && !isprint(c); }
int ispunct(int c) { return isgraph(c) && !isalnum(c); }
int isspace(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
int isxdigit(int c) { return isdigit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f'); }
int toascii(int c) { return c & 127; }
int tolower(int c) { return isupper(c) ? c + 32 : c; }
int toupper(int c) { return islower(c) ? c - 32 : c; }

long long llabs(long long value) { return value < 0 ? (long long)-(unsigned long long)value : value; }
intmax_t imaxabs(intmax_t value) { return llabs(value); }
div_t div(int a, int b) { return (div_t){a / b, a % b}; }
ldiv_t ldiv(long a, long b) { return (ldiv_t){a / b, a % b}; }
lldiv_t lldiv(long long a, long long b) { return (lldiv_t){a / b, a % b}; }
