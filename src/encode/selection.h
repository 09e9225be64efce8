/* A short form of a schema: a list of sources, which become the fields of a flat record.
 *
 * "msisdn_src,start_time,seconds=duration_sec": names, or name=source. From it an Avro schema of
 * each type and one mapping are made, so that all formats take them as they take a user's own. The
 * record of a type is io.cdrgen.fields.Call, Sms or Data. A field has its source's own type:
 *     digits, symbols, zones, texts of times    string
 *     numbers                                   int where nine digits hold them, else long
 *     times                                     long, timestamp-millis or local-timestamp-millis
 *     true or false                             boolean
 *     UUID                                      string, uuid
 * and in types whose records lack the source, or some of them do, a null or that, default null.
 */
#ifndef CDR_ENCODE_SELECTION_H
#define CDR_ENCODE_SELECTION_H

#include "encode/topic.h"

/* Sets the first layouts' schemas of topics that have none, and the first of the mappings. Errors:
 * CDR_E_CONFIG names what is wrong with the list; CDR_E_NOMEM. */
enum cdr_result cdr_selection_make(struct cdr_topics *topics, const char *list,
                                   struct cdr_error *error);

#endif
