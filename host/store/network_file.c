/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes a network: W0.., B0.. at the root, W{l} over (neuron_{l}, neuron_{l-1}). Layout: docs/formats.md. */
#include "klflow/store.h"
#include "store/identity.h"
#include "store/netcdf4.h"

#include <stdio.h>

static klf_status write_layer(klf_nc_writer *w, size_t l, const klf_layer *layer, const klf_nc_dim *before, klf_nc_dim *after)
{
    klf_status  st = KLF_OK;
    const hid_t root = klf_nc_root(w);
    char        name[32];
    klf_nc_var  weight, bias;
    snprintf(name, sizeof name, "neuron_%zu", l);
    KLF_TRY(klf_nc_dimension(w, root, name, layer->width, after));
    snprintf(name, sizeof name, "W%zu", l);
    KLF_TRY(klf_nc_variable(w, root, name, KLF_NC_DOUBLE, 2, (klf_nc_dim[]){*after, *before}, NULL, &weight));
    KLF_TRY(klf_nc_text(w, weight.id, "long_name", "weights, [out][in]"));
    KLF_TRY(klf_nc_write(w, weight, layer->weight));
    snprintf(name, sizeof name, "B%zu", l);
    KLF_TRY(klf_nc_variable(w, root, name, KLF_NC_DOUBLE, 1, after, NULL, &bias));
    KLF_TRY(klf_nc_text(w, bias.id, "long_name", "biases"));
    KLF_TRY(klf_nc_write(w, bias, layer->bias));
done:
    return st;
}

static klf_status write_facts(klf_nc_writer *w, const klf_network *net)
{
    klf_status    st = KLF_OK;
    const hid_t   root = klf_nc_root(w);
    const int64_t depth = (int64_t)net->depth;
    const int8_t  random = net->random;
    KLF_TRY(klf_nc_attribute(w, root, "depth", KLF_NC_INT64, 1, &depth));
    KLF_TRY(klf_nc_attribute(w, root, "var_w", KLF_NC_DOUBLE, 1, &net->var_w));
    KLF_TRY(klf_nc_attribute(w, root, "var_b", KLF_NC_DOUBLE, 1, &net->var_b));
    KLF_TRY(klf_nc_attribute(w, root, "seed", KLF_NC_UINT64, 1, &net->seed));
    KLF_TRY(klf_nc_attribute(w, root, "random", KLF_NC_INT8, 1, &random));
    KLF_TRY(klf_nc_text(w, root, "weight_format", klf_format_name(net->weight_format)));
done:
    return st;
}

klf_status klf_store_write_network(const char *path, bool force, const klf_network *net, const klf_provenance *provenance)
{
    klf_status     st = KLF_OK;
    klf_nc_writer *w = NULL;
    klf_nc_dim     before, after;
    KLF_TRY(klf_nc_create(path, force, &w));
    KLF_TRY(klf_identity_write(w, KLF_SCHEMA_NETWORK, "Weights and biases of a tanh network", provenance));
    KLF_TRY(write_facts(w, net));
    KLF_TRY(klf_nc_dimension(w, klf_nc_root(w), "neuron_in", net->input_width, &before));
    for (size_t l = 0; l < net->depth; l++, before = after)
        KLF_TRY(write_layer(w, l, &net->layer[l], &before, &after));
    st = klf_nc_commit(w);
    w = NULL;
done:
    klf_nc_abandon(w);
    return st;
}
