/* What ends a transaction whose producer is gone: the coordinator, once the producer's
 * transaction.timeout.ms is over; a producer that initialises the same transactional id; and where
 * the coordinator knows nothing of the transaction any more (it hangs), only an administrator, who
 * names it by the partition and its first offset there. librdkafka has no request for that. */
#ifndef CDR_SINK_KAFKA_OPEN_TRANSACTION_H
#define CDR_SINK_KAFKA_OPEN_TRANSACTION_H

#include <inttypes.h>

/* Format of a clause; arguments: topic (string), partition (uint32_t), first offset (int64_t). */
#define CDR_OPEN_TRANSACTION_ADVICE                                                                \
    "the brokers end it once its producer's transaction.timeout.ms is over (15 minutes at most, "  \
    "unless they allow more); one that hangs longer is ended with Kafka's `kafka-transactions.sh " \
    "--bootstrap-server HOST:PORT abort --topic %s --partition %u --start-offset %" PRId64 "`"

#endif
