#include "sink/kafka/groups.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 384 };
/* Versions of a line of progress. */
enum { UNMARKED = 2, MARKED = 3 };

const char cdr_kafka_no_form[] = "00000000000000000000000000000000";

void cdr_kafka_group_of(const char *prefix, const char *dataset_id, char group[CDR_KAFKA_GROUP_MAX])
{
    snprintf(group, CDR_KAFKA_GROUP_MAX, "%s%s", prefix, dataset_id);
}

/* librdkafka frees it with the list. */
static void set_metadata(rd_kafka_topic_partition_t *entry, const char *text)
{
    entry->metadata = strdup(text);
    entry->metadata_size = entry->metadata != NULL ? strlen(text) : 0;
}

void cdr_kafka_sign(rd_kafka_topic_partition_t *entry, const char *dataset_id, const char *form,
                    int64_t offset)
{
    char text[LINE_MAX_BYTES];
    snprintf(text, sizeof text, "%s%s%s", dataset_id, form != NULL ? " " : "",
             form != NULL ? form : "");
    entry->offset = offset;
    set_metadata(entry, text);
}

bool cdr_kafka_is_signed(const rd_kafka_topic_partition_t *entry, const char *dataset_id,
                         const char *form)
{
    char text[LINE_MAX_BYTES];
    const size_t id_len = strlen(dataset_id), size = entry->metadata_size;
    if (entry->err != RD_KAFKA_RESP_ERR_NO_ERROR || entry->offset < 0 || size < id_len ||
        memcmp(entry->metadata, dataset_id, id_len) != 0)
        return false;
    if (form == NULL)
        return size == id_len || ((const char *)entry->metadata)[id_len] == ' ';
    const size_t len = (size_t)snprintf(text, sizeof text, "%s %s", dataset_id, form);
    return size == len && memcmp(entry->metadata, text, len) == 0;
}

static int write_line(char line[LINE_MAX_BYTES], const char *dataset_id,
                      const struct cdr_kafka_progress *progress, int version)
{
    return snprintf(line, LINE_MAX_BYTES, "cdrgen-tx %d %s %" PRId64 " %" PRId64 " %s %s %s%s%s",
                    version, dataset_id, progress->begin, progress->after, progress->id,
                    progress->token, progress->form[0] != '\0' ? progress->form : cdr_kafka_no_form,
                    version == UNMARKED ? "" : " ",
                    version == UNMARKED         ? ""
                    : progress->mark[0] != '\0' ? progress->mark
                                                : cdr_kafka_no_form);
}

void cdr_kafka_progress_sign(rd_kafka_topic_partition_t *entry, const char *dataset_id,
                             const struct cdr_kafka_progress *progress)
{
    char line[LINE_MAX_BYTES];
    write_line(line, dataset_id, progress, MARKED);
    entry->offset = (int64_t)progress->position;
    set_metadata(entry, line);
}

static int write_word(char line[LINE_MAX_BYTES], const struct cdr_kafka_word *word, bool says)
{
    return says ? snprintf(line, LINE_MAX_BYTES, "%s %" PRIu64 " %s", word->dataset, word->up_to,
                           word->form)
                : snprintf(line, LINE_MAX_BYTES, "%s %s", word->dataset, word->form);
}

void cdr_kafka_word_sign(rd_kafka_topic_partition_t *entry, const struct cdr_kafka_word *word)
{
    char line[LINE_MAX_BYTES];
    write_word(line, word, strcmp(word->form, cdr_kafka_no_form) != 0);
    entry->offset = word->begin;
    set_metadata(entry, line);
}

bool cdr_kafka_word_read(const rd_kafka_topic_partition_t *entry, struct cdr_kafka_word *word)
{
    char line[LINE_MAX_BYTES], again[LINE_MAX_BYTES];
    if (entry->err != RD_KAFKA_RESP_ERR_NO_ERROR || entry->offset < 0 ||
        entry->metadata_size == 0 || entry->metadata_size >= sizeof line)
        return false;
    memcpy(line, entry->metadata, entry->metadata_size);
    line[entry->metadata_size] = '\0';
    *word = (struct cdr_kafka_word){.begin = entry->offset};
    const bool says = sscanf(line, "%32[0-9a-f] %" SCNu64 " %32[0-9a-f]", word->dataset,
                             &word->up_to, word->form) == 3;
    if (!says) {
        word->up_to = 0;
        if (sscanf(line, "%32[0-9a-f] %32[0-9a-f]", word->dataset, word->form) != 2)
            return false;
    }
    write_word(again, word, says);
    return strlen(word->dataset) == CDR_KAFKA_DATASET_MAX - 1 &&
           strlen(word->form) == CDR_FORM_SIZE - 1 && strcmp(line, again) == 0;
}

/* A line counts only if it is exactly the one that its values would be written as. */
bool cdr_kafka_progress_read(const rd_kafka_topic_partition_t *entry, const char *dataset_id,
                             struct cdr_kafka_progress *progress)
{
    char line[LINE_MAX_BYTES], again[LINE_MAX_BYTES], dataset[40], beginning[64];
    int version = 0;
    if (entry->err != RD_KAFKA_RESP_ERR_NO_ERROR || entry->offset < 0 ||
        entry->metadata_size == 0 || entry->metadata_size >= sizeof line)
        return false;
    memcpy(line, entry->metadata, entry->metadata_size);
    line[entry->metadata_size] = '\0';
    progress->mark[0] = '\0';
    const int n = sscanf(line, "cdrgen-tx %d %39s %" SCNd64 " %" SCNd64 " %95s %32s %32s %32s",
                         &version, dataset, &progress->begin, &progress->after, progress->id,
                         progress->token, progress->form, progress->mark);
    if (!(version == MARKED && n == 8) && !(version == UNMARKED && n == 7))
        return false;
    progress->position = (uint64_t)entry->offset;
    snprintf(beginning, sizeof beginning, "cdrgen-%s-", dataset_id);
    int length = write_line(again, dataset_id, progress, version);
    return progress->begin >= 0 && progress->after >= progress->begin &&
           strncmp(progress->id, beginning, strlen(beginning)) == 0 &&
           strlen(progress->token) == CDR_TOKEN_LEN &&
           strlen(progress->form) == CDR_FORM_SIZE - 1 &&
           (version == UNMARKED || strlen(progress->mark) == CDR_TOKEN_LEN) &&
           (size_t)length == entry->metadata_size && memcmp(line, again, (size_t)length) == 0;
}

void cdr_kafka_mark_read(const rd_kafka_topic_partition_t *entry, const char *dataset_id,
                         char mark[CDR_TOKEN_LEN + 1])
{
    const size_t before = strlen(dataset_id) + 1;
    mark[0] = '\0';
    if (!cdr_kafka_is_signed(entry, dataset_id, NULL) ||
        entry->metadata_size != before + CDR_TOKEN_LEN)
        return;
    memcpy(mark, (const char *)entry->metadata + before, CDR_TOKEN_LEN);
    mark[CDR_TOKEN_LEN] = '\0';
}

bool cdr_kafka_is_marked(const struct cdr_kafka_progress *progress, const char *mark)
{
    return mark[0] != '\0' && strcmp(progress->mark, mark) == 0;
}
