/* SPDX-License-Identifier: BSD-3-Clause */
/* Collects the facts of a run. */
#include "run/provenance.h"

#include "core/cpu_model.h"
#include "core/libraries.h"
#include "klflow/build_info.h"

#include <assert.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static klf_fact *add(klf_facts *facts, const char *name)
{
    assert(facts->n < KLF_MAX_FACTS);
    klf_fact *fact = &facts->fact[facts->n++];
    fact->name = name;
    return fact;
}

static void add_text(klf_facts *facts, const char *name, const char *text)
{
    klf_fact *fact = add(facts, name);
    fact->type = KLF_FACT_TEXT;
    fact->value.text = text;
}

static void add_int(klf_facts *facts, const char *name, int64_t i)
{
    klf_fact *fact = add(facts, name);
    fact->type = KLF_FACT_INT;
    fact->value.i = i;
}

static void find_environment(char *text, size_t n)
{
    static const char *const names[] = {"KLFLOW_CPU_KERNELS",
                                        "KLFLOW_BACKEND_DIR",
                                        "OPENBLAS_CORETYPE",
                                        "OMP_NUM_THREADS",
                                        "OMP_PLACES",
                                        "OMP_PROC_BIND",
                                        "SLURM_CPUS_PER_TASK",
                                        "CUDA_VISIBLE_DEVICES",
                                        "NVIDIA_TF32_OVERRIDE",
                                        "CUBLAS_EMULATE_SINGLE_PRECISION",
                                        "CUBLAS_EMULATE_DOUBLE_PRECISION",
                                        "CUBLAS_EMULATION_STRATEGY",
                                        "CUBLAS_FIXEDPOINT_EMULATION_MANTISSA_BIT_COUNT",
                                        "CUBLAS_WORKSPACE_CONFIG"};
    size_t                   used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value && used < n)
            used += (size_t)snprintf(text + used, n - used, "%s%s=%s", used ? " " : "", names[i], value);
    }
}

static void find_libraries(char *text, size_t n)
{
    klf_library  library[KLF_MAX_LIBRARIES];
    const size_t n_libraries = klf_loaded_libraries(library);
    size_t       used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < n_libraries && used < n; i++)
        used += (size_t)snprintf(text + used, n - used, "%s%s%s%s", used ? ", " : "", library[i].name,
                                 library[i].version[0] ? " " : "", library[i].version);
}

/* The command line with single blanks, as Linux keeps it; "" elsewhere. Control characters become '?'. */
static void find_command(char *text, size_t n)
{
    FILE  *file = fopen("/proc/self/cmdline", "rb");
    size_t length = file ? fread(text, 1, n, file) : 0;
    if (file)
        fclose(file);
    bool cut = length == n;
    while (length > 0 && (length == n || text[length - 1] == '\0'))
        length--;
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] == '\0' ? ' ' : (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
    text[length] = '\0';
    if (cut)
        memcpy(text + length - 3, "...", 3);
}

static void look_around(klf_facts *facts)
{
    if (gethostname(facts->hostname, sizeof facts->hostname) != 0)
        snprintf(facts->hostname, sizeof facts->hostname, "unknown");
    facts->hostname[sizeof facts->hostname - 1] = '\0';
    klf_cpu_model(facts->cpu_model);
    find_environment(facts->environment, sizeof facts->environment);
    find_libraries(facts->libraries, sizeof facts->libraries);
    find_command(facts->command, sizeof facts->command);
}

static void add_program(klf_facts *facts)
{
    const klf_build_info *build = klf_build_info_get();
    if (facts->command[0])
        add_text(facts, "command", facts->command);
    add_text(facts, "version", build->version);
    add_text(facts, "git_commit", build->git_commit);
    add_int(facts, "git_dirty", build->git_dirty);
    add_text(facts, "build_type", build->build_type);
    add_text(facts, "compiler", build->compiler);
    add_text(facts, "libraries", facts->libraries);
}

static void add_machine(klf_facts *facts)
{
    const char *job = getenv("SLURM_JOB_ID");
    add_text(facts, "cpu_model", facts->cpu_model);
    add_text(facts, "hostname", facts->hostname);
    add_text(facts, "environment", facts->environment);
    if (job)
        add_text(facts, "slurm_job_id", job);
}

/* The last one: klf_facts_stop_clock knows where it is. */
static void add_clock(klf_facts *facts)
{
    klf_fact *wall = add(facts, "wall_s");
    wall->type = KLF_FACT_REAL;
    wall->value.real = 0.0;
}

void klf_facts_collect(const klf_kl_setup *setup, const klf_kl_plan *plan, klf_facts *facts)
{
    facts->n = 0;
    facts->start = omp_get_wtime() - (setup->resume ? setup->resume->wall_s : 0.0);
    look_around(facts);
    add_program(facts);
    add_text(facts, "backend_requested", setup->config->backend);
    add_text(facts, "backend", plan->backend);
    if (setup->backend_note[0])
        add_text(facts, "backend_note", setup->backend_note);
    add_text(facts, "kernels", plan->kernels);
    add_text(facts, "precision_requested",
             setup->config->precision == KLF_PRECISION_AUTO ? "auto" : klf_precision_name(setup->precision));
    add_text(facts, "precision", klf_precision_name(setup->precision));
    add_text(facts, "weight_format", klf_format_name(setup->weight_format));
    if (plan->reference) {
        add_text(facts, "compare_backend", plan->reference);
        add_text(facts, "compare_kernels", plan->reference_kernels);
        add_text(facts, "compare_precision", klf_precision_name(KLF_FP64));
    }
    add_text(facts, "rng", "philox4x32-10");
    add_text(facts, "rng_mapping", "klflow-1");
    add_machine(facts);
    add_int(facts, "threads", (int64_t)plan->threads);
    add_int(facts, "points_in_flight", (int64_t)plan->points_in_flight);
    facts->chunk = facts->n;
    add_int(facts, "chunk", (int64_t)plan->chunk);
    add_int(facts, "lanes", (int64_t)plan->lanes);
    add_int(facts, "restarts", setup->resume ? setup->resume->restarts + 1 : 0);
    add_clock(facts);
}

void klf_facts_collect_sweep(size_t threads, klf_facts *facts)
{
    facts->n = 0;
    facts->start = omp_get_wtime();
    look_around(facts);
    add_program(facts);
    add_machine(facts);
    add_int(facts, "threads", (int64_t)threads);
    add_clock(facts);
}

void klf_facts_stop_clock(klf_facts *facts)
{
    facts->fact[facts->n - 1].value.real = omp_get_wtime() - facts->start;
}

void klf_facts_set_chunk(klf_facts *facts, size_t chunk)
{
    facts->fact[facts->chunk].value.i = (int64_t)chunk;
}

double klf_facts_clock(const klf_facts *facts)
{
    return facts->fact[facts->n - 1].value.real;
}
