/* A cluster that fails on command, for whole runs: librdkafka's mock cluster, which a real broker
 * cannot stand in for where a certain answer to a certain request is wanted.
 *
 *   mock_host PARTITIONS TOPIC...
 *
 * Prints the bootstrap servers as its first line, then obeys lines on standard input until that
 * ends:
 *   produce ERROR [COUNT]    the next COUNT (1) Produce requests are answered with that error of
 *                            the protocol (a number, as in its documentation)
 *   delay MS                 of each answer
 * and answers each with "done".
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BROKER = 1, API_PRODUCE = 0 };

static int obey(rd_kafka_mock_cluster_t *cluster, const char *line)
{
    int number = 0, count = 1;
    if (sscanf(line, "produce %d %d", &number, &count) >= 1) {
        while (count-- > 0)
            rd_kafka_mock_push_request_errors(cluster, API_PRODUCE, 1, (rd_kafka_resp_err_t)number);
        return 1;
    }
    if (sscanf(line, "delay %d", &number) == 1)
        return rd_kafka_mock_broker_set_rtt(cluster, BROKER, number) == RD_KAFKA_RESP_ERR_NO_ERROR;
    return 0;
}

int main(int argc, char **argv)
{
    char reason[256], line[256];
    if (argc < 3)
        return 2;
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof reason);
    rd_kafka_mock_cluster_t *cluster = rk != NULL ? rd_kafka_mock_cluster_new(rk, 1) : NULL;
    if (cluster == NULL)
        return 1;
    for (int i = 2; i < argc; i++)
        rd_kafka_mock_topic_create(cluster, argv[i], atoi(argv[1]), 1);
    printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        printf("%s\n", obey(cluster, line) ? "done" : "not understood");
        fflush(stdout);
    }
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(rk);
    return 0;
}
