/* What options may be set to, where the names are not those of another table. Part of options.c. */
#ifndef CDR_CONFIG_CHOICES_H
#define CDR_CONFIG_CHOICES_H

#include <stddef.h>

static const char *const strategy_names[] = {"topic", "record", "topic-record", NULL};
static const char *const by_names[] = {"place", "id", NULL};
static const char *const isolation_names[] = {"read_committed", "read_uncommitted", NULL};
static const char *const law_names[] = {"log-logistic", "lognormal", NULL};
static const char *const disposition_names[] = {"ANSWERED", "NO ANSWER",  "BUSY",
                                                "FAILED",   "CONGESTION", NULL};
static const char *const number_kind_names[] = {"mobile",  "fixed",         "service",
                                                "short",   "international", "voicemail",
                                                "premium", "emergency",     NULL};
static const char *const status_names[] = {"SENT", "DELIVERED", "FAILED", NULL};
static const char *const segment_names[] = {"1", "2", "3", NULL};
static const char *const apn_names[] = {"internet", "ims", "mms", NULL};

#endif
