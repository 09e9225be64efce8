#include "app/progress.h"
#include "app/say.h"
#include "app/verify_dimensions.h"
#include "base/json_writer.h"
#include "model/calendar.h"
#include "verify/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void add(struct cdr_compare_counts *sum, const struct cdr_compare_counts *counts)
{
    sum->expected += counts->expected;
    sum->found += counts->found;
    sum->matched += counts->matched;
    sum->expired += counts->expired;
    sum->unread += counts->unread;
    sum->later += counts->later;
    if (counts->latest_ms > sum->latest_ms)
        sum->latest_ms = counts->latest_ms;
    sum->elsewhere += counts->elsewhere;
    for (unsigned kind = 0; kind < CDR_DIFFERENCE_KINDS; kind++)
        sum->kinds[kind] += counts->kinds[kind];
}

/* Nothing is expected there. */
static struct cdr_compare_counts counts_of_added(const struct cdr_added_partition *added)
{
    struct cdr_compare_counts counts = {.found = added->records, .ends_early = UINT64_MAX};
    counts.kinds[CDR_DIFFERENCE_FOREIGN] = added->records;
    return counts;
}

struct cdr_compare_counts cdr_verification_total(const struct cdr_verification *run, uint32_t type)
{
    const uint32_t partitions = run->settings->model.partitions;
    struct cdr_compare_counts sum = {.ends_early = UINT64_MAX, .latest_ms = INT64_MIN};
    for (uint32_t log = 0; log < run->topics.n * partitions; log++) {
        const struct cdr_compare_counts *counts = cdr_verify_counts(run->verify, log);
        if (counts != NULL && (type == run->topics.n || log / partitions == type))
            add(&sum, counts);
    }
    for (size_t i = 0; i < run->added_count; i++)
        if (type == run->topics.n || run->added[i].type == type) {
            const struct cdr_compare_counts counts = counts_of_added(&run->added[i]);
            add(&sum, &counts);
        }
    return sum;
}

uint32_t cdr_verification_added(const struct cdr_verification *run, uint32_t type)
{
    uint32_t n = 0;
    for (size_t i = 0; i < run->added_count; i++)
        n += run->added[i].type == type;
    return n;
}

bool cdr_is_different(const struct cdr_compare_counts *counts)
{
    for (unsigned kind = 0; kind < CDR_DIFFERENCE_KINDS; kind++)
        if (counts->kinds[kind] > 0)
            return true;
    return false;
}

/* Appends at *used; what does not fit is left out. */
static void append(char *text, size_t size, size_t *used, uint64_t count, const char *word)
{
    char number[32];
    if (count == 0 || *used >= size)
        return;
    *used += (size_t)snprintf(text + *used, size - *used, "%s%s %s", *used > 0 ? ", " : "",
                              cdr_with_commas(count, number), word);
}

void cdr_counts_text(const struct cdr_compare_counts *counts, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned kind = 0; kind < CDR_DIFFERENCE_KINDS; kind++)
        append(text, size, &used, counts->kinds[kind], cdr_difference_word[kind]);
    if (used == 0)
        snprintf(text, size, "same");
}

/* ---- for a person ---- */

static void time_text(int64_t ms, char text[64])
{
    struct tm parts;
    time_t seconds = (time_t)(ms / 1000);
    if (ms == CDR_NO_TIME)
        snprintf(text, 64, "none");
    else if (ms < 0 || ms / 1000 > INT64_C(253402300799) || gmtime_r(&seconds, &parts) == NULL)
        snprintf(text, 64, "%" PRId64, ms);
    else
        snprintf(text, 64, "%" PRId64 " (%04d-%02d-%02dT%02d:%02d:%02d.%03dZ)", ms,
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec, (int)(ms % 1000));
}

/* The folder of a day, as in its name. */
static void day_text(int32_t day, char text[32])
{
    const struct cdr_date date = cdr_date_of_day(day);
    if (day == INT32_MIN)
        snprintf(text, 32, "no day");
    else
        snprintf(text, 32, "%04" PRId32 "-%02" PRIu32 "-%02" PRIu32, date.year, date.month,
                 date.day_of_month);
}

