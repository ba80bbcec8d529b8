/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow info: what this program is and what it found on this machine. */
#include "cli/commands.h"

#include "cli/help.h"
#include "cli/json_line.h"
#include "cli/report.h"
#include "core/cpu_count.h"
#include "core/cpu_model.h"
#include "core/libraries.h"
#include "klflow/backend.h"
#include "klflow/build_info.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char usage[] = "klflow info [options]\n"
                            "Version and build, CPU and cores, backends with the kernels they chose (or why\n"
                            "they cannot be used) and their devices, and the libraries in use.";

typedef struct info_options {
    bool json;
} info_options;

static const klf_option table[] = {
    {.name = "json",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(info_options, json),
     .help = "print one JSON object"},
};

enum { MAX_BACKENDS = 8, MAX_DEVICES = 16, BACKEND_TEXT = 1024 };

/* What is known of a backend once it was tried. */
typedef struct backend_facts {
    const char *name;
    bool        usable;
    char        text[BACKEND_TEXT]; /* which kernels it chose, or what is missing */
    size_t      n_devices;          /* listed even where the backend cannot use them */
    klf_device  device[MAX_DEVICES];
} backend_facts;

typedef struct facts {
    const klf_build_info *build;
    char                  cpu[KLF_CPU_MODEL_SIZE];
    size_t                n_backends, n_libraries;
    backend_facts         backend[MAX_BACKENDS];
    klf_library           library[KLF_MAX_LIBRARIES];
} facts;

/* The sentence of a failure without the backend's name before it, which the reader has already. */
static const char *reason(const char *name)
{
    char prefix[32];
    int  length = snprintf(prefix, sizeof prefix, "backend %s: ", name);
    return klf_last_error() + (strncmp(klf_last_error(), prefix, (size_t)length) == 0 ? length : 0);
}

static void try_backend(const char *name, backend_facts *out)
{
    klf_opened_backend opened;
    klf_status         st = klf_backend_open(name, &opened);
    *out = (backend_facts){.name = name, .usable = st == KLF_OK};
    snprintf(out->text, sizeof out->text, "%s", st == KLF_OK ? opened.backend->describe(opened.context) : reason(name));
    if (opened.backend != NULL && opened.backend->devices != NULL)
        out->n_devices = opened.backend->devices(out->device, MAX_DEVICES);
    if (out->n_devices > MAX_DEVICES)
        out->n_devices = MAX_DEVICES;
    klf_backend_close(&opened);
}

/* Libraries last: the backends bring theirs. */
static void collect(facts *f)
{
    unsigned version[3];
    klf_hdf5_version(&version[0], &version[1], &version[2]);
    f->build = klf_build_info_get();
    klf_cpu_model(f->cpu);
    for (const char *const *name = klf_backend_names(); *name != NULL && f->n_backends < MAX_BACKENDS; name++)
        if (strcmp(*name, "auto") != 0)
            try_backend(*name, &f->backend[f->n_backends++]);
    f->n_libraries = klf_loaded_libraries(f->library);
}

static void print_text(const facts *f)
{
    printf("klflow    %s, commit %s%s\n", f->build->version, f->build->git_commit, f->build->git_dirty ? " with changes" : "");
    printf("build     %s, %s\n", f->build->build_type, f->build->compiler);
    printf("cpu       %s\n", f->cpu);
    printf("cores     %zu usable, %zu thread%s by default\n", klf_usable_cores(), klf_default_threads(),
           klf_default_threads() == 1 ? "" : "s");
    for (size_t i = 0; i < f->n_backends; i++) {
        const backend_facts *b = &f->backend[i];
        printf("backend   %-5s %s: %s\n", b->name, b->usable ? "usable" : "not usable", b->text);
        for (size_t d = 0; d < b->n_devices; d++) {
            const klf_device *v = &b->device[d];
            printf("device    %-5s %zu: %s, %s, %.1f GB (%.1f free), compute capability %s%s; code in this build: %s\n",
                   b->name, d, v->name, v->uuid, 1e-9 * v->memory_bytes, 1e-9 * v->memory_free, v->capability,
                   v->usable ? "" : ", not usable: no code for it", v->binaries);
        }
    }
    for (size_t i = 0; i < f->n_libraries; i++)
        printf("library   %-26s %-14s %s\n", f->library[i].name, f->library[i].version[0] != '\0' ? f->library[i].version : "-",
               f->library[i].path);
}

static json_t *device_json(size_t index, const klf_device *v)
{
    return json_pack("{s:I, s:s, s:s, s:f, s:f, s:s, s:b, s:s}", "index", (json_int_t)index, "name", v->name, "uuid", v->uuid,
                     "memory_bytes", v->memory_bytes, "memory_free", v->memory_free, "compute_capability", v->capability,
                     "usable", v->usable, "binaries", v->binaries);
}

/* A text that is not UTF-8 leaves its object out. */
static json_t *backends_json(const facts *f)
{
    json_t *backends = json_array();
    for (size_t i = 0; i < f->n_backends; i++) {
        const backend_facts *b = &f->backend[i];
        json_t *object = json_pack("{s:s, s:b, s:s}", "name", b->name, "usable", b->usable, b->usable ? "kernels" : "reason",
                                   b->text);
        json_t *devices = b->n_devices > 0 ? json_array() : NULL;
        for (size_t d = 0; d < b->n_devices; d++)
            json_array_append_new(devices, device_json(d, &b->device[d]));
        if (devices != NULL)
            json_object_set_new(object, "devices", devices);
        json_array_append_new(backends, object);
    }
    return backends;
}

static json_t *libraries_json(const facts *f)
{
    json_t *libraries = json_array();
    for (size_t i = 0; i < f->n_libraries; i++)
        json_array_append_new(libraries, json_pack("{s:s, s:s?, s:s}", "name", f->library[i].name, "version",
                                                   f->library[i].version[0] != '\0' ? f->library[i].version : NULL, "path",
                                                   f->library[i].path));
    return libraries;
}

static klf_status print_json(const facts *f)
{
    json_t *object = json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "version", f->build->version, "git_commit",
                               f->build->git_commit, "git_dirty", f->build->git_dirty, "build_type", f->build->build_type,
                               "compiler", f->build->compiler, "cpu", f->cpu, "cores", (json_int_t)klf_usable_cores(),
                               "threads", (json_int_t)klf_default_threads(), "backends", backends_json(f), "libraries",
                               libraries_json(f));
    if (object == NULL)
        return klf_fail(KLF_ERR_INTERNAL, "the facts cannot be written as JSON");
    json_dumpf(object, stdout, 0);
    putchar('\n');
    json_decref(object);
    return KLF_OK;
}

int klf_cmd_info(int argc, char **argv)
{
    info_options   options = {0};
    klf_option_set set = {.table = table, .n = sizeof table / sizeof table[0], .where = KLF_IN_COMMAND, .target = &options};
    klf_arguments  arguments = {0};
    klf_status     st = klf_options_parse(&set, 1, argc - 1, argv + 1, &arguments);
    if (st == KLF_OK && arguments.help) {
        klf_help_print(usage, &set, 1);
        return 0;
    }
    if (st != KLF_OK)
        return klf_report(st);
    facts f = {0};
    collect(&f);
    if (!options.json) {
        print_text(&f);
        return 0;
    }
    return klf_report(print_json(&f));
}
