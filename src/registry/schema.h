/* What the registry client must know about an Avro schema: its record's name, whether another one
 * has the same binary form, and how to make one complete that refers to others.
 *
 * Texts are JSON. Results are malloc()ed and the caller's to free(); NULL stands for a text that is
 * no schema, or no memory. Nothing here checks a schema: that is the registry's part.
 *
 * Inside of the registry client only. Safe in any thread.
 */
#ifndef CDR_REGISTRY_SCHEMA_H
#define CDR_REGISTRY_SCHEMA_H

#include "registry/registry.h"

#include <stdbool.h>
#include <stddef.h>

/* The full name of the record, enum or fixed that text is: "io.cdrgen.CdrCall". */
char *cdr_registry_full_name(const char *text);

/* Do both have the same Parsing Canonical Form (names, types, fields, symbols and their order; no
 * documentation, defaults or aliases) and the same logical types? Then bytes written for one are
 * read with the other. Where not, words says in what other differs from ours: "field 3 is \"b\",
 * not \"a\"". */
bool cdr_registry_same_form(const char *ours, const char *other, char *words, size_t words_max);

/* text with what it refers to put in at its first use, so that it stands alone. */
char *cdr_registry_inline(const char *text, const struct cdr_registry_reference *references,
                          size_t count);

#endif
