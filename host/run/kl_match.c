/* SPDX-License-Identifier: BSD-3-Clause */
/* Points are matched by the values of their axes. Networks are told apart by what both files know of them: seeds, widths, and
 * mean and variance of every layer, which are computed in double from weights and input. */
#include "run/kl_match.h"

#include "core/quote.h"
#include "klflow/images.h"
#include "run/numbers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double DEFAULT_SIGMAS = 5.0;

/* Mean and variance of the layers of one network agree to some 1e-12 wherever they are computed; where rounding is amplified
 * from layer to layer, to less. Those of networks that differ in their seed or in the format of their weights do not. */
static const double STATISTICS_TOLERANCE = 1e-6;

/* One side of the comparison. */
typedef struct side {
    const klf_kl_file *file;
    const char        *name;
    klf_path_quote     quoted;
    char               statistics[32];
    bool               loaded;      /* the network is that of a file, and a seed that of the samples */
    bool               common_seed; /* one sample seed for all networks of an ensemble */
} side;

/* ---- what the config tells ---- */

/* The value behind "  key: " in the text of a config, which has one key a line; NULL if the key is not set. */
static const char *find_key(const char *text, const char *key)
{
    const size_t n = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, "  ", 2) == 0 && strncmp(line + 2, key, n) == 0 && strncmp(line + 2 + n, ": ", 2) == 0)
            return line + 2 + n + 2;
    return NULL;
}

static side make_side(const klf_kl_file *file, const char *path)
{
    side        s = {.file = file, .name = path, .quoted = klf_quoted_path(path)};
    const char *statistics = find_key(file->config_text, "statistics");
    if (statistics)
        snprintf(s.statistics, sizeof s.statistics, "%.*s", (int)strcspn(statistics, "\n"), statistics);
    s.loaded = find_key(file->config_text, "network") != NULL;
    s.common_seed = find_key(file->config_text, "sample_seed") != NULL;
    return s;
}

/* ---- which point is which ---- */

/* What an input is whatever folder it lies in: files are compared that were computed on different machines. */
static const char *input_name(const char *label)
{
    const char *slash = strrchr(label, '/'), *colon = strchr(label, ':');
    if (slash)
        return slash + 1;
    return klf_image_spec_has_kind(label) ? colon + 1 : label;
}

static bool same_real(double x, double y)
{
    return x == y || (isnan(x) && isnan(y));
}

static size_t find_real(double x, const double *axis, size_t n)
{
    size_t i = 0;
    while (i < n && !same_real(x, axis[i]))
        i++;
    return i;
}

static size_t find_whole(uint64_t x, const uint64_t *axis, size_t n)
{
    size_t i = 0;
    while (i < n && x != axis[i])
        i++;
    return i;
}

static size_t find_input(const char *label, const char *const *axis, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(label, axis[i]) == 0)
            return i;
    size_t i = 0;
    while (i < n && strcmp(input_name(label), input_name(axis[i])) != 0)
        i++;
    return i;
}

/* The point of `other` at the coordinates of p; NULL if there is none. A loaded network has no seed of its own: where both
 * files have one seed, it is that of the samples. */
static const klf_kl_point *find_point(const klf_kl_point *p, const side *from, const side *other)
{
    const klf_kl_sweep *s = &other->file->sweep;
    const bool          any_seed = from->loaded && other->loaded && from->file->sweep.n_seed == 1 && s->n_seed == 1;
    const size_t        var_w = find_real(p->var_w, s->var_w, s->n_var_w), var_b = find_real(p->var_b, s->var_b, s->n_var_b);
    const size_t        depth = find_whole(p->depth, s->depth, s->n_depth);
    const size_t        seed = any_seed ? 0 : find_whole(p->seed, s->seed, s->n_seed);
    const size_t        input = find_input(p->input, s->input, s->n_input);
    if (var_w == s->n_var_w || var_b == s->n_var_b || depth == s->n_depth || seed == s->n_seed || input == s->n_input)
        return NULL;
    return &s->point[(((var_w * s->n_var_b + var_b) * s->n_depth + depth) * s->n_seed + seed) * s->n_input + input];
}

static klf_status only_in(const klf_kl_point *p, const side *s)
{
    char var_w[KLF_REAL_TEXT] = "unknown", var_b[KLF_REAL_TEXT] = "unknown";
    if (!isnan(p->var_w))
        klf_format_real(p->var_w, var_w);
    if (!isnan(p->var_b))
        klf_format_real(p->var_b, var_b);
    return klf_fail(KLF_ERR_DATA,
                    "the point var_w %s, var_b %s, depth %zu, seed %" PRIu64
                    ", input %s is only in %s; runs of the same networks with other samples differ in sample_seed",
                    var_w, var_b, p->depth, p->seed, klf_quoted(p->input).text, s->quoted.text);
}

