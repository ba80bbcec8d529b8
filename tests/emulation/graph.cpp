// SPDX-License-Identifier: BSD-3-Clause
// Capture of a stream into a graph and its replay. The graph keeps the order in which work was captured, which is one of those
// that its dependencies allow.
#include "emulation/stream.h"

#include <algorithm>

namespace klf_emulation
{

struct graph {
    std::vector<std::function<void()>> nodes;
    std::vector<stream *>              members; // streams under capture, the one that began first
    std::thread::id                    thread;
    cudaStreamCaptureMode              mode;
    bool                               spoilt = false;
};

namespace
{

std::vector<graph *> captures; // under way

// An event may outlive the capture that it was recorded in.
bool under_way(const graph *g)
{
    return std::find(captures.begin(), captures.end(), g) != captures.end();
}

} // namespace

static void end_capture(graph *g)
{
    for (stream *s : g->members)
        s->captured_into = nullptr;
    captures.erase(std::find(captures.begin(), captures.end(), g));
}

void lose_capture(graph *g)
{
    end_capture(g);
    delete g;
}

bool is_capturing(cudaStream_t handle)
{
    const stream *s = find_stream(handle);
    return s && s->captured_into;
}

cudaError_t forbidden_by_capture()
{
    cudaError_t error = cudaSuccess;
    for (graph *g : captures)
        if (g->mode == cudaStreamCaptureModeGlobal ||
            (g->mode == cudaStreamCaptureModeThreadLocal && g->thread == std::this_thread::get_id())) {
            g->spoilt = true;
            error = cudaErrorStreamCaptureUnsupported;
        }
    return error;
}

cudaError_t spoil_capture(graph *g)
{
    if (under_way(g))
        g->spoilt = true;
    return cudaErrorStreamCaptureUnsupported;
}

cudaError_t capture_work(stream *s, std::function<void()> run)
{
    if (s->captured_into->spoilt)
        return cudaErrorStreamCaptureInvalidated;
    s->captured_into->nodes.push_back(std::move(run));
    return cudaSuccess;
}

cudaError_t capture_wait(stream *s, graph *event_graph)
{
    if (!under_way(event_graph) || (s->captured_into && s->captured_into != event_graph)) {
        if (s->captured_into)
            s->captured_into->spoilt = true;
        return cudaErrorStreamCaptureIsolation;
    }
    if (!s->captured_into) {
        s->captured_into = event_graph;
        event_graph->members.push_back(s);
    }
    return cudaSuccess;
}

} // namespace klf_emulation

using namespace klf_emulation;

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode)
{
    KLF_EMULATION_CALL();
    stream *s = find_stream(handle);
    if (!s)
        return told(cudaErrorInvalidResourceHandle);
    if (!handle || s->captured_into)
        return told(cudaErrorStreamCaptureUnsupported);
    graph *g = new graph();
    g->members.push_back(s);
    g->mode = mode;
    g->thread = std::this_thread::get_id();
    s->captured_into = g;
    captures.push_back(g);
    count(kind::capture, 1);
    return cudaSuccess;
}

// The capture is over, whatever is returned.
cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t *out)
{
    const call this_call(__func__);
    stream    *s = find_stream(handle);
    *out = nullptr;
    if (!s || !s->captured_into)
        return told(cudaErrorIllegalState);
    graph *g = s->captured_into;
    if (g->members[0] != s)
        return told(cudaErrorStreamCaptureUnmatched);
    end_capture(g);
    count(kind::capture, -1);
    if (g->spoilt || this_call.refused() != cudaSuccess) {
        const cudaError_t error = g->spoilt ? cudaErrorStreamCaptureInvalidated : this_call.refused();
        delete g;
        return told(error);
    }
    *out = reinterpret_cast<cudaGraph_t>(g);
    count(kind::graph, 1);
    return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus *out)
{
    KLF_EMULATION_CALL();
    const stream *s = find_stream(handle);
    if (!s)
        return told(cudaErrorInvalidResourceHandle);
    *out = !s->captured_into          ? cudaStreamCaptureStatusNone
           : s->captured_into->spoilt ? cudaStreamCaptureStatusInvalidated
                                      : cudaStreamCaptureStatusActive;
    return cudaSuccess;
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode *)
{
    KLF_EMULATION_CALL();
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t g)
{
    const call this_call(__func__);
    delete reinterpret_cast<graph *>(g);
    count(kind::graph, -1);
    return told(this_call.refused());
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t *out, cudaGraph_t g, unsigned long long)
{
    KLF_EMULATION_CALL();
    using nodes = std::vector<std::function<void()>>;
    *out = reinterpret_cast<cudaGraphExec_t>(new std::shared_ptr<nodes>(new nodes(reinterpret_cast<graph *>(g)->nodes)));
    count(kind::graph_exec, 1);
    return cudaSuccess;
}

#if CUDART_VERSION >= 12000
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t g, unsigned long long flags)
{
    return cudaGraphInstantiateWithFlags(out, g, flags);
}
#else
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t g, cudaGraphNode_t *, char *, size_t)
{
    return cudaGraphInstantiateWithFlags(out, g, 0);
}
#endif

cudaError_t cudaGraphGetNodes(cudaGraph_t g, cudaGraphNode_t *, size_t *n)
{
    KLF_EMULATION_CALL();
    *n = reinterpret_cast<graph *>(g)->nodes.size();
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t handle)
{
    KLF_EMULATION_CALL();
    // A copy of the pointer: the executable graph may be destroyed while it is under way.
    const auto nodes = *reinterpret_cast<std::shared_ptr<std::vector<std::function<void()>>> *>(exec);
    return told(enqueue(handle, [nodes] {
        for (const auto &run : *nodes)
            if (!device_failed())
                run();
    }));
}

cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t)
{
    KLF_EMULATION_CALL();
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    const call this_call(__func__);
    delete reinterpret_cast<std::shared_ptr<std::vector<std::function<void()>>> *>(exec);
    count(kind::graph_exec, -1);
    return told(this_call.refused());
}
