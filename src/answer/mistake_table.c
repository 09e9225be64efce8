#include "answer/mistake.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

static void say(struct cdr_mistaken *job, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct cdr_mistaken *job, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(job->words, sizeof job->words, format, arguments);
    va_end(arguments);
}

static bool has_share(const struct cdr_mistaken *job, enum cdr_fault kind)
{
    return job->answer.model->parameters.faults[kind] > 0;
}

/* ---- times and windows ---- */

static bool other_time(struct cdr_mistaken *job, uint32_t number)
{
    job->query.by_start = !job->query.by_start;
    say(job, "the %s of a record was taken for its time", job->query.by_start ? "start" : "end");
    return number == 0 && job->query.window != CDR_WINDOW_NONE;
}

static bool time_of_arrival(struct cdr_mistaken *job, uint32_t number)
{
    job->answer.mistake.arrival = true;
    say(job, "late records were counted in the window that was open when they came");
    return number == 0 && job->query.window != CDR_WINDOW_NONE;
}

static bool local_time(struct cdr_mistaken *job, uint32_t number)
{
    job->answer.mistake.local = number == 0 ? 1 : -1;
    say(job, "%s",
        number == 0 ? "windows are those of the local clock, not of UTC"
                    : "times were taken for local ones and turned into UTC again");
    return number < 2 && job->query.window == CDR_WINDOW_FIXED;
}

static bool days_of_utc(struct cdr_mistaken *job, uint32_t number)
{
    say(job, "days are those of UTC, not local ones");
    if (number > 0 || job->query.window != CDR_WINDOW_DAY)
        return false;
    job->query.window = CDR_WINDOW_FIXED;
    job->query.size_ms = job->query.step_ms = DAY_MS;
    return true;
}

/* The clock's offset before the dataset's first midnight, or after its last one. */
static bool days_of_24_hours(struct cdr_mistaken *job, uint32_t number)
{
    const struct cdr_parameters *p = &job->answer.model->parameters;
    const int32_t day = p->start_day + (number == 0 ? 0 : (int32_t)p->days);
    const int64_t midnight_ms = cdr_calendar_day_start_ms(&job->answer.model->calendar, day);
    const int64_t offset_ms = day * DAY_MS - midnight_ms;
    say(job, "days are of 24 hours: where the clock is changed, they begin at another hour");
    if (number > 1 || job->query.window != CDR_WINDOW_DAY)
        return false;
    job->query.window = CDR_WINDOW_FIXED;
    job->query.size_ms = job->query.step_ms = DAY_MS;
    job->answer.mistake.shift_ms = offset_ms;
    job->answer.mistake.named_ms = -offset_ms;
    return true;
}

static bool end_inclusive(struct cdr_mistaken *job, uint32_t number)
{
    job->answer.mistake.shift_ms = -1;
    say(job, "windows hold their end, not their start");
    return number == 0 && job->query.window == CDR_WINDOW_FIXED;
}

static bool named_by_end(struct cdr_mistaken *job, uint32_t number)
{
    job->answer.mistake.named_ms = job->query.size_ms;
    say(job, "the end of a window was put out as its start");
    return number == 0 && job->query.window == CDR_WINDOW_FIXED;
}

static bool hop_as_tumble(struct cdr_mistaken *job, uint32_t number)
{
    say(job, "windows are as long as the step between them");
    if (number > 0 || job->query.window != CDR_WINDOW_FIXED ||
        job->query.size_ms == job->query.step_ms)
        return false;
    job->query.size_ms = job->query.step_ms;
    return true;
}

static bool late_dropped(struct cdr_mistaken *job, uint32_t number)
{
    static const int64_t minutes[] = {0, 1, 2, 5, 10, 15, 30, 60};
    const uint32_t n = sizeof minutes / sizeof *minutes;
    const bool flink = number >= n;
    if (number >= 2 * n || job->query.window == CDR_WINDOW_NONE || job->query.top_rows > 0 ||
        (job->answer.model->parameters.faults[CDR_FAULT_LATE] <= 0 &&
         job->answer.model->parameters.faults[CDR_FAULT_OUTAGE] <= 0))
        return false;
    job->answer.mistake.dropped = true;
    job->answer.lateness = (struct cdr_lateness){.on = true,
                                                 .passing = !flink,
                                                 .early_ms = flink,
                                                 .allowed_ms = minutes[number % n] * 60000};
    say(job, "records more than %dm late were dropped%s", (int)minutes[number % n],
        flink ? ", by a watermark of all records" : "");
    return true;
}

/* ---- which records count ---- */

static bool without_condition(struct cdr_mistaken *job, uint32_t number)
{
    struct cdr_query *query = &job->query;
    if (number >= query->where_count)
        return false;
    say(job, "the condition on %s was left out", query->where[number].field->name);
    query->where_count--;
    memmove(&query->where[number], &query->where[number + 1],
            (query->where_count - number) * sizeof *query->where);
    return true;
}

static bool without_conditions(struct cdr_mistaken *job, uint32_t number)
{
    const bool several = job->query.where_count > 1;
    say(job, "all conditions were left out");
    job->query.where_count = 0;
    return number == 0 && several;
}

