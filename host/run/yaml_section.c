/* SPDX-License-Identifier: BSD-3-Clause */
/* Which section a file has: looked up before the file is read for good, because the options of the command line, which come
 * first, depend on it. */
#include "run/yaml_config.h"
#include "run/yaml_parser.h"
#include "run/yaml_text.h"

#include <stdlib.h>

static const klf_section *first_section(struct fy_node *root)
{
    const klf_section   *found = NULL;
    void                *iterator = NULL;
    struct fy_node_pair *pair;
    if (root == NULL || !fy_node_is_mapping(root))
        return NULL;
    while (found == NULL && (pair = fy_node_mapping_iterate(root, &iterator)) != NULL) {
        struct fy_node *key = fy_node_pair_key(pair);
        char           *name = key != NULL && fy_node_is_scalar(key) ? klf_yaml_scalar(key) : NULL;
        if (name != NULL)
            found = klf_section_find(name);
        free(name);
    }
    return found;
}

const klf_section *klf_yaml_config_section(const char *text, size_t length)
{
    klf_yaml_refusal   bad;
    klf_yaml_parser    p;
    const klf_section *found = NULL;
    if (!klf_yaml_text_check(text, length, &bad) || klf_yaml_parser_create(text, length, &p) != KLF_OK)
        return klf_sections[0];
    struct fy_document *document = fy_parse_load_document(p.parser);
    if (document != NULL && !fy_parser_get_stream_error(p.parser))
        found = first_section(fy_document_root(document));
    fy_parse_document_destroy(p.parser, document);
    klf_yaml_parser_destroy(&p);
    return found != NULL ? found : klf_sections[0];
}
