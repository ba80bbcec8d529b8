/* SPDX-License-Identifier: BSD-3-Clause */
/* Stacks that can be left in the middle and gone back to. On x86-64 a switch saves the six registers that a function must
 * preserve, some nanoseconds; elsewhere it is swapcontext, which also makes a system call. AddressSanitizer is told of every
 * switch. */
#ifndef KLF_EMULATION_FIBER_H
#define KLF_EMULATION_FIBER_H

#include <cstddef>

#ifndef __x86_64__
#include <ucontext.h>
#endif

namespace klf_emulation
{

struct fiber {
    void  *sp;
    void  *stack; /* lowest address of what the fiber may use; unset until a caller's own stack was left once */
    size_t bytes;
    void  *fake_stack; /* AddressSanitizer's */
#ifndef __x86_64__
    ucontext_t context;
#endif
};

/* A fiber that will call entry, which must not return. NULL if there is no memory. */
fiber *fiber_create(void (*entry)());
void   fiber_destroy(fiber *f);
/* Forgets where the fiber was and lets it begin again with entry. */
void fiber_restart(fiber *f, void (*entry)());
/* Leaves `from`, on whose stack the caller is, for `to`; returns when somebody switches back. */
void fiber_switch(fiber *from, fiber *to);
/* The first thing that entry calls. */
void fiber_arrived();

} // namespace klf_emulation
#endif
