/* Reads the ids of all messages of some topics into a balance, in a separate thread. */
#ifndef CDR_VERIFY_KAFKA_ID_READER_H
#define CDR_VERIFY_KAFKA_ID_READER_H

#include "sink/sink.h"
#include "verify/balance.h"
#include "verify/ids.h"

#include <stdatomic.h>

struct cdr_id_reader;

struct cdr_id_reader_settings {
    const struct cdr_sink_settings *sink; /* brokers, properties, timeout */
    const char *const *topics;
    uint32_t topic_count; /* at most 256 */
    bool read_uncommitted;
    uint32_t open_wait_ms;         /* for open transactions to end */
    void (*say)(const char *text); /* that it waits for them; or NULL */
    struct cdr_balance *balance;
    const atomic_int *stop; /* or NULL */
};

/* A place in one number, as balance.h keeps it. */
#define CDR_PLACE(topic, partition, offset)                                                        \
    ((uint64_t)(topic) << 56 | (uint64_t)(partition) << 40 | (uint64_t)(offset))
#define CDR_PLACE_TOPIC(place) ((uint32_t)((place) >> 56))
#define CDR_PLACE_PARTITION(place) ((uint32_t)((place) >> 40) & 0xffff)
#define CDR_PLACE_OFFSET(place) ((int64_t)((place)&0xffffffffff))

/* Asks where the topics end and starts to read up to there. CDR_E_STATE: a topic is missing. */
enum cdr_result cdr_id_reader_start(struct cdr_id_reader **reader,
                                    const struct cdr_id_reader_settings *settings,
                                    struct cdr_error *error);
/* Any thread: messages read so far; whether it is over, well or not. */
uint64_t cdr_id_reader_count(const struct cdr_id_reader *reader);
bool cdr_id_reader_over(const struct cdr_id_reader *reader);
/* Waits for the end and says how it was. without_id: messages without the header, the places of the
 * first of which are in places (of room for max). */
enum cdr_result cdr_id_reader_join(struct cdr_id_reader *reader, uint64_t *without_id,
                                   uint64_t *places, uint32_t max, struct cdr_error *error);
/* What the topics do not show: their deleted beginnings, and what open transactions keep back. */
void cdr_id_reader_gaps(const struct cdr_id_reader *reader, struct cdr_id_gap *deleted,
                        struct cdr_id_gap *open);
void cdr_id_reader_destroy(struct cdr_id_reader *reader);

#endif
