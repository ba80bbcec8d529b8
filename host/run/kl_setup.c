/* SPDX-License-Identifier: BSD-3-Clause */
/* Loads and checks what the config names, and resolves the grid. */
#include "run/kl_setup.h"

#include "core/cpu_count.h"
#include "core/quote.h"
#include "klflow/kl_run.h"
#include "klflow/store.h"
#include "run/kl_bias.h"
#include "run/kl_resume.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static klf_status no_memory(void)
{
    return klf_fail(KLF_ERR_MEMORY, "no memory for the run's set-up");
}

/* An axis of its own memory: a copy of the config's list or, where that is empty, the one value that a network file tells. */
static klf_status make_real_axis(const klf_list_real *list, double otherwise, klf_list_real *axis)
{
    const klf_list_real one = {1, &otherwise}, *from = list->n > 0 ? list : &one;
    if (!(axis->v = malloc(from->n * sizeof *axis->v)))
        return no_memory();
    axis->n = from->n;
    memcpy(axis->v, from->v, from->n * sizeof *axis->v);
    return KLF_OK;
}

static klf_status make_uint_axis(const klf_list_uint *list, uint64_t otherwise, klf_list_uint *axis)
{
    const klf_list_uint one = {1, &otherwise}, *from = list->n > 0 ? list : &one;
    if (!(axis->v = malloc(from->n * sizeof *axis->v)))
        return no_memory();
    axis->n = from->n;
    memcpy(axis->v, from->v, from->n * sizeof *axis->v);
    return KLF_OK;
}

static klf_status read_images(const char *spec_text, bool need_index, klf_images *images)
{
    klf_image_spec spec = {0};
    klf_status     st = klf_image_spec_parse(spec_text, need_index, &spec);
    if (st == KLF_OK)
        st = klf_images_read(&spec, images);
    klf_image_spec_free(&spec);
    return st;
}

static klf_status load_inputs(klf_kl_setup *setup)
{
    const klf_kl_config *config = setup->config;
    char                 label[64];
    bool                 has_images = config->input.n > 0 && config->statistics != KLF_STATS_DATASET; /* else of no effect */
    setup->n_inputs = has_images ? config->input.n : 1;
    if (!(setup->input_label = calloc(setup->n_inputs, sizeof *setup->input_label)))
        return no_memory();
    if (has_images && !(setup->images = calloc(setup->n_inputs, sizeof *setup->images)))
        return no_memory();

    setup->blame = "input";
    for (size_t i = 0; i < setup->n_inputs; i++) {
        const char *text = label;
        if (has_images) {
            text = config->input.v[i];
            klf_status st = read_images(text, true, &setup->images[i]);
            if (st != KLF_OK)
                return st;
        } else if (config->statistics == KLF_STATS_DATASET) { /* layer 0 comes from the data set; q0 plays no part */
            text = config->dataset;
        } else if (!isnan(config->gaussian_input)) {
            snprintf(label, sizeof label, "gaussian:%.15g", config->gaussian_input);
        } else if (!isnan(config->q0)) {
            snprintf(label, sizeof label, "q0=%.15g", config->q0);
        } else {
            snprintf(label, sizeof label, "q0=%g*var_w+var_b", KLF_Q0_MEAN_SQUARE);
        }
        if (!(setup->input_label[i] = strdup(text)))
            return no_memory();
    }
    setup->blame = "dataset";
    return config->statistics == KLF_STATS_DATASET ? read_images(config->dataset, false, &setup->dataset) : KLF_OK;
}

static klf_status load_network(klf_kl_setup *setup)
{
    const klf_kl_config *config = setup->config;
    klf_status           st = klf_store_read_network(config->network, &setup->network);
    setup->blame = "network";
    if (st != KLF_OK)
        return st;
    const klf_network *net = setup->network;
    if (config->reference_layer >= net->depth) {
        setup->blame = "reference_layer";
        return klf_fail(KLF_ERR_USAGE, "reference layer %llu is out of range: the network in %s has layers 0 to %zu",
                        (unsigned long long)config->reference_layer, config->network, net->depth - 1);
    }
    bool default_q0 = config->input.n == 0 && isnan(config->q0) && isnan(config->gaussian_input) && !config->dataset;
    bool needs_var_w = config->statistics == KLF_STATS_THEORY || default_q0;
    if (needs_var_w && (isnan(net->var_w) || isnan(net->var_b)))
        return klf_fail(KLF_ERR_USAGE,
                        "%s does not tell var_w and var_b, so there is no default q0 and no theory; give --input or --q0 "
                        "and other --statistics",
                        config->network);
    return KLF_OK;
}

