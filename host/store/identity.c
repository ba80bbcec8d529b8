/* SPDX-License-Identifier: BSD-3-Clause */
/* Root attributes and /provenance (identity.h). */
#include "store/identity.h"

#include "klflow/build_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The text of a fact, or what stands for it. */
static const char *find_text(const klf_provenance *provenance, const char *name, const char *otherwise)
{
    for (size_t i = 0; i < provenance->n_facts; i++)
        if (provenance->fact[i].type == KLF_FACT_TEXT && strcmp(provenance->fact[i].name, name) == 0)
            return provenance->fact[i].value.text;
    return otherwise;
}

static klf_status write_origin(klf_nc_writer *w, const klf_provenance *provenance)
{
    klf_status   st = KLF_OK;
    const hid_t  root = klf_nc_root(w);
    const time_t now = time(NULL);
    char         date[32], source[64];
    struct tm    utc;
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    snprintf(source, sizeof source, "klflow %s", klf_build_info_get()->version);

    const char  *command = find_text(provenance, "command", source);
    const size_t size = strlen(date) + strlen(command) + sizeof ": ";
    char        *history = malloc(size);
    if (!history)
        return klf_fail(KLF_ERR_MEMORY, "not enough memory to write the history of a file");
    snprintf(history, size, "%s: %s", date, command);
    KLF_TRY(klf_nc_text(w, root, "source", source));
    KLF_TRY(klf_nc_text(w, root, "history", history));
    KLF_TRY(klf_nc_text(w, root, "date_created", date));
done:
    free(history);
    return st;
}

static klf_status write_fact(klf_nc_writer *w, hid_t group, const klf_fact *fact)
{
    switch (fact->type) {
    case KLF_FACT_TEXT: return klf_nc_text(w, group, fact->name, fact->value.text);
    case KLF_FACT_INT: return klf_nc_attribute(w, group, fact->name, KLF_NC_INT64, 1, &fact->value.i);
    case KLF_FACT_REAL: return klf_nc_attribute(w, group, fact->name, KLF_NC_DOUBLE, 1, &fact->value.real);
    }
    return klf_fail(KLF_ERR_INTERNAL, "the fact %s is of no known type", klf_quoted(fact->name).text);
}

klf_status klf_identity_write(klf_nc_writer *w, const char *schema, const char *title, const klf_provenance *provenance)
{
    klf_status    st = KLF_OK;
    const hid_t   root = klf_nc_root(w);
    const int64_t version = KLF_SCHEMA_VERSION;
    hid_t         group;
    klf_nc_var    config;
    KLF_TRY(klf_nc_text(w, root, "Conventions", "CF-1.11 klflow-1"));
    KLF_TRY(klf_nc_text(w, root, "title", title));
    KLF_TRY(write_origin(w, provenance));
    KLF_TRY(klf_nc_text(w, root, "schema", schema));
    KLF_TRY(klf_nc_attribute(w, root, "schema_version", KLF_NC_INT64, 1, &version));

    KLF_TRY(klf_nc_group(w, root, "provenance", &group));
    for (size_t i = 0; i < provenance->n_facts; i++)
        KLF_TRY(write_fact(w, group, &provenance->fact[i]));
    KLF_TRY(klf_nc_variable(w, group, "config_text", KLF_NC_TEXT, 0, NULL, NULL, &config));
    KLF_TRY(klf_nc_text(w, config.id, "long_name", "the whole effective config, YAML"));
    KLF_TRY(klf_nc_write(w, config, &provenance->config_text));
done:
    return st;
}
