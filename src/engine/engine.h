/* Engine: turns the model into logs, slot by slot, on any number of threads.
 *
 *   plan    workers take chunks of subscribers, expand their events of the slot and throw a key
 *           for every leg into the list of its log (partition of the owner) and slice of time; a
 *           record that is emitted in a later slot waits in that slot's list.
 *   order   workers take tasks, a task being one log in one slice of time, gather the keys that all
 *           workers have for it and sort them by the total order of model/key.h.
 *   then    the task goes to the consumer, which materialises, encodes and delivers it.
 *
 * Records of a network element that is out (model/fault.h) wait in lists by the slot in which they
 * would be emitted. When their frame is over, each of these slots is a task of a log, with its keys
 * and slots as they would have been, before the first slice of the slot that begins.
 *
 * Tasks are taken in order of time over all logs, so logs advance together. What a task holds
 * depends on the model alone; how many there are, and which worker runs them when, does not change
 * the sequence of any log's records.
 *
 * Memory: 16 bytes a key of the slots that are open, 3 bytes a subscriber; nothing that grows with
 * the days.
 */
#ifndef CDR_ENGINE_ENGINE_H
#define CDR_ENGINE_ENGINE_H

#include "model/key.h"
#include "model/model.h"
#include "model/record.h"

#include <stdatomic.h>

struct cdr_engine;

struct cdr_task {
    uint32_t log;   /* topic × partitions + partition */
    uint32_t type;  /* CDR_TYPE_* */
    uint32_t slice; /* of the slot, from 0; before them those that were held back */
    /* slices before this one since the start of the run: the same for all logs */
    uint64_t sequence;
    const struct cdr_slot *slots; /* [0] the emission slot, [lag] the one lag slots before */
    const struct cdr_slot *slot;  /* now: slots, or a later one where an outage held them back */
    const struct cdr_key *keys;   /* ordered */
    uint32_t n;                   /* may be 0 */
    const struct cdr_model *model;
};

/* Called from worker threads; anything but CDR_OK stops the run with that result. */
struct cdr_consumer {
    void *state;
    enum cdr_result (*task)(void *state, unsigned worker, const struct cdr_task *task,
                            struct cdr_error *error);
    /* By one thread while the others rest. slice_end only with settings.slice_barrier; slice is
     * CDR_SLICE_HELD for what was held back. NULL: not wanted. */
    enum cdr_result (*slot_begin)(void *state, const struct cdr_slot *slot,
                                  struct cdr_error *error);
    /* With settings.slice_barrier: true where this slot goes without barriers and slice_end all the
     * same. */
    bool (*slot_whole)(void *state, const struct cdr_slot *slot);
    enum cdr_result (*slice_end)(void *state, const struct cdr_slot *slot, uint32_t slice,
                                 uint32_t slice_count, struct cdr_error *error);
    enum cdr_result (*slot_end)(void *state, const struct cdr_slot *slot, struct cdr_error *error);
};

#define CDR_SLICE_HELD UINT32_MAX

/* Until when an outage held a task's records back; 0: it did not. */
static inline int64_t cdr_task_held_until_ms(const struct cdr_task *task)
{
    return task->slot != task->slots ? task->slot->start_ms : 0;
}

struct cdr_engine_settings {
    unsigned workers; /* ≥ 1 */
    uint32_t shard_index, shard_count;
    uint32_t slices_min; /* cut a slot in at least as many slices; 0 or 1: as few as are good */
    /* all logs finish a slice, then slice_end is called, before the next begins */
    bool slice_barrier;
    /* start of the slot from which on records are left out; INT64_MAX: until stopped */
    int64_t end_ms;
    const atomic_int *stop; /* not 0: take no new tasks and return CDR_E_INTERRUPTED; NULL: never */
};

enum cdr_result cdr_engine_create(struct cdr_engine **engine, const struct cdr_model *model,
                                  const struct cdr_engine_settings *settings,
                                  struct cdr_error *error);
void cdr_engine_destroy(struct cdr_engine *engine);

/* Runs from the first day's start to end_ms. Blocks; the calling thread is worker 0.
 * CDR_E_INTERRUPTED where a stop left something undone: what each log was given is then the
 * beginning of it. A stop after the last task changes nothing. */
enum cdr_result cdr_engine_run(struct cdr_engine *engine, const struct cdr_consumer *consumer,
                               struct cdr_error *error);

/* The longest slice of a slot in ms. */
uint32_t cdr_engine_slice_ms(const struct cdr_engine *engine);

/* Partition of a subscriber's records: Java's murmur2 of the MSISDN's digits, positive, modulo
 * partitions, as Kafka's default partitioner does (org.apache.kafka.common.utils.Utils.murmur2). */
uint32_t cdr_partition_of(const struct cdr_model *model, uint32_t subscriber);
uint32_t cdr_murmur2(const uint8_t *bytes, uint32_t len);

#endif
