/* SPDX-License-Identifier: BSD-3-Clause */
/* One JSON object on one line of stdout, written field by field. Not a jansson object: that has no unsigned 64-bit integers,
 * which seeds are, and prints 0.1 with 17 digits. Strings are escaped by jansson. */
#ifndef KLFLOW_CLI_JSON_LINE_H
#define KLFLOW_CLI_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void klf_json_begin(void);
void klf_json_text(const char *key, const char *value); /* NULL: null; bytes that are not UTF-8 become '?' */
void klf_json_whole(const char *key, uint64_t value);
void klf_json_real(const char *key, double value); /* NaN and infinities: null */
void klf_json_null(const char *key);
void klf_json_bool(const char *key, bool value);
void klf_json_reals(const char *key, const double *value, size_t n);
void klf_json_rows(const char *key, const double *value, size_t n_rows, size_t n_columns); /* a list of rows */
void klf_json_wholes(const char *key, const size_t *value, size_t n);
void klf_json_bools(const char *key, const bool *value, size_t n);
void klf_json_texts(const char *key, const char *const *value, size_t n);
void klf_json_open(const char *key); /* an object as a value; what follows is in it, up to klf_json_close */
void klf_json_close(void);
void klf_json_end(void);

#endif
