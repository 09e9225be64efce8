/* How far a consumer group is behind: in records and in seconds, by partition and in sum.
 *
 * A sample asks the group's coordinator for what it has committed, then the leaders for the
 * partitions' ends (committed ones, that is last stable offsets), with two clients that belong to
 * no group: no JVM, and no member more. Since the ends come second, no lag is negative. Records are
 * counted by offsets, as Kafka's own tools do; control records of transactions count until the
 * group has passed them.
 *
 * Seconds: the time since the record that the group reads next came into its partition, found in
 * the ends of the samples before, in a straight line between the last sample that did not show it
 * and the first that did. Of a record that was there before the first sample only the least time is
 * known.
 */
#ifndef CDR_KAFKA_LAG_H
#define CDR_KAFKA_LAG_H

#include "kafka/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cdr_lag_partition {
    const char *topic; /* owned by the lag */
    int32_t partition;
    int64_t end;
    int64_t committed; /* −1: nothing */
    uint64_t records;  /* behind; 0 where nothing is committed */
    double seconds;
    bool at_least; /* it is longer than seconds */
};

struct cdr_lag_sample {
    int64_t wall_ms;
    const struct cdr_lag_partition *partitions; /* until the next sample */
    size_t n, uncommitted;                      /* uncommitted: partitions without a commit */
    uint64_t records;                           /* behind, in sum */
    int64_t committed, end;                     /* sums; committed of those that have one */
    double seconds;                             /* of the partition that is most behind in time */
    bool at_least;
    size_t worst;   /* that partition; where none is behind in time, the first */
    char state[32]; /* of the group: "Stable", "Empty", "PreparingRebalance" … */
    uint32_t members;
    uint64_t membership; /* of the members' ids and partitions: another one after a rebalance */
};

struct cdr_lag;

/* All partitions of the topics, whose names are copied; without topics, only the group can be
 * looked at. CDR_E_STATE: a topic or the group does not
 * exist. */
enum cdr_result cdr_lag_open(struct cdr_lag **lag, const struct cdr_kafka_settings *settings,
                             const char *group, const char *const *topics, size_t topic_count,
                             struct cdr_error *error);
/* Blocks for some round trips. CDR_E_KAFKA: nobody answered; the next sample may succeed.
 * CDR_E_STATE: a topic or the group is gone. */
enum cdr_result cdr_lag_take(struct cdr_lag *lag, struct cdr_lag_sample *sample,
                             struct cdr_error *error);
/* Of a sample, only what is known of the group: state, members, membership. Errors: the same. */
enum cdr_result cdr_lag_look_at_group(struct cdr_lag *lag, struct cdr_lag_sample *sample,
                                      struct cdr_error *error);
void cdr_lag_close(struct cdr_lag *lag);

/* --- for tests: the ends of one partition in time --- */

enum { CDR_LAG_ENDS = 4096 };
struct cdr_lag_ends {
    /* A ring, of samples in which the end had grown, and the last one that had the same end. */
    int64_t ms[CDR_LAG_ENDS], until_ms[CDR_LAG_ENDS], end[CDR_LAG_ENDS];
    uint64_t n;      /* ever added */
    int64_t last_ms; /* of the last sample */
};
void cdr_lag_ends_add(struct cdr_lag_ends *ends, int64_t ms, int64_t end);
/* How long the record at an offset has been there; *at_least: longer than that. 0 where it is not
 * there. */
double cdr_lag_ends_seconds(const struct cdr_lag_ends *ends, int64_t offset, bool *at_least);

#endif
