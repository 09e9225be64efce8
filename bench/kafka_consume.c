/* A bare consumer: reads topics to their ends and does nothing with the messages but counting them
 * and their bytes. What `cdrgen verify` is held against.
 *
 *   bench_kafka_consume BROKERS TOPIC... [-X NAME=VALUE...]
 *
 * All partitions of the topics are assigned from their beginnings; messages are taken in batches
 * from the consumer's one queue. Prints messages, payload bytes and seconds from the first to the
 * last. */
#include "base/clock.h"

#include <librdkafka/rdkafka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1000, TIMEOUT_MS = 10000 };

static void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char reason[256];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) != RD_KAFKA_CONF_OK)
        die(name, reason);
}

/* Adds all partitions of a topic; those that are empty are left out. */
static void add_topic(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, const char *name)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
    rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 0, topic, &metadata, TIMEOUT_MS);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        die(name, rd_kafka_err2str(code));
    for (int i = 0; i < metadata->topics[0].partition_cnt; i++) {
        int64_t low = 0, high = 0;
        code = rd_kafka_query_watermark_offsets(rk, name, i, &low, &high, TIMEOUT_MS);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            die(name, rd_kafka_err2str(code));
        if (high > low)
            rd_kafka_topic_partition_list_add(list, name, i)->offset = low;
    }
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
}

static void consume(rd_kafka_t *rk, int partitions)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(rk);
    static rd_kafka_message_t *messages[BATCH];
    unsigned long long count = 0, bytes = 0;
    int64_t start_ns = cdr_monotonic_ns(), end_ns = start_ns;
    for (int ended = 0; ended < partitions;) {
        ssize_t n = rd_kafka_consume_batch_queue(queue, 100, messages, BATCH);
        for (ssize_t i = 0; i < n; i++) {
            if (messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                count++;
                bytes += messages[i]->len;
            } else if (messages[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                ended++;
            } else {
                die("consume", rd_kafka_message_errstr(messages[i]));
            }
            rd_kafka_message_destroy(messages[i]);
        }
        end_ns = cdr_monotonic_ns();
    }
    double seconds = (double)(end_ns - start_ns) / 1e9;
    printf("%llu messages, %llu bytes in %.3f s\n", count, bytes, seconds);
    rd_kafka_queue_destroy(queue);
}

int main(int argc, char **argv)
{
    char reason[256];
    if (argc < 3)
        die("usage", "bench_kafka_consume BROKERS TOPIC... [-X NAME=VALUE...]");
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", argv[1]);
    set(conf, "group.id", "cdrgen-bench");
    set(conf, "enable.auto.commit", "false");
    set(conf, "enable.auto.offset.store", "false");
    set(conf, "enable.partition.eof", "true");
    for (int i = 2; i + 1 < argc; i++) {
        char *equals = strchr(argv[i + 1], '=');
        if (strcmp(argv[i], "-X") != 0 || equals == NULL)
            continue;
        *equals = '\0';
        set(conf, argv[i + 1], equals + 1);
    }
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    if (rk == NULL)
        die("consumer", reason);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(64);
    for (int i = 2; i < argc && argv[i][0] != '-'; i++)
        add_topic(rk, list, argv[i]);
    rd_kafka_assign(rk, list);
    consume(rk, list->cnt);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return 0;
}
