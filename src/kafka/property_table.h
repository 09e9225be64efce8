/* What librdkafka says of its properties. */
#ifndef CDR_KAFKA_PROPERTY_TABLE_H
#define CDR_KAFKA_PROPERTY_TABLE_H

#include "kafka/settings.h"

/* What librdkafka allows as a value ("0 to 900000", "none, gzip"), "" where it does not say. */
void cdr_kafka_property_allowed(const char *name, char *text, size_t text_max);
bool cdr_kafka_property_known(const char *name);
/* The known name that is nearest to one that is not, "" where none is near. */
void cdr_kafka_property_near(const char *name, cdr_kafka_names offer, char *best, size_t best_max);

#endif
