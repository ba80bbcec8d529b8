/* SPDX-License-Identifier: BSD-3-Clause */
/* libfyaml set up for configs: quiet, problems collected, and keys given twice left for us to report. */
#ifndef KLFLOW_RUN_YAML_PARSER_H
#define KLFLOW_RUN_YAML_PARSER_H

#include "klflow/status.h"

#include <libfyaml.h>
#include <stddef.h>

typedef struct klf_yaml_parser {
    struct fy_diag   *diag;
    struct fy_parser *parser;
} klf_yaml_parser;

/* Over text[0 .. length-1], which klf_yaml_text_check has let pass and which outlives the parser. KLF_ERR_MEMORY. */
klf_status klf_yaml_parser_create(const char *text, size_t length, klf_yaml_parser *out);
void       klf_yaml_parser_destroy(klf_yaml_parser *p);

/* A scalar's text as a C string, malloc'd; NULL if it holds a NUL byte or memory ran out. */
char *klf_yaml_scalar(struct fy_node *node);

#endif