/* Points of b that no point of a is matched with. */
static klf_status expect_all_found(const side *a, const side *b)
{
    for (size_t k = 0; k < b->file->sweep.n_points; k++)
        if (!find_point(&b->file->sweep.point[k], b, a))
            return only_in(&b->file->sweep.point[k], b);
    return KLF_OK;
}

/* ---- whether they can be compared ---- */

static klf_status check_counts(const klf_kl_point *p, const klf_kl_point *q, const side *a, const side *b)
{
    if (p->ensemble != q->ensemble)
        return klf_fail(KLF_ERR_DATA, "a point is the mean over %zu networks in %s and over %zu in %s", p->ensemble,
                        a->quoted.text, q->ensemble, b->quoted.text);
    if (p->n_images != q->n_images)
        return klf_fail(KLF_ERR_DATA, "a point is the mean over %zu images in %s and over %zu in %s", p->n_images,
                        a->quoted.text, q->n_images, b->quoted.text);
    for (size_t i = 0; i < p->n_layers; i++)
        if (p->width[i] != q->width[i])
            return klf_fail(KLF_ERR_DATA, "layer %zu has %zu neurons in %s and %zu in %s: these are different networks",
                            p->reference_layer + i, p->width[i], a->quoted.text, q->width[i], b->quoted.text);
    return KLF_OK;
}

/* Of different networks the difference is that of the networks, however many samples there are. */
static klf_status check_network(const klf_kl_point *p, const klf_kl_point *q, const side *a, const side *b)
{
    for (size_t i = 0; i < p->n_layers; i++) {
        const double var_a = p->value[KLF_KL_VAR][i], var_b = q->value[KLF_KL_VAR][i];
        const double mean_a = p->value[KLF_KL_MEAN][i], mean_b = q->value[KLF_KL_MEAN][i];
        const double var = fmax(var_a, var_b);
        const bool   same = fabs(var_a - var_b) <= STATISTICS_TOLERANCE * var &&
                          fabs(mean_a - mean_b) <= STATISTICS_TOLERANCE * (sqrt(var) + fmax(fabs(mean_a), fabs(mean_b)));
        if (!same)
            return klf_fail(KLF_ERR_DATA,
                            "%s and %s are of different networks or inputs, which cannot be compared: layer %zu has mean %.9g "
                            "and variance %.9g in one and %.9g and %.9g in the other",
                            a->quoted.text, b->quoted.text, p->reference_layer + i, mean_a, var_a, mean_b, var_b);
    }
    return KLF_OK;
}

static klf_status check_files(const side *a, const side *b)
{
    const size_t r_a = a->file->sweep.reference_layer, r_b = b->file->sweep.reference_layer;
    if (r_a != r_b)
        return klf_fail(KLF_ERR_DATA, "KL is relative to layer %zu in %s and to layer %zu in %s", r_a, a->quoted.text, r_b,
                        b->quoted.text);
    const char *format_a = a->file->weight_format, *format_b = b->file->weight_format;
    if (*format_a && *format_b && strcmp(format_a, format_b) != 0) /* not every file tells */
        return klf_fail(KLF_ERR_DATA,
                        "weights are numbers of %s in %s and of %s in %s: these are different networks; give both runs the "
                        "same weight_format",
                        klf_quoted(format_a).text, a->quoted.text, klf_quoted(format_b).text, b->quoted.text);
    if (strcmp(a->statistics, b->statistics) != 0)
        return klf_fail(KLF_ERR_DATA, "the layers' mean and variance are by statistics %s in %s and %s in %s",
                        klf_quoted(a->statistics).text, a->quoted.text, klf_quoted(b->statistics).text, b->quoted.text);
    return KLF_OK;
}

/* ---- the cause of differences ---- */

static klf_status find_cause(const side *a, const side *b, klf_kl_match *m, klf_cause *cause)
{
    const klf_kl_point *p = m->a, *q = m->b;
    /* The seed that is recorded for an ensemble is that of its first network. */
    const bool same_seed = p->sample_seed == q->sample_seed && (p->ensemble == 1 || a->common_seed == b->common_seed);
    *cause = same_seed && p->n_mc == q->n_mc ? KLF_ROUNDING : KLF_STATISTICS;
    if (*cause == KLF_ROUNDING)
        snprintf(m->reason, sizeof m->reason, "same samples (sample seed %" PRIu64 ", n_mc %" PRId64 ")", p->sample_seed,
                 p->n_mc);
    else if (same_seed)
        snprintf(m->reason, sizeof m->reason, "different numbers of samples (n_mc %" PRId64 " and %" PRId64 ")", p->n_mc,
                 q->n_mc);
    else
        snprintf(m->reason, sizeof m->reason, "different samples (sample seeds %" PRIu64 " and %" PRIu64 "%s)", p->sample_seed,
                 q->sample_seed, p->sample_seed == q->sample_seed ? ", of the first network" : "");
    if (*cause == KLF_STATISTICS && (p->n_mc < 2 || q->n_mc < 2))
        return klf_fail(KLF_ERR_DATA,
                        "%s and %s have different samples, and one sample alone has no standard error to compare them by",
                        a->quoted.text, b->quoted.text);
    return KLF_OK;
}

