/* The sinks that exist, for sink.c's table and for the files that define them. */
#ifndef CDR_SINK_SINK_TABLE_H
#define CDR_SINK_SINK_TABLE_H

#include "sink/sink.h"

extern const struct cdr_sink_ops cdr_null_sink_ops;
extern const struct cdr_sink_ops cdr_file_sink_ops;
#if CDR_KAFKA
extern const struct cdr_sink_ops cdr_kafka_sink_ops;
#endif

#endif