/* Duplicates at once, late ones, conflicting ones, and those of them that there are together. */
static bool copies_counted(struct cdr_mistaken *job, uint32_t number)
{
    static const struct {
        uint32_t kinds;
        const char *words;
    } variants[] = {
        {1u << CDR_FAULT_DUPLICATE | 1u << CDR_FAULT_LATE_DUPLICATE,
         "records that are there twice were counted twice"},
        {1u << CDR_FAULT_LATE_DUPLICATE,
         "records that come again later were counted again: those that were seen are forgotten"},
        {1u << CDR_FAULT_CONFLICT, "records in conflict were counted each"},
        {1u << CDR_FAULT_DUPLICATE | 1u << CDR_FAULT_LATE_DUPLICATE | 1u << CDR_FAULT_CONFLICT,
         "records that are there twice and those in conflict were counted each"},
    };
    if (number >= sizeof variants / sizeof *variants)
        return false;
    uint32_t there = 0;
    for (uint32_t kind = 0; kind < CDR_FAULT_COUNT; kind++)
        there |= has_share(job, kind) ? 1u << kind : 0;
    const uint32_t counted = variants[number].kinds & there;
    job->idle = counted == 0;
    for (uint32_t before = 0; before < number; before++)
        job->idle |= (variants[before].kinds & there) == counted;
    job->answer.mistake.counted = counted;
    say(job, "%s", variants[number].words);
    return true;
}

static bool conflict_replaces(struct cdr_mistaken *job, uint32_t number)
{
    job->answer.mistake.replaced = true;
    say(job, "of records in conflict, the later one was counted");
    return number == 0 && has_share(job, CDR_FAULT_CONFLICT);
}

/* Those whose values are still the record's, or another known one. */
static bool faulty_counted(struct cdr_mistaken *job, uint32_t number)
{
    static const enum cdr_fault kinds[] = {
        CDR_FAULT_NULL_KEY, CDR_FAULT_WRONG_KEY,      CDR_FAULT_CLOCK,        CDR_FAULT_GARBAGE,
        CDR_FAULT_OVERSIZE, CDR_FAULT_UNKNOWN_SCHEMA, CDR_FAULT_WRONG_SCHEMA,
    };
    if (number >= sizeof kinds / sizeof *kinds)
        return false;
    job->idle = !has_share(job, kinds[number]);
    job->answer.mistake.counted = 1u << kinds[number];
    say(job, "records with the fault %s were counted", cdr_fault_name[kinds[number]]);
    return true;
}

/* How long transactions were, and which ones were aborted, only the topics know. The last row of
 * the table: what is known by its values goes before. */
static bool aborted_counted(struct cdr_mistaken *job, uint32_t number)
{
    job->answer.mistake.repeated = true;
    say(job,
        "some records were counted twice, as by a job that reads records of aborted transactions");
    return number == 0 && job->transactions && job->query.top_rows == 0;
}

static bool second_schema_left_out(struct cdr_mistaken *job, uint32_t number)
{
    job->answer.mistake.ended = true;
    job->answer.mistake.ended_ms = job->change_ms;
    say(job, "records of the schemas that follow the change were not read");
    return number == 0 && job->change_ms != 0;
}

static bool type_left_out(struct cdr_mistaken *job, uint32_t number)
{
    if (number >= CDR_TYPE_COUNT)
        return false;
    const uint32_t left = job->query.types & ~(1u << number);
    say(job, "the records of %s were left out", cdr_type_word[number]);
    job->idle = left == 0 || left == job->query.types;
    job->query.types = left;
    return true;
}

static bool partition_left_out(struct cdr_mistaken *job, uint32_t number)
{
    const uint32_t partitions = job->answer.model->parameters.partitions;
    if (number >= CDR_TYPE_COUNT * partitions)
        return false;
    job->idle = (job->query.types >> (number / partitions) & 1) == 0 ||
                number % partitions % job->answer.shard_count != job->answer.shard_index;
    job->answer.mistake.without = true;
    job->answer.mistake.without_log = number;
    say(job, "partition %u of the %s topic was not read", number % partitions,
        cdr_type_word[number / partitions]);
    return true;
}

/* ---- aggregates ---- */

static bool repeats_counted(struct cdr_mistaken *job, uint32_t number)
{
    bool some = false;
    for (uint32_t k = 0; k < job->query.select_count; k++)
        if (job->query.select[k].function == CDR_FUNCTION_DISTINCT) {
            job->query.select[k].function = CDR_FUNCTION_COUNT;
            job->query.select[k].field = NULL; /* each record counts as one */
            some = true;
        }
    say(job, "a value that is there several times was counted each time");
    return number == 0 && some;
}

static bool sums_of_32_bits(struct cdr_mistaken *job, uint32_t number)
{
    bool some = false;
    for (uint32_t k = 0; k < job->query.select_count; k++)
        some |= job->query.select[k].function == CDR_FUNCTION_SUM;
    job->answer.mistake.narrow = true;
    say(job, "sums are of 32 bits, and overflow");
    return number == 0 && some && job->query.top_rows == 0;
}

const struct cdr_mistake_row cdr_mistakes[] = {
    {"other_time", other_time},
    {"condition_left_out", without_condition},
    {"conditions_left_out", without_conditions},
    {"local_time", local_time},
    {"days_of_utc", days_of_utc},
    {"days_of_24_hours", days_of_24_hours},
    {"end_inclusive", end_inclusive},
    {"named_by_end", named_by_end},
    {"hop_as_tumble", hop_as_tumble},
    {"late_dropped", late_dropped},
    {"time_of_arrival", time_of_arrival},
    {"copies_counted", copies_counted},
    {"conflict_replaces", conflict_replaces},
    {"faulty_counted", faulty_counted},
    {"second_schema_left_out", second_schema_left_out},
    {"type_left_out", type_left_out},
    {"partition_left_out", partition_left_out},
    {"repeats_counted", repeats_counted},
    {"sums_of_32_bits", sums_of_32_bits},
    {"aborted_counted", aborted_counted},
    {NULL, NULL},
};
