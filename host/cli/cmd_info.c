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
                            "they cannot be used), and the libraries in use.";

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

/* The sentence of a failure without the backend's name before it, which the reader has already. */
static const char *reason(const char *name)
{
    char prefix[32];
    int  length = snprintf(prefix, sizeof prefix, "backend %s: ", name);
    return klf_last_error() + (strncmp(klf_last_error(), prefix, (size_t)length) == 0 ? length : 0);
}

/* Whether a backend works here, and which kernels it chose or what is missing. */
static bool describe_backend(const char *name, char *text, size_t size)
{
    const klf_backend *backend;
    klf_context       *context = NULL;
    klf_status         st = klf_backend_find(name, &backend);
    if (st == KLF_OK)
        st = backend->open(&context);
    if (st == KLF_OK)
        snprintf(text, size, "%s", backend->describe(context));
    else
        snprintf(text, size, "%s", reason(name));
    if (st == KLF_OK)
        backend->close(context);
    return st == KLF_OK;
}

enum { BACKEND_TEXT = 512 };

static void print_text(const klf_library *library, size_t n_libraries, const char *cpu)
{
    const klf_build_info *build = klf_build_info_get();
    char                  text[BACKEND_TEXT];
    printf("klflow    %s, commit %s%s\n", build->version, build->git_commit, build->git_dirty ? " with changes" : "");
    printf("build     %s, %s\n", build->build_type, build->compiler);
    printf("cpu       %s\n", cpu);
    printf("cores     %zu usable, %zu thread%s by default\n", klf_usable_cores(), klf_default_threads(),
           klf_default_threads() == 1 ? "" : "s");
    for (const char *const *name = klf_backend_names(); *name != NULL; name++) {
        if (strcmp(*name, "auto") == 0)
            continue;
        bool available = describe_backend(*name, text, sizeof text);
        printf("backend   %-5s %s: %s\n", *name, available ? "usable" : "not usable", text);
    }
    for (size_t i = 0; i < n_libraries; i++)
        printf("library   %-26s %-14s %s\n", library[i].name, library[i].version[0] != '\0' ? library[i].version : "-",
               library[i].path);
}

static klf_status print_json(const klf_library *library, size_t n_libraries, const char *cpu)
{
    const klf_build_info *build = klf_build_info_get();
    json_t               *backends = json_array(), *libraries = json_array();
    char                  text[BACKEND_TEXT];
    for (const char *const *name = klf_backend_names(); *name != NULL;
         name++) { /* a text that is not UTF-8 leaves its object out */
        if (strcmp(*name, "auto") == 0)
            continue;
        bool available = describe_backend(*name, text, sizeof text);
        json_array_append_new(
            backends, json_pack("{s:s, s:b, s:s}", "name", *name, "usable", available, available ? "kernels" : "reason", text));
    }
    for (size_t i = 0; i < n_libraries; i++)
        json_array_append_new(libraries,
                              json_pack("{s:s, s:s?, s:s}", "name", library[i].name, "version",
                                        library[i].version[0] != '\0' ? library[i].version : NULL, "path", library[i].path));
    json_t *object = json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "version", build->version, "git_commit",
                               build->git_commit, "git_dirty", build->git_dirty, "build_type", build->build_type, "compiler",
                               build->compiler, "cpu", cpu, "cores", (json_int_t)klf_usable_cores(), "threads",
                               (json_int_t)klf_default_threads(), "backends", backends, "libraries", libraries);
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
    klf_library library[KLF_MAX_LIBRARIES];
    char        cpu[KLF_CPU_MODEL_SIZE];
    size_t      n_libraries = klf_loaded_libraries(library);
    klf_cpu_model(cpu);
    if (!options.json) {
        print_text(library, n_libraries, cpu);
        return 0;
    }
    return klf_report(print_json(library, n_libraries, cpu));
}