static klf_status make_axes(klf_kl_setup *setup)
{
    const klf_kl_config *config = setup->config;
    const klf_network   *net = setup->network;
    klf_status           st = KLF_OK;
    KLF_TRY(make_real_axis(&config->var_w, net ? net->var_w : NAN, &setup->var_w));
    KLF_TRY(make_real_axis(&config->var_b, net ? net->var_b : NAN, &setup->var_b));
    KLF_TRY(make_uint_axis(&config->depth, net ? net->depth : 0, &setup->depth));
    KLF_TRY(make_uint_axis(&config->seed, net && net->random ? net->seed : 1, &setup->seed));
done:
    return st;
}

/* Images must be as large as the input of the first layer. With explicit widths the input's size is the image's own. */
static klf_status check_image_size(const klf_kl_setup *setup, const klf_images *images, const char *what)
{
    const klf_kl_config *config = setup->config;
    size_t               pixels = images->rows * images->cols;
    size_t expected = setup->network ? setup->network->input_width : config->widths.n > 0 ? pixels : KLF_INPUT_WIDTH;
    if (pixels == expected)
        return KLF_OK;
    return klf_fail(KLF_ERR_DATA, "%s has images of %zu x %zu = %zu pixels, but the first layer takes %zu; %s", what,
                    images->rows, images->cols, pixels, expected,
                    setup->network ? "take images of the size that the network was made for"
                                   : "give --widths for another input size");
}

static klf_status check_inputs(const klf_kl_setup *setup)
{
    for (size_t i = 0; setup->images && i < setup->n_inputs; i++) {
        klf_status st = check_image_size(setup, &setup->images[i], setup->input_label[i]);
        if (st != KLF_OK)
            return st;
    }
    return setup->dataset.pixel ? check_image_size(setup, &setup->dataset, setup->config->dataset) : KLF_OK;
}

/* Moments are those of one network and one input; averaging them over several is left to the reader of the file. */
static klf_status check_moments(klf_kl_setup *setup)
{
    const klf_kl_config *config = setup->config;
    if (!config->save_f_j && !config->save_f_jk)
        return KLF_OK;
    bool ranges = false;
    for (size_t i = 0; setup->images && i < setup->n_inputs; i++)
        ranges = ranges || setup->images[i].count > 1;
    setup->blame = config->save_f_jk ? "save_f_jk" : "save_f_j";
    if (config->ensemble > 1 || ranges)
        return klf_fail(KLF_ERR_USAGE, "--save-f-j and --save-f-jk keep the moments of single networks and inputs; leave out "
                                       "--ensemble and image ranges, and sweep over seed or input instead");
    return KLF_OK;
}

static klf_status check_checkpoint(klf_kl_setup *setup)
{
    const klf_kl_config *config = setup->config;
    klf_status           st = KLF_OK;
    KLF_TRY(klf_kl_checkpoint_path(config, &setup->checkpoint));
    if (!setup->checkpoint)
        goto done;
    const bool exists = access(setup->checkpoint, F_OK) == 0;
    if (exists && !config->resume && !config->force)
        return klf_fail(KLF_ERR_CREATE,
                        "%s is there, the checkpoint of an interrupted run; go on from it with --resume, or begin anew with "
                        "--force",
                        klf_quoted_path(setup->checkpoint).text);
    KLF_TRY(klf_store_check_output(setup->checkpoint, true));
    if (exists && config->resume) {
        setup->blame = "resume";
        KLF_TRY(klf_kl_resume_open(setup));
    }
done:
    return st;
}

static klf_status check_outputs(klf_kl_setup *setup)
{
    const klf_kl_config *config = setup->config;
    klf_status           st = KLF_OK;
    if (config->output)
        KLF_TRY(klf_store_check_output(config->output, config->force));
    KLF_TRY(check_checkpoint(setup));
    const bool saved = setup->resume && setup->resume->network_saved;
    if (config->save_network && !saved)
        KLF_TRY(klf_store_check_output(config->save_network, config->force));
done:
    return st;
}

/* A drawn network is as random after rounding as before, and then its products need no second part. A given one is another
 * network after rounding: only if that is asked for. */
static void find_weight_format(klf_kl_setup *setup)
{
    const klf_kl_config *config = setup->config;
    bool                 fast = klf_precision_phi_format(setup->precision) > KLF_FORMAT_FP32;
    setup->weight_format = config->weight_format_given ? config->weight_format
                           : fast                      ? klf_precision_format(setup->precision)
                                                       : KLF_FORMAT_FP64;
}

static klf_status round_loaded_network(klf_kl_setup *setup)
{
    const klf_kl_config *config = setup->config;
    setup->blame = "weight_format";
    klf_status st = klf_network_round(setup->network, config->weight_format_given ? config->weight_format : KLF_FORMAT_FP64);
    setup->weight_format = setup->network->weight_format;
    return st;
}

