/* What must not be shown: which properties hold secrets, and secrets taken out of other people's
 * texts. Pure; any thread. */
#ifndef CDR_BASE_REDACT_H
#define CDR_BASE_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#define CDR_HIDDEN "[hidden]"

/* Whether a property of that name holds a secret: passwords, passphrases, private keys, tokens,
 * JAAS lines, user info. Rather one too many; places (….url, ….location, …_file) are none. */
bool cdr_secret_name(const char *name);

/* Copies text to out (size bytes, cut off at the end) with every occurrence of secret replaced by
 * CDR_HIDDEN. Secrets shorter than CDR_REDACT_MIN stay: they would take half of any text away. */
enum { CDR_REDACT_MIN = 4 };
void cdr_redact(const char *text, const char *secret, char *out, size_t size);

#endif
