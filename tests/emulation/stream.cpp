// SPDX-License-Identifier: BSD-3-Clause
// Streams and events. Work that is put into a stream stays there until somebody waits for it, and then no more of any other
// stream runs than the events demand: a wait that was forgotten shows as a wrong result. With a seed the device also does some
// work of some stream on its own now and then, as a real one would.
//
// The legacy stream (0) waits for what other streams hold, and they for it, unless they were created non-blocking.
#include "emulation/stream.h"

#include <algorithm>
#include <chrono>

namespace klf_emulation
{

namespace
{

stream                legacy;
std::vector<stream *> streams = {&legacy}; // in order of creation
random_order          draws;
bool                  stirring;

void run_until(const marker &m)
{
    const device_access open;
    stream             *s = m->in;
    while (!m->reached && !s->queue.empty())
        run_first(s);
}

void drain(stream *s)
{
    const device_access open;
    while (!s->queue.empty())
        run_first(s);
}

// What a stream holds now, as something to wait for.
marker mark(stream *s)
{
    if (!s->last || s->queue.back().sets != s->last) {
        s->last = std::make_shared<marker_state>();
        s->last->in = s;
        work w;
        w.sets = s->last;
        s->queue.push_back(std::move(w));
    }
    return s->last;
}

void wait_for(stream *s, const marker &m)
{
    work w;
    w.waits = m;
    s->queue.push_back(std::move(w));
}

void order_with_legacy(stream *s)
{
    if (s == &legacy) {
        for (stream *other : streams)
            if (other != s && !other->non_blocking && !other->queue.empty())
                wait_for(s, mark(other));
    } else if (!s->non_blocking && !legacy.queue.empty()) {
        wait_for(s, mark(&legacy));
    }
}

// A little work that nobody waits for.
void stir()
{
    static uint64_t seed;
    if (device_settings().seed == 0 || stirring)
        return;
    if (seed != device_settings().seed) {
        seed = device_settings().seed;
        draws = random_order::of_next_launch();
    }
    if (draws.below(4) != 0)
        return;
    stream *s = streams[draws.below(streams.size())];
    stirring = true;
    if (!s->queue.empty())
        run_first(s);
    stirring = false;
}

} // namespace

stream *find_stream(cudaStream_t handle)
{
    if (handle == nullptr || handle == cudaStreamLegacy)
        return &legacy;
    for (stream *s : streams)
        if (reinterpret_cast<cudaStream_t>(s) == handle)
            return s;
    return nullptr;
}

// Work of a device that has failed is dropped.
void run_first(stream *s)
{
    const work w = std::move(s->queue.front());
    s->queue.pop_front();
    if (w.waits)
        run_until(w.waits);
    if (w.run && !device_failed()) {
        const device_access open;
        w.run();
    }
    if (w.sets) {
        w.sets->reached = true;
        w.sets->time_s = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }
}

bool is_stream(cudaStream_t handle)
{
    return find_stream(handle) != nullptr;
}

cudaError_t enqueue(cudaStream_t handle, std::function<void()> run)
{
    stream *s = find_stream(handle);
    if (!s)
        return cudaErrorInvalidResourceHandle;
    if (s->captured_into)
        return capture_work(s, std::move(run));
    if (s == &legacy && forbidden_by_capture() != cudaSuccess)
        return cudaErrorStreamCaptureImplicit;
    order_with_legacy(s);
    work w;
    w.run = std::move(run);
    s->queue.push_back(std::move(w));
    stir();
    return cudaSuccess;
}

static cudaError_t outcome()
{
    const device_access open;
    check_guards();
    return device_error();
}

cudaError_t run_stream(cudaStream_t handle)
{
    stream *s = find_stream(handle);
    if (!s)
        return cudaErrorInvalidResourceHandle;
    if (s->captured_into)
        return spoil_capture(s->captured_into);
    order_with_legacy(s);
    drain(s);
    return outcome();
}

void run_all_streams()
{
    const device_access open;
    for (size_t i = streams.size(); i-- > 0;) // whoever came last first: only events keep an order between streams
        drain(streams[i]);
    check_guards();
}

} // namespace klf_emulation

using namespace klf_emulation;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned flags)
{
    KLF_EMULATION_CALL();
    if (usable_device() != cudaSuccess)
        return told(usable_device());
    stream *s = new stream();
    s->non_blocking = (flags & cudaStreamNonBlocking) != 0;
    streams.push_back(s);
    *out = reinterpret_cast<cudaStream_t>(s);
    count(kind::stream, 1);
    return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t *out)
{
    return cudaStreamCreateWithFlags(out, cudaStreamDefault);
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t *out, unsigned flags, int)
{
    return cudaStreamCreateWithFlags(out, flags);
}