static klf_status open_backend(klf_kl_setup *setup)
{
    const klf_kl_config *config = setup->config;
    klf_status           st = KLF_OK;
    setup->blame = "backend";
    klf_opened_backend opened;
    KLF_TRY(klf_backend_open(config->backend, &opened));
    setup->backend = opened.backend;
    setup->context = opened.context;
    memcpy(setup->backend_note, opened.note, sizeof opened.note);
    setup->precision = config->precision == KLF_PRECISION_AUTO ? KLF_FP64 : (klf_precision)config->precision;
    setup->blame = "precision";
    if (!setup->backend->supports(setup->precision))
        return klf_fail(KLF_ERR_USAGE, "backend %s does not compute in %s; leave out --precision or take --backend cpu",
                        setup->backend->name, klf_precision_name(setup->precision));
    if (config->compare) {
        setup->blame = "compare";
        KLF_TRY(klf_backend_open(config->compare, &opened));
        setup->reference = opened.backend;
        setup->reference_context = opened.context;
    }
done:
    return st;
}

klf_status klf_kl_setup_open(const klf_kl_config *config, klf_kl_setup *setup, const char **blame)
{
    klf_status st = KLF_OK;
    *setup = (klf_kl_setup){.config = config, .threads = config->threads ? config->threads : klf_default_threads()};
    KLF_TRY(check_outputs(setup));
    KLF_TRY(open_backend(setup));
    if (config->network) {
        KLF_TRY(load_network(setup));
        KLF_TRY(round_loaded_network(setup));
    }
    KLF_TRY(make_axes(setup));
    KLF_TRY(load_inputs(setup));
    KLF_TRY(check_inputs(setup));
    KLF_TRY(check_moments(setup));
    if (config->precision == KLF_PRECISION_AUTO)
        KLF_TRY(klf_kl_choose_precision(setup, &setup->precision));
    if (!setup->network)
        find_weight_format(setup);
done:
    if (blame)
        *blame = st == KLF_OK ? NULL : setup->blame;
    if (st != KLF_OK)
        klf_kl_setup_close(setup);
    return st;
}

void klf_kl_setup_close(klf_kl_setup *setup)
{
    for (size_t i = 0; i < setup->n_inputs; i++) {
        if (setup->input_label)
            free(setup->input_label[i]);
        if (setup->images)
            klf_images_free(&setup->images[i]);
    }
    free(setup->input_label);
    free(setup->images);
    klf_images_free(&setup->dataset);
    free(setup->var_w.v);
    free(setup->var_b.v);
    free(setup->depth.v);
    free(setup->seed.v);
    klf_network_destroy(setup->network);
    klf_store_free_checkpoint(setup->resume);
    free(setup->checkpoint);
    if (setup->context)
        setup->backend->close(setup->context);
    if (setup->reference_context)
        setup->reference->close(setup->reference_context);
    *setup = (klf_kl_setup){0};
}

size_t klf_kl_setup_n_points(const klf_kl_setup *setup)
{
    return setup->var_w.n * setup->var_b.n * setup->depth.n * setup->seed.n * setup->n_inputs;
}

klf_kl_coordinates klf_kl_setup_point(const klf_kl_setup *setup, size_t index)
{
    klf_kl_coordinates at;
    at.input = index % setup->n_inputs;
    index /= setup->n_inputs;
    at.seed = setup->seed.v[index % setup->seed.n];
    index /= setup->seed.n;
    at.depth = setup->depth.v[index % setup->depth.n];
    index /= setup->depth.n;
    at.var_b = setup->var_b.v[index % setup->var_b.n];
    index /= setup->var_b.n;
    at.var_w = setup->var_w.v[index];
    return at;
}

void klf_kl_setup_widths(const klf_kl_setup *setup, const klf_kl_coordinates *at, size_t *widths)
{
    const klf_kl_config *config = setup->config;
    if (setup->network) {
        for (size_t l = 0; l < at->depth; l++)
            widths[l] = setup->network->layer[l].width;
    } else if (config->widths.n > 0) {
        for (size_t l = 0; l < at->depth; l++)
            widths[l] = config->widths.v[l];
    } else if (config->architecture == KLF_TAPER) {
        klf_widths_taper(at->depth, widths);
    } else {
        klf_widths_wide(at->depth, widths);
    }
}

size_t klf_kl_setup_input_width(const klf_kl_setup *setup, const klf_kl_coordinates *at)
{
    if (setup->network)
        return setup->network->input_width;
    const klf_images *images = setup->dataset.pixel ? &setup->dataset : setup->images ? &setup->images[at->input] : NULL;
    return images ? images->rows * images->cols : KLF_INPUT_WIDTH;
}

size_t klf_kl_setup_n_images(const klf_kl_setup *setup, const klf_kl_coordinates *at)
{
    return setup->images ? setup->images[at->input].count : 1;
}
