// SPDX-License-Identifier: BSD-3-Clause
// Runs the blocks of a grid one after another and the threads of a block in turn. A thread is a plain call on the stack of the
// fiber that started it, which goes on to the next thread when it returns; only where a thread has to wait is its stack set
// aside and another one taken. So a kernel without barriers costs no switch at all.
//
// The order of blocks, of threads, and of those that a barrier sets free, is drawn from the seed; seed 0 is the natural order.
#include "emulation/device.h"
#include "emulation/engine.h"
#include "emulation/fiber.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <link.h>
#include <vector>

namespace klf_emulation
{

thread_state *current;
block_state   block;

namespace
{

thread_state          threads[MAX_BLOCK];
unsigned              order[MAX_BLOCK]; // in which threads start
unsigned              n_threads, n_started, n_alive, n_at_barrier, n_in_exchange;
int                   n_true; // predicates at the barrier
const launch_spec    *running;
random_order          draws;
std::vector<fiber *>  idle;  // fibers that have no thread
std::vector<unsigned> ready; // ranks of threads that may go on
fiber                 host;  // the stack of whoever runs the grid
fiber                *now;   // the fiber that runs

struct fiber_list : std::vector<fiber *> {
    ~fiber_list()
    {
        for (fiber *f : *this)
            fiber_destroy(f);
    }
} all;

void run_threads();

fiber *idle_fiber()
{
    if (idle.empty()) {
        fiber *f = fiber_create(run_threads);
        if (!f) {
            std::fprintf(stderr, "emulated device: no memory for the stack of a thread\n");
            std::abort();
        }
        all.push_back(f);
        return f;
    }
    fiber *f = idle.back();
    idle.pop_back();
    return f;
}

// Leaves this fiber for a thread that can go on, for one that has not started, or for the host if there is neither.
void leave()
{
    fiber     *self = now;
    const bool may_start = n_started < n_threads, start = may_start && (ready.empty() || draws.coin());
    if (start) {
        now = idle_fiber();
    } else if (!ready.empty()) {
        const size_t i = draws.below(ready.size());
        current = &threads[ready[i]];
        ready[i] = ready.back();
        ready.pop_back();
        now = current->stack;
    } else {
        now = &host;
    }
    if (now != self)
        fiber_switch(self, now);
}

// The current thread waits until somebody sets it free.
void pause()
{
    current->stack = now;
    leave();
}

void set_free(thread_state *t)
{
    t->waits = waiting::none;
    if (t != current)
        ready.push_back(t->rank);
}

void open_barrier_if_all_came()
{
    if (n_at_barrier == 0 || n_at_barrier < n_alive)
        return;
    block.count = n_true;
    n_at_barrier = 0;
    n_true = 0;
    for (unsigned i = 0; i < n_threads; i++)
        if (threads[i].waits == waiting::block)
            set_free(&threads[i]);
}

// The lanes of the mask that have not exited must all have come with this mask.
void complete_exchange_if_all_came(unsigned first, unsigned mask)
{
    unsigned present = 0, ballot = 0;
    for (unsigned lane = 0; lane < WARP && first + lane < n_threads; lane++) {
        const thread_state *t = &threads[first + lane];
        if (!(mask >> lane & 1u) || t->exited)
            continue;
        if (t->waits != waiting::warp || t->mask != mask)
            return;
        present |= 1u << lane;
        ballot |= t->ballot << lane;
    }
    for (unsigned lane = 0; lane < WARP; lane++) {
        if (!(present >> lane & 1u))
            continue;
        thread_state *t = &threads[first + lane];
        if (t->source < WARP && (present >> t->source & 1u))
            std::memcpy(t->result, threads[first + t->source].value, MAX_EXCHANGE);
        else // undefined on the card
            std::memset(t->result, 0xff, MAX_EXCHANGE);
    }
    for (unsigned lane = 0; lane < WARP; lane++)
        if (present >> lane & 1u) {
            threads[first + lane].ballot = ballot;
            n_in_exchange--;
            set_free(&threads[first + lane]);
        }
}

// The others do not wait for a thread that has returned.
void exit_thread(thread_state *t)
{
    const unsigned first = t->rank / WARP * WARP;
    t->exited = true;
    n_alive--;
    current = nullptr;
    open_barrier_if_all_came();
    for (unsigned lane = 0; n_in_exchange > 0 && lane < WARP && first + lane < n_threads; lane++)
        if (threads[first + lane].waits == waiting::warp)
            complete_exchange_if_all_came(first, threads[first + lane].mask);
}

void run_threads()
{
    fiber_arrived();
    for (;;) {
        while (n_started < n_threads) {
            thread_state *t = &threads[order[n_started++]];
            current = t;
            running->thread();
            exit_thread(t);
        }
        idle.push_back(now);
        leave();
    }
}

// All static shared memory of the module, as seen by this thread of the program (launch.h).
struct shared_range {
    void  *begin;
    size_t bytes;
};

#ifndef __SANITIZE_ADDRESS__
thread_local volatile char any_shared; // makes sure that this thread has the module's thread-local memory

int find_shared(struct dl_phdr_info *info, size_t, void *arg)
{
    shared_range   *range = static_cast<shared_range *>(arg);
    const uintptr_t in_module = reinterpret_cast<uintptr_t>(&block);
    bool            ours = false;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) &p = info->dlpi_phdr[i];
        if (p.p_type == PT_LOAD && in_module - info->dlpi_addr - p.p_vaddr < p.p_memsz)
            ours = true;
        if (p.p_type == PT_TLS)
            *range = {info->dlpi_tls_data, p.p_memsz};
    }
    if (!ours)
        *range = {};
    return ours;
}
#endif