cudaError_t cudaStreamDestroy(cudaStream_t handle)
{
    const call this_call(__func__);
    stream    *s = find_stream(handle);
    if (!s || s == &legacy)
        return told(cudaErrorInvalidResourceHandle);
    if (s->captured_into)
        lose_capture(s->captured_into);
    drain(s);
    streams.erase(std::find(streams.begin(), streams.end(), s));
    delete s;
    count(kind::stream, -1);
    return told(this_call.refused());
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle)
{
    KLF_EMULATION_CALL();
    return told(run_stream(handle));
}

// Each question is answered after one more piece of work, so that asking again and again ends.
cudaError_t cudaStreamQuery(cudaStream_t handle)
{
    KLF_EMULATION_CALL();
    stream *s = find_stream(handle);
    if (!s)
        return told(cudaErrorInvalidResourceHandle);
    if (s->captured_into)
        return told(spoil_capture(s->captured_into));
    if (s->queue.empty())
        return told(outcome());
    run_first(s);
    return cudaErrorNotReady;
}

cudaError_t cudaDeviceSynchronize()
{
    KLF_EMULATION_CALL();
    const cudaError_t forbidden = forbidden_by_capture();
    if (forbidden != cudaSuccess)
        return told(forbidden);
    run_all_streams();
    return told(outcome());
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *out, unsigned flags)
{
    KLF_EMULATION_CALL();
    event *e = new event();
    e->timed = (flags & cudaEventDisableTiming) == 0;
    *out = reinterpret_cast<cudaEvent_t>(e);
    count(kind::event, 1);
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *out)
{
    return cudaEventCreateWithFlags(out, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t handle)
{
    const call this_call(__func__);
    if (!handle)
        return told(cudaErrorInvalidResourceHandle);
    delete reinterpret_cast<event *>(handle);
    count(kind::event, -1);
    return told(this_call.refused());
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream_handle)
{
    KLF_EMULATION_CALL();
    stream *s = find_stream(stream_handle);
    event  *e = reinterpret_cast<event *>(handle);
    if (!s || !e)
        return told(cudaErrorInvalidResourceHandle);
    e->captured_into = s->captured_into;
    if (e->captured_into)
        return cudaSuccess;
    order_with_legacy(s);
    e->recorded = std::make_shared<marker_state>();
    e->recorded->in = s;
    work w;
    w.sets = e->recorded;
    s->queue.push_back(std::move(w));
    stir();
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream_handle, cudaEvent_t handle, unsigned)
{
    KLF_EMULATION_CALL();
    stream *s = find_stream(stream_handle);
    event  *e = reinterpret_cast<event *>(handle);
    if (!s || !e)
        return told(cudaErrorInvalidResourceHandle);
    if (s->captured_into || e->captured_into)
        return told(capture_wait(s, e->captured_into));
    if (e->recorded && !e->recorded->reached)
        wait_for(s, e->recorded);
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle)
{
    KLF_EMULATION_CALL();
    event *e = reinterpret_cast<event *>(handle);
    if (!e)
        return told(cudaErrorInvalidResourceHandle);
    if (e->captured_into)
        return told(spoil_capture(e->captured_into));
    if (e->recorded)
        run_until(e->recorded);
    return told(outcome());
}

cudaError_t cudaEventQuery(cudaEvent_t handle)
{
    KLF_EMULATION_CALL();
    event *e = reinterpret_cast<event *>(handle);
    if (!e)
        return told(cudaErrorInvalidResourceHandle);
    if (!e->recorded || e->recorded->reached)
        return told(outcome());
    run_first(e->recorded->in);
    return cudaErrorNotReady;
}

cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t from, cudaEvent_t to)
{
    KLF_EMULATION_CALL();
    const event *a = reinterpret_cast<event *>(from), *b = reinterpret_cast<event *>(to);
    if (!a || !b || !a->timed || !b->timed || !a->recorded || !b->recorded)
        return told(cudaErrorInvalidResourceHandle);
    if (!a->recorded->reached || !b->recorded->reached)
        return told(cudaErrorNotReady);
    *ms = static_cast<float>(1e3 * (b->recorded->time_s - a->recorded->time_s));
    return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream_handle, cudaHostFn_t function, void *argument)
{
    KLF_EMULATION_CALL();
    return told(enqueue(stream_handle, [function, argument] { function(argument); }));
}
