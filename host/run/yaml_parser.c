/* SPDX-License-Identifier: BSD-3-Clause */
/* libfyaml's settings (yaml_parser.h). */
#include "run/yaml_parser.h"

#include <string.h>

static void ignore_output(struct fy_diag *diag, void *user, const char *text, size_t length)
{
    (void)diag, (void)user, (void)text, (void)length;
}

klf_status klf_yaml_parser_create(const char *text, size_t length, klf_yaml_parser *out)
{
    struct fy_diag_cfg settings;
    fy_diag_cfg_default(&settings);
    settings.fp = NULL;
    settings.output_fn = ignore_output;
    out->diag = fy_diag_create(&settings);
    struct fy_parse_cfg parsing = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_ALLOW_DUPLICATE_KEYS, .diag = out->diag};
    out->parser = out->diag != NULL ? fy_parser_create(&parsing) : NULL;
    if (out->parser == NULL || fy_parser_set_string(out->parser, text, length) != 0) {
        klf_yaml_parser_destroy(out);
        return klf_fail(KLF_ERR_MEMORY, "no memory to parse the config");
    }
    fy_diag_set_collect_errors(out->diag, true);
    return KLF_OK;
}

void klf_yaml_parser_destroy(klf_yaml_parser *p)
{
    fy_parser_destroy(p->parser);
    fy_diag_destroy(p->diag);
    *p = (klf_yaml_parser){0};
}

char *klf_yaml_scalar(struct fy_node *node)
{
    size_t      length = 0;
    const char *text = fy_node_get_scalar(node, &length);
    if (text == NULL)
        return strdup("");
    return memchr(text, '\0', length) == NULL ? strndup(text, length) : NULL;
}