/* The key in one text: "491…", or "msisdn=491… rat=LTE". */
static void key_text(const struct cdr_verification *run, uint32_t type,
                     const struct cdr_record *record, char *text, size_t size)
{
    struct cdr_fields fields;
    size_t used = 0;
    cdr_fields_key(&fields, &run->payloads, type, record);
    for (uint32_t i = 0; i < fields.n && used < size; i++) {
        const char *dot = strchr(fields.items[i].name, '.');
        used += (size_t)snprintf(text + used, size - used, "%s%s%s%s", i > 0 ? " " : "",
                                 dot != NULL ? dot + 1 : "", dot != NULL ? "=" : "",
                                 fields.items[i].value);
    }
}

static void print_fields(FILE *out, const struct cdr_fields *fields)
{
    fputs("     ", out);
    for (uint32_t i = 0; i < fields->n; i++)
        if (fields->items[i].value[0] != '\0')
            cdr_say(out, " %s=%s", fields->items[i].name, fields->items[i].value);
    fputc('\n', out);
}

static void print_record(FILE *out, const struct cdr_verification *run, uint32_t type,
                         const struct cdr_record *record)
{
    struct cdr_fields fields;
    char key[160], time[64];
    if (!run->from_files) {
        key_text(run, type, record, key, sizeof key);
        time_text(record->event_ms, time);
        cdr_say(out, "      key %s, timestamp %s\n", key, time);
        cdr_fields_headers(&fields, &run->payloads, type, record);
        if (fields.n > 0)
            print_fields(out, &fields);
    }
    cdr_fields_decode(&fields, &run->payloads, type, record);
    print_fields(out, &fields);
}

static void print_pair(FILE *out, const char *name, const char *expected, const char *found)
{
    if (strcmp(expected, found) != 0)
        cdr_say(out, "      %s: expected %s, found %s\n", name, expected, found);
}

static const char *const schema_names[CDR_VERSIONS] = {"first", "next"};

static bool same_bytes(const struct cdr_record *left, const struct cdr_record *right)
{
    return left->payload != NULL && right->payload != NULL &&
           left->payload_len == right->payload_len &&
           memcmp(left->payload, right->payload, left->payload_len) == 0;
}

/* Those that differ, or that only one of them has. */
static void print_pairs(FILE *out, const struct cdr_fields *expected,
                        const struct cdr_fields *found)
{
    for (uint32_t i = 0; i < expected->n; i++) {
        const char *value = cdr_fields_find(found, expected->items[i].name);
        print_pair(out, expected->items[i].name, expected->items[i].value,
                   value != NULL ? value : "(none)");
    }
    for (uint32_t i = 0; i < found->n; i++)
        if (cdr_fields_find(expected, found->items[i].name) == NULL)
            print_pair(out, found->items[i].name, "(none)", found->items[i].value);
}

/* Field by field. */
static void print_difference_of(FILE *out, const struct cdr_verification *run, uint32_t type,
                                const struct cdr_record *expected, const struct cdr_record *found)
{
    struct cdr_fields left, right;
    char texts[2][160];
    if (!run->from_files) {
        cdr_fields_key(&left, &run->payloads, type, expected);
        cdr_fields_key(&right, &run->payloads, type, found);
        print_pairs(out, &left, &right);
        cdr_fields_headers(&left, &run->payloads, type, expected);
        cdr_fields_headers(&right, &run->payloads, type, found);
        print_pairs(out, &left, &right);
        time_text(expected->event_ms, texts[0]);
        time_text(found->event_ms, texts[1]);
        print_pair(out, "timestamp", texts[0], texts[1]);
    }
    if (run->from_files) {
        day_text(expected->day, texts[0]);
        day_text(found->day, texts[1]);
        print_pair(out, "day of the folder", texts[0], texts[1]);
    }
    const struct cdr_payloads *payloads = &run->payloads;
    bool whole = cdr_fields_decode(&left, payloads, type, expected);
    bool same_shape = cdr_fields_decode(&right, payloads, type, found) == whole;
    if (left.version != right.version)
        fprintf(out, "      schema: expected the %s one, found the %s one\n",
                schema_names[left.version], schema_names[right.version]);
    if (same_shape) {
        print_pairs(out, &left, &right);
    } else if (!same_bytes(expected, found)) {
        print_fields(out, &left);
        print_fields(out, &right);
    }
}

