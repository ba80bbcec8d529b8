/* SPDX-License-Identifier: BSD-3-Clause */
/* What a user or a file says, as it may stand in a message of one line on a terminal. */
#ifndef KLFLOW_CORE_QUOTE_H
#define KLFLOW_CORE_QUOTE_H

typedef struct klf_quote {
    char text[72];
} klf_quote;

/* A user's text in single quotes, control characters as '?', cut to 60 bytes. */
klf_quote klf_quoted(const char *text);

typedef struct klf_path_quote {
    char text[272];
} klf_path_quote;

/* The same for a file name, which may be longer. Of more than 255 bytes the end is shown, where names differ. */
klf_path_quote klf_quoted_path(const char *path);

/* Replaces control characters by '?', in place: also the ones of UTF-8 beyond ASCII (U+0080 to U+009F), which some terminals
 * obey. */
void klf_make_printable(char *text);

#endif
