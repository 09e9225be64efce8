/* The sinks that exist: cdr_NAME_sink_ops for --sink NAME. A new sink is a file and a line here;
 * its settings are in struct cdr_sink_settings. */
#ifndef CDR_SINK_SINK_TABLE_H
#define CDR_SINK_SINK_TABLE_H

#include "sink/sink.h"

#if CDR_KAFKA
#define CDR_KAFKA_SINK(X) X(kafka)
#else
#define CDR_KAFKA_SINK(X)
#endif
#define CDR_SINKS(X)                                                                               \
    CDR_KAFKA_SINK(X)                                                                              \
    X(file)                                                                                        \
    X(stdout)                                                                                      \
    X(null)

#define CDR_SINK_OPS(name) extern const struct cdr_sink_ops cdr_##name##_sink_ops;
CDR_SINKS(CDR_SINK_OPS)
#undef CDR_SINK_OPS

#endif