static klf_status find_precision(const side *s, klf_precision *precision)
{
    for (int p = 0; p < KLF_N_PRECISIONS; p++)
        if (strcmp(s->file->precision, klf_precision_name((klf_precision)p)) == 0) {
            *precision = (klf_precision)p;
            return KLF_OK;
        }
    return klf_fail(KLF_ERR_DATA, "the precision %s of %s is unknown to this klflow", klf_quoted(s->file->precision).text,
                    s->quoted.text);
}

static klf_status choose_tolerance(const side *a, const side *b, klf_tolerance wanted, klf_kl_comparison *out)
{
    klf_status    st = KLF_OK;
    klf_precision p = KLF_FP64, q = KLF_FP64;
    KLF_TRY(find_precision(a, &p));
    KLF_TRY(find_precision(b, &q));
    out->precision = klf_rounding_tolerance(q) > klf_rounding_tolerance(p) ? q : p;
    out->tolerance.relative = wanted.relative;
    out->tolerance.otherwise = klf_rounding_tolerance(out->precision);
    out->tolerance.sigmas = isnan(wanted.sigmas) ? DEFAULT_SIGMAS : wanted.sigmas;
done:
    return st;
}

/* ---- all points ---- */

static klf_status match_points(const side *a, const side *b, klf_cause *cause, klf_kl_comparison *out)
{
    klf_status          st = KLF_OK;
    klf_kl_match       *match = out->match;
    const klf_kl_sweep *s = &a->file->sweep;
    for (size_t k = 0; k < s->n_points; k++) {
        match[k].index = k;
        match[k].a = &s->point[k];
        if (!(match[k].b = find_point(&s->point[k], a, b)))
            return only_in(&s->point[k], a);
    }
    KLF_TRY(expect_all_found(a, b));
    for (size_t k = 0; k < s->n_points; k++) {
        KLF_TRY(check_counts(match[k].a, match[k].b, a, b));
        KLF_TRY(check_network(match[k].a, match[k].b, a, b));
        KLF_TRY(find_cause(a, b, &match[k], &cause[k]));
        if (cause[k] == KLF_STATISTICS)
            out->n_sampled += klf_kl_sampled_layers(match[k].a, match[k].b);
    }
done:
    return st;
}

static klf_status compare_points(const klf_cause *cause, klf_kl_comparison *out)
{
    klf_status st = KLF_OK;
    for (size_t k = 0; k < out->n; k++) {
        klf_kl_match *m = &out->match[k];
        klf_tolerance tolerance = out->tolerance;
        if (cause[k] == KLF_STATISTICS)
            tolerance.sigmas = klf_sigmas_among(tolerance.sigmas, out->n_sampled);
        KLF_TRY(klf_kl_compare(m->a, m->b, cause[k], tolerance, &m->difference));
        out->n_beyond += !m->difference.within;
    }
done:
    return st;
}

static int by_share(const void *x, const void *y)
{
    const klf_kl_match *a = x, *b = y;
    const double        share_a = a->difference.layer[0].share, share_b = b->difference.layer[0].share;
    if (share_a != share_b)
        return share_a > share_b ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

klf_status klf_kl_compare_files(const klf_kl_file *a, const char *name_a, const klf_kl_file *b, const char *name_b,
                                klf_tolerance tolerance, klf_kl_comparison *out)
{
    klf_status   st = KLF_OK;
    const side   left = make_side(a, name_a), right = make_side(b, name_b);
    const size_t n = a->sweep.n_points;
    klf_cause   *cause = calloc(n, sizeof *cause);
    *out = (klf_kl_comparison){.n = n, .match = calloc(n, sizeof *out->match)};
    if (!cause || !out->match) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory to compare %zu points", n);
        goto done;
    }
    KLF_TRY(check_files(&left, &right));
    KLF_TRY(choose_tolerance(&left, &right, tolerance, out));
    KLF_TRY(match_points(&left, &right, cause, out));
    KLF_TRY(compare_points(cause, out));
    qsort(out->match, n, sizeof *out->match, by_share);
done:
    free(cause);
    if (st != KLF_OK)
        klf_kl_comparison_free(out);
    return st;
}

void klf_kl_comparison_free(klf_kl_comparison *comparison)
{
    for (size_t k = 0; comparison->match && k < comparison->n; k++)
        klf_point_difference_free(&comparison->match[k].difference);
    free(comparison->match);
    *comparison = (klf_kl_comparison){0};
}
