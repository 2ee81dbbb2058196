/* What hand-written core programs of the emulator's tests are made of: see softnpu/arch/standin.py. */
#include <stdint.h>

static inline int32_t service2(int32_t number, int32_t first, int32_t second, int32_t *other) {
  register int32_t a7 __asm__("a7") = number;
  register int32_t a0 __asm__("a0") = first;
  register int32_t a1 __asm__("a1") = second;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a7) : "memory");
  if (other) *other = a1;
  return a0;
}
static inline int32_t service(int32_t number, int32_t first, int32_t second) {
  return service2(number, first, second, 0);
}
static inline void acquire(int32_t lock, int32_t value) { service(1, lock, value); }
static inline void release(int32_t lock, int32_t value) { service(2, lock, value); }
static inline void put_stream(int32_t word, int32_t last) { service(3, word, last); }
static inline int32_t get_stream(int32_t *last) { return service2(4, 0, 0, last); }
static inline void put_cascade(const void *from) { service(5, (int32_t)(intptr_t)from, 0); }
static inline void get_cascade(void *to) { service(6, (int32_t)(intptr_t)to, 0); }
static inline void event(int32_t number) { service(7, number, 0); }
static inline void debug(int32_t value) { service(9, value, 0); }
static inline void put_packet_header(int32_t id, int32_t type) { service(10, id, type); }

void program(void);
__attribute__((naked, section(".start"))) void start(void) {
  __asm__ volatile("li sp, 0x70400\n call program\n li a7, 0\n ecall\n");
}
