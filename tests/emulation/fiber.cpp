// SPDX-License-Identifier: BSD-3-Clause
// Fibers: their stacks, each with a page below it that may not be touched, and the switch.
#include "emulation/fiber.h"

#include <cstdint>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace klf_emulation
{

// Frames are several times larger under the sanitizers. Pages that are never touched cost nothing.
enum { STACK_BYTES = 256 * 1024 };

static fiber *left; // by the switch under way

#ifdef __x86_64__
extern "C" void klf_emulation_switch(void **save, void *load);
asm(R"(
.text
.hidden klf_emulation_switch
.globl klf_emulation_switch
.type klf_emulation_switch, @function
klf_emulation_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size klf_emulation_switch, .-klf_emulation_switch
)");
#endif

void fiber_restart(fiber *f, void (*entry)())
{
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(f->stack, f->bytes);
#endif
    f->fake_stack = nullptr;
#ifdef __x86_64__
    // As klf_emulation_switch would have left it: six registers, and entry to return to with the stack as after a call.
    uintptr_t *top = reinterpret_cast<uintptr_t *>(static_cast<char *>(f->stack) + f->bytes);
    *--top = 0;
    *--top = reinterpret_cast<uintptr_t>(entry);
    for (int i = 0; i < 6; i++)
        *--top = 0;
    f->sp = top;
#else
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = f->bytes;
    f->context.uc_link = nullptr;
    makecontext(&f->context, entry, 0);
#endif
}

fiber *fiber_create(void (*entry)())
{
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void        *map = mmap(nullptr, page + STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fiber       *f = static_cast<fiber *>(calloc(1, sizeof(fiber)));
    if (map == MAP_FAILED || !f) {
        free(f);
        return nullptr;
    }
    mprotect(map, page, PROT_NONE);
    f->stack = static_cast<char *>(map) + page;
    f->bytes = STACK_BYTES;
    fiber_restart(f, entry);
    return f;
}

void fiber_destroy(fiber *f)
{
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(f->stack, f->bytes);
#endif
    munmap(static_cast<char *>(f->stack) - page, page + f->bytes);
    free(f);
}

// Who left us tells where its stack is, if it did not know: that of a thread of the program.
static void arrive(fiber *at)
{
#ifdef __SANITIZE_ADDRESS__
    const void *bottom = nullptr;
    size_t      bytes = 0;
    __sanitizer_finish_switch_fiber(at ? at->fake_stack : nullptr, &bottom, &bytes);
    left->stack = const_cast<void *>(bottom);
    left->bytes = bytes;
#else
    (void)at;
#endif
}

void fiber_arrived()
{
    arrive(nullptr);
}

void fiber_switch(fiber *from, fiber *to)
{
    left = from;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->bytes);
#endif
#ifdef __x86_64__
    klf_emulation_switch(&from->sp, to->sp);
#else
    swapcontext(&from->context, &to->context);
#endif
    arrive(from);
}

} // namespace klf_emulation
