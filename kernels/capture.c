/* SPDX-License-Identifier: BSD-3-Clause */
/* A lane's chunks as a graph. In a narrow network kernels are over before the next one is launched, so there the chunk is
 * launched as one: what was asked for in the first whole chunk is recorded, in the second one captured and launched as a graph,
 * and replayed from then on, when all that the operations still do is see that the chunk is the recorded one. What differs
 * between chunks, the number of the first sample, is in device memory. A chunk of fewer rows is done operation by operation. */
#include "check.h"
#include "state.h"

void klf_cuda_abandon_capture(klf_lane *lane)
{
    cudaGraph_t graph = NULL;
    if (lane->phase != KLF_PHASE_CAPTURE)
        return;
    cudaStreamEndCapture(lane->stream, &graph);
    if (graph)
        cudaGraphDestroy(graph);
    cudaGetLastError(); /* of a capture that had failed */
    lane->phase = KLF_PHASE_PLAIN;
    lane->n_requests = 0;
}

/* Whether the recorded requests end where a chunk does. A lane that is used otherwise is left without graphs. */
static bool recorded_whole_chunk(const klf_lane *lane)
{
    const klf_cuda_request *last = lane->request + lane->n_requests - 1;
    return last->operation == KLF_OP_COLLECT && last->layer + 1 == lane->model->depth;
}

static bool chunk_is_complete(const klf_lane *lane)
{
    return lane->phase == KLF_PHASE_PLAIN || lane->phase == KLF_PHASE_RECORD || lane->cursor == lane->n_requests;
}

bool klf_cuda_without_graphs(klf_lane *lane)
{
    if (lane->phase == KLF_PHASE_CAPTURE || lane->phase == KLF_PHASE_REPLAY)
        return false;
    lane->graphs = false;
    lane->phase = KLF_PHASE_PLAIN;
    return true;
}

klf_status klf_cuda_begin_chunk(klf_lane *lane, size_t rows)
{
    klf_status st = KLF_OK;
    if (!chunk_is_complete(lane)) {
        klf_cuda_abandon_capture(lane);
        return klf_fail(KLF_ERR_INTERNAL, "backend cuda: a chunk of a replayed lane was left before its end");
    }
    lane->graphs = lane->graphs && (lane->n_requests == 0 || recorded_whole_chunk(lane));
    lane->cursor = 0;
    if (!lane->graphs || rows != lane->max_rows) {
        lane->phase = KLF_PHASE_PLAIN;
    } else if (lane->graph) {
        KLF_TRY(KLF_CUDA(cudaGraphLaunch(lane->graph, lane->stream)));
        lane->phase = KLF_PHASE_REPLAY;
    } else if (lane->n_requests > 0) {
        KLF_TRY(KLF_CUDA(cudaStreamBeginCapture(lane->stream, cudaStreamCaptureModeRelaxed)));
        lane->phase = KLF_PHASE_CAPTURE;
    } else {
        lane->phase = KLF_PHASE_RECORD;
    }
done:
    return st;
}

klf_status klf_cuda_begin_operation(klf_lane *lane, klf_cuda_operation operation, size_t layer, bool *skip)
{
    *skip = lane->phase == KLF_PHASE_REPLAY;
    if (lane->phase == KLF_PHASE_PLAIN)
        return KLF_OK;
    if (lane->phase == KLF_PHASE_RECORD) {
        if (lane->n_requests == 3 * lane->model->depth + 1) {
            lane->graphs = false; /* more than a chunk has */
            lane->phase = KLF_PHASE_PLAIN;
            return KLF_OK;
        }
        lane->request[lane->n_requests++] = (klf_cuda_request){.operation = operation, .layer = layer};
        return KLF_OK;
    }
    if (lane->cursor == lane->n_requests || lane->request[lane->cursor].operation != operation ||
        lane->request[lane->cursor].layer != layer) {
        klf_cuda_abandon_capture(lane);
        return klf_fail(KLF_ERR_INTERNAL, "backend cuda: a chunk of a replayed lane differs from the first one at layer %zu",
                        layer);
    }
    lane->cursor++;
    return KLF_OK;
}

static klf_status launch_captured(klf_lane *lane)
{
    klf_status  st = KLF_OK;
    cudaGraph_t graph = NULL;
    lane->phase = KLF_PHASE_REPLAY; /* nothing to abandon any more; the chunk is complete */
    KLF_TRY(KLF_CUDA(cudaStreamEndCapture(lane->stream, &graph)));
    KLF_TRY(KLF_CUDA(cudaGraphInstantiateWithFlags(&lane->graph, graph, 0)));
    KLF_TRY(KLF_CUDA(cudaGraphLaunch(lane->graph, lane->stream)));
done:
    if (graph)
        cudaGraphDestroy(graph);
    return st;
}

klf_status klf_cuda_operation_done(klf_lane *lane)
{
    return lane->phase == KLF_PHASE_CAPTURE && lane->cursor == lane->n_requests ? launch_captured(lane) : KLF_OK;
}
