/* The Java dialect of Kafka's client properties: what becomes of each name that librdkafka does not
 * know, or understands otherwise. docs/security.md has the table for users.
 *
 * Inside of this folder only; properties.c looks names up here. */
#ifndef CDR_CONFIG_DIALECT_H
#define CDR_CONFIG_DIALECT_H

#include "config/option.h"

/* One property on its way; texts are the caller's. */
struct cdr_given {
    const char *name, *value;
    const char *source; /* for messages */
};

enum cdr_dialect_action {
    CDR_DIALECT_LEAVE_OUT, /* says nothing to a producer that has its own serializer and order */
    CDR_DIALECT_WARN,      /* left out, and detail says what there is instead */
    CDR_DIALECT_RENAME,    /* detail is librdkafka's name */
    CDR_DIALECT_SETTING,   /* detail is the key of a setting of ours */
    CDR_DIALECT_REFUSE,    /* detail says why */
    CDR_DIALECT_GIVE,      /* give does it */
};

struct cdr_dialect {
    const char *name; /* with '*' at its end: all that begin so */
    enum cdr_dialect_action action;
    const char *detail;
    enum cdr_result (*give)(struct cdr_loading *loading, const struct cdr_given *given,
                            struct cdr_error *error);
};

/* NULL: the name passes as it is. */
const struct cdr_dialect *cdr_dialect_find(const char *name);

/* Offers its names to a search for what the user meant. */
struct cdr_suggestion;
void cdr_dialect_offer(struct cdr_suggestion *suggestion);

/* sasl.jaas.config: usernames, passwords and the like become librdkafka's settings. */
enum cdr_result cdr_give_jaas(struct cdr_loading *loading, const struct cdr_given *given,
                              struct cdr_error *error);

/* ssl.truststore.location, ssl.keystore.location: by the store's type, as ssl.….type or the file's
 * first bytes have it. */
enum cdr_result cdr_give_truststore(struct cdr_loading *loading, const struct cdr_given *given,
                                    struct cdr_error *error);
enum cdr_result cdr_give_keystore(struct cdr_loading *loading, const struct cdr_given *given,
                                  struct cdr_error *error);
/* ssl.truststore.certificates, ssl.keystore.certificate.chain, ssl.keystore.key: PEM texts, whose
 * lines Java may have joined. */
enum cdr_result cdr_give_pem(struct cdr_loading *loading, const struct cdr_given *given,
                             struct cdr_error *error);

#endif