shared_range static_shared()
{
    shared_range range = {};
#ifndef __SANITIZE_ADDRESS__
    any_shared = 1;
    dl_iterate_phdr(find_shared, &range);
#endif
    return range;
}

void fill(const shared_range &range)
{
    if (range.bytes > 0)
        std::memset(range.begin, 0xff, range.bytes);
}

void start_block(const launch_spec &spec, uint64_t index)
{
    const uint64_t x = spec.grid.x, y = spec.grid.y;
    block.index = {static_cast<unsigned>(index % x), static_cast<unsigned>(index / x % y),
                   static_cast<unsigned>(index / x / y)};
    for (unsigned i = 0; i < n_threads; i++) {
        threads[i].exited = false;
        threads[i].waits = waiting::none;
    }
    n_started = n_at_barrier = n_in_exchange = 0;
    n_alive = n_threads;
    n_true = 0;
    ready.clear();
}

bool report_deadlock(const launch_spec &spec)
{
    const thread_state *t = threads;
    while (t->exited)
        t++;
    std::fprintf(stderr, "emulated device: kernel %s, block (%u, %u, %u): thread %u waits for ever %s; %u of %u threads wait\n",
                 spec.name, block.index.x, block.index.y, block.index.z, t->rank,
                 t->waits == waiting::block ? "at a barrier that other threads do not reach"
                                            : "for lanes of its mask that do not take part",
                 n_alive, n_threads);
    for (fiber *f : all)
        fiber_restart(f, run_threads);
    idle.assign(all.begin(), all.end());
    return false;
}

void set_up_threads(const launch_spec &spec)
{
    n_threads = spec.block.x * spec.block.y * spec.block.z;
    for (unsigned i = 0; i < n_threads; i++) {
        threads[i].rank = order[i] = i;
        threads[i].index = {i % spec.block.x, i / spec.block.x % spec.block.y, i / spec.block.x / spec.block.y};
    }
    for (unsigned i = n_threads; draws.shuffles() && i > 1; i--)
        std::swap(order[i - 1], order[draws.below(i)]);
}

} // namespace

int sync_block(bool predicate)
{
    n_true += predicate;
    n_at_barrier++;
    current->waits = waiting::block;
    open_barrier_if_all_came();
    if (current->waits != waiting::none)
        pause();
    return block.count;
}

unsigned exchange(unsigned mask, const void *value, size_t bytes, unsigned source, bool predicate, void *result)
{
    thread_state *self = current;
    if (bytes > 0)
        std::memcpy(self->value, value, bytes);
    self->mask = mask;
    self->source = source;
    self->ballot = predicate;
    self->waits = waiting::warp;
    n_in_exchange++;
    if (mask >> (self->rank % WARP) & 1u) // else it waits for ever, as nobody knows of it
        complete_exchange_if_all_came(self->rank / WARP * WARP, mask);
    if (self->waits != waiting::none)
        pause();
    if (bytes > 0)
        std::memcpy(result, self->result, bytes);
    return self->ballot;
}

bool run_grid(const launch_spec &spec)
{
    const uint64_t     n_blocks = uint64_t{spec.grid.x} * spec.grid.y * spec.grid.z;
    const shared_range shared = static_shared();
    void              *dynamic = spec.shared_bytes > 0 ? std::malloc(spec.shared_bytes) : nullptr;
    bool               finished = true;
    enum { FILL_EVERY = 16 }; // blocks; what all kernels share is too large to be filled for each of them
    draws = random_order::of_next_launch();
    running = &spec;
    block.block = spec.block;
    block.grid = spec.grid;
    block.dynamic_shared = dynamic;
    set_up_threads(spec);
    const shuffled_range blocks(n_blocks, draws);
    for (uint64_t i = 0; i < n_blocks && finished; i++) {
        if (i < 2 || i % FILL_EVERY == 0)
            fill(shared);
        if (dynamic)
            std::memset(dynamic, 0xff, spec.shared_bytes);
        start_block(spec, blocks[i]);
        now = &host;
        leave();
        if (n_alive > 0)
            finished = report_deadlock(spec);
    }
    std::free(dynamic);
    return finished;
}

} // namespace klf_emulation
