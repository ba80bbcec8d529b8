/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams, events and captures as stream.cpp and graph.cpp see them. */
#ifndef KLF_EMULATION_STREAM_H
#define KLF_EMULATION_STREAM_H

#include "emulation/device.h"

#include <deque>
#include <memory>
#include <thread>
#include <vector>

namespace klf_emulation
{

struct stream;
struct graph;

/* A point in a stream's work. */
struct marker_state {
    stream *in;
    bool    reached;
    double  time_s;
};
using marker = std::shared_ptr<marker_state>;

/* First waits, then runs, then is known to be done; each of them may be absent. */
struct work {
    marker                waits;
    std::function<void()> run;
    marker                sets;
};

struct stream {
    std::deque<work> queue;
    bool             non_blocking = false;
    marker           last;
    graph           *captured_into = nullptr;
};

struct event {
    bool   timed = true;
    marker recorded;
    graph *captured_into = nullptr;
};

/* NULL if there is none of this handle. */
stream *find_stream(cudaStream_t handle);
void    run_first(stream *s);

cudaError_t capture_work(stream *s, std::function<void()> run);
/* A wait between streams of which one at least is being captured. */
cudaError_t capture_wait(stream *s, graph *event_graph);
/* A stream of it is destroyed: nobody can end the capture any more, and it stays counted. */
void lose_capture(graph *g);
/* What must not be done to a stream under capture: the capture is lost. */
cudaError_t spoil_capture(graph *g);

} // namespace klf_emulation
#endif