static void print_difference(FILE *out, const struct cdr_verification *run,
                             const struct cdr_difference *difference)
{
    const uint32_t partitions = run->settings->model.partitions;
    const uint32_t type = difference->log / partitions;
    const char *place = run->from_files ? "as record" : "at offset";
    fprintf(out, "  %s: %s[%u]", cdr_difference_word[difference->kind],
            run->topics.items[type].name, difference->log % partitions);
    if (difference->has_expected && difference->home == difference->log)
        fprintf(out, ", record %" PRId64, difference->expected.place);
    if (difference->has_found)
        fprintf(out, ", found %s %" PRId64, place, difference->found.place);
    if (difference->home != difference->log) {
        fprintf(out, ", belongs in %s[%u]", run->topics.items[difference->home / partitions].name,
                difference->home % partitions);
        if (difference->has_expected)
            fprintf(out, " as record %" PRId64, difference->expected.place);
    }
    fputc('\n', out);
    const bool changed = difference->kind == CDR_DIFFERENCE_ALTERED ||
                         difference->kind == CDR_DIFFERENCE_WRONG_KEY ||
                         difference->kind == CDR_DIFFERENCE_WRONG_TIMESTAMP ||
                         difference->kind == CDR_DIFFERENCE_WRONG_DAY;
    if (changed && difference->has_expected && difference->has_found)
        print_difference_of(out, run, type, &difference->expected, &difference->found);
    else
        print_record(out, run, type,
                     difference->has_found ? &difference->found : &difference->expected);
}

static void print_log(FILE *out, const struct cdr_verification *run, uint32_t log)
{
    const uint32_t partitions = run->settings->model.partitions;
    const struct cdr_compare_counts *counts = cdr_verify_counts(run->verify, log);
    char text[256];
    if (counts == NULL || !cdr_is_different(counts))
        return;
    cdr_counts_text(counts, text, sizeof text);
    fprintf(out, "    [%u] %s", log % partitions, text);
    if (counts->ends_early != UINT64_MAX)
        fprintf(out, "; ends early, at record %" PRIu64 " of %" PRIu64, counts->ends_early,
                counts->expected);
    fputc('\n', out);
}

static void print_sum(FILE *out, const struct cdr_verification *run,
                      const struct cdr_compare_counts *total)
{
    char compared[32], expected[32], number[32];
    fprintf(out, "%s: %s of %s records compared", run->verdict.word,
            cdr_with_commas(cdr_compared(total), compared),
            cdr_with_commas(total->expected, expected));
    if (total->expired > 0)
        fprintf(out, ", %s expired", cdr_with_commas(total->expired, number));
    if (total->unread > 0)
        fprintf(out, ", %s unread in open transactions", cdr_with_commas(total->unread, number));
    fprintf(out, "; %s found", cdr_with_commas(total->found, number));
    fprintf(out, " in %.2f s (%s/s)", run->wall_s,
            cdr_with_commas(run->wall_s > 0 ? (uint64_t)((double)total->found / run->wall_s) : 0,
                            number));
    if (run->settings->shard_count > 1)
        fprintf(out, "; shard %u/%u", run->settings->shard_index, run->settings->shard_count);
    fprintf(out, "; dataset %s\n", run->model->dataset_id);
}

static void print_added(FILE *out, const struct cdr_verification *run, uint32_t type)
{
    char text[256];
    const uint32_t n = cdr_verification_added(run, type);
    uint64_t records = 0;
    for (size_t i = 0; i < run->added_count; i++)
        records += run->added[i].type == type ? run->added[i].records : 0;
    if (n == 0)
        return;
    fprintf(out, "    %" PRIu32 " partition%s more than the dataset has, added to the topic: %s\n",
            n, n == 1 ? "" : "s",
            records == 0 ? "empty; the others are compared" : "no record belongs there");
    for (size_t i = 0; i < run->added_count; i++) {
        const struct cdr_compare_counts counts = counts_of_added(&run->added[i]);
        if (run->added[i].type != type || counts.found == 0)
            continue;
        cdr_counts_text(&counts, text, sizeof text);
        fprintf(out, "    [%u] %s\n", run->added[i].partition, text);
    }
}

