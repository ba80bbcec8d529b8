/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads /proc/cpuinfo, which some architectures write without a model name. */
#include "core/cpu_model.h"

#include <stdio.h>
#include <string.h>

void klf_cpu_model(char model[KLF_CPU_MODEL_SIZE])
{
    char  line[512];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(model, KLF_CPU_MODEL_SIZE, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strncmp(line, "model name", strlen("model name")) == 0 ? strchr(line, ':') : NULL;
        if (colon == NULL || colon[1] != ' ')
            continue;
        snprintf(model, KLF_CPU_MODEL_SIZE, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (file != NULL)
        fclose(file);
}