void cdr_print_verification(const struct cdr_verification *run, FILE *out)
{
    const uint32_t partitions = run->settings->model.partitions;
    struct cdr_compare_counts total = cdr_verification_total(run, run->topics.n);
    char expected[32], found[32], text[256];
    print_sum(out, run, &total);
    for (uint32_t type = 0; type < run->topics.n; type++) {
        struct cdr_compare_counts sum = cdr_verification_total(run, type);
        cdr_counts_text(&sum, text, sizeof text);
        const bool any = sum.expected > 0 || !run->complete;
        if (any && cdr_compared(&sum) == 0 && !cdr_is_different(&sum))
            snprintf(text, sizeof text, "nothing compared");
        fprintf(out, "  %-16s %14s records expected, %14s found: %s", run->topics.items[type].name,
                cdr_with_commas(sum.expected, expected), cdr_with_commas(sum.found, found), text);
        if (sum.expired > 0)
            fprintf(out, "; %s more expired, by the topic's retention",
                    cdr_with_commas(sum.expired, expected));
        if (sum.unread > 0)
            fprintf(out, "; %s more are in an open transaction or after its start, or lost",
                    cdr_with_commas(sum.unread, expected));
        fputc('\n', out);
        for (uint32_t partition = 0; partition < partitions; partition++)
            print_log(out, run, type * partitions + partition);
        print_added(out, run, type);
    }
    cdr_print_dimensions(run, out);
    const struct cdr_difference *const *differences;
    size_t n = cdr_verify_shown(run->verify, &differences);
    for (size_t i = 0; i < n; i++)
        print_difference(out, run, differences[i]);
}

/* ---- JSON ---- */

static void put_counts(struct cdr_json *json, const struct cdr_compare_counts *counts)
{
    cdr_json_u64(json, "expected", counts->expected);
    cdr_json_u64(json, "found", counts->found);
    cdr_json_u64(json, "compared", cdr_compared(counts));
    cdr_json_u64(json, "matched", counts->matched);
    for (unsigned kind = 0; kind < CDR_DIFFERENCE_KINDS; kind++)
        cdr_json_u64(json, cdr_difference_name[kind], counts->kinds[kind]);
    cdr_json_u64(json, "elsewhere", counts->elsewhere);
    cdr_json_u64(json, "expired", counts->expired);
    cdr_json_u64(json, "unread", counts->unread);
}

static void put_headers(struct cdr_json *json, const struct cdr_verification *run, uint32_t type,
                        const struct cdr_record *record)
{
    struct cdr_fields fields;
    cdr_fields_headers(&fields, &run->payloads, type, record);
    if (fields.n == 0)
        return;
    cdr_json_object(json, "headers");
    for (uint32_t i = 0; i < fields.n; i++)
        cdr_json_text(json, fields.items[i].name + sizeof "header", fields.items[i].value);
    cdr_json_object_end(json);
}

static void put_record(struct cdr_json *json, const char *name, const char *place_name,
                       const struct cdr_verification *run, uint32_t type,
                       const struct cdr_record *record)
{
    struct cdr_fields fields;
    char key[160];
    cdr_json_object(json, name);
    cdr_json_i64(json, place_name, record->place);
    if (run->from_files) {
        char day[32];
        day_text(record->day, day);
        cdr_json_text(json, "date", day);
    } else {
        key_text(run, type, record, key, sizeof key);
        cdr_json_text(json, "key", record->key != NULL ? key : NULL);
        put_headers(json, run, type, record);
        if (record->event_ms == CDR_NO_TIME)
            cdr_json_null(json, "timestamp");
        else
            cdr_json_i64(json, "timestamp", record->event_ms);
    }
    cdr_fields_decode(&fields, &run->payloads, type, record);
    cdr_json_object(json, "fields");
    for (uint32_t i = 0; i < fields.n; i++)
        cdr_json_text(json, fields.items[i].name, fields.items[i].value);
    cdr_json_object_end(json);
    cdr_json_object_end(json);
}

static void put_difference(struct cdr_json *json, const struct cdr_verification *run,
                           const struct cdr_difference *difference)
{
    const uint32_t partitions = run->settings->model.partitions;
    const uint32_t type = difference->log / partitions;
    cdr_json_object(json, NULL);
    cdr_json_text(json, "kind", cdr_difference_name[difference->kind]);
    cdr_json_text(json, "topic", run->topics.items[type].name);
    cdr_json_u64(json, "partition", difference->log % partitions);
    if (difference->home != difference->log) {
        cdr_json_object_inline(json, "belongs_in");
        cdr_json_text(json, "topic", run->topics.items[difference->home / partitions].name);
        cdr_json_u64(json, "partition", difference->home % partitions);
        cdr_json_object_end(json);
    }
    if (difference->has_expected)
        put_record(json, "expected", "position", run, type, &difference->expected);
    if (difference->has_found)
        put_record(json, "found", run->from_files ? "record" : "offset", run, type,
                   &difference->found);
    cdr_json_object_end(json);
}

static void put_topic(struct cdr_json *json, const struct cdr_verification *run, uint32_t type)
{
    const uint32_t partitions = run->settings->model.partitions;
    struct cdr_compare_counts sum = cdr_verification_total(run, type);
    cdr_json_object(json, run->topics.items[type].name);
    put_counts(json, &sum);
    cdr_json_array(json, "partitions");
    for (uint32_t partition = 0; partition < partitions; partition++) {
        const uint32_t log = type * partitions + partition;
        const struct cdr_compare_counts *counts = cdr_verify_counts(run->verify, log);
        if (counts == NULL)
            continue;
        struct cdr_source_extent extent = run->source->ops->extent(run->source, log);
        cdr_json_object_inline(json, NULL);
        cdr_json_u64(json, "partition", partition);
        if (!run->from_files) {
            cdr_json_i64(json, "base_offset", extent.base);
            cdr_json_i64(json, "first_offset", extent.first);
            cdr_json_i64(json, "end_offset", extent.end);
            cdr_json_bool(json, "open_transaction", extent.open);
        }
        put_counts(json, counts);
        if (counts->ends_early != UINT64_MAX)
            cdr_json_u64(json, "ends_early_at", counts->ends_early);
        cdr_json_object_end(json);
    }
    for (size_t i = 0; i < run->added_count; i++) {
        if (run->added[i].type != type)
            continue;
        const struct cdr_compare_counts counts = counts_of_added(&run->added[i]);
        cdr_json_object_inline(json, NULL);
        cdr_json_u64(json, "partition", run->added[i].partition);
        cdr_json_bool(json, "added", true);
        put_counts(json, &counts);
        cdr_json_object_end(json);
    }
    cdr_json_array_end(json);
    cdr_json_object_end(json);
}

static void put_results(struct cdr_json *json, const struct cdr_verification *run)
{
    struct cdr_compare_counts total = cdr_verification_total(run, run->topics.n);
    put_counts(json, &total);
    cdr_json_fixed(json, "wall_s", run->wall_s, 3);
    cdr_json_fixed(json, "records_per_s", run->wall_s > 0 ? (double)total.found / run->wall_s : 0,
                   0);
    cdr_json_u64(json, "peak_rss_bytes", cdr_peak_rss_bytes());
    cdr_json_object(json, "topics");
    for (uint32_t type = 0; type < run->topics.n; type++)
        put_topic(json, run, type);
    cdr_json_object_end(json);
    cdr_json_array(json, "differences");
    const struct cdr_difference *const *differences;
    size_t n = cdr_verify_shown(run->verify, &differences);
    for (size_t i = 0; i < n; i++)
        put_difference(json, run, differences[i]);
    cdr_json_array_end(json);
    cdr_put_dimensions(json, run);
}

void cdr_put_report(struct cdr_json *json, const void *context)
{
    const struct cdr_verification *run = context;
    cdr_json_object(json, NULL);
    cdr_json_text(json, "dataset_id", run->model != NULL ? run->model->dataset_id : NULL);
    cdr_json_text(json, "source", run->from_files ? run->settings->sink.out : "kafka");
    cdr_json_text(json, "format", run->settings->format);
    if (!run->from_files)
        cdr_json_text(json, "isolation", run->settings->isolation);
    cdr_json_text(json, "result", run->verdict.word);
    cdr_json_bool(json, "complete", run->complete);
    cdr_json_text(json, "reason", run->verdict.text[0] != '\0' ? run->verdict.text : NULL);
    if (run->verify != NULL)
        put_results(json, run);
    cdr_json_object_end(json);
}
