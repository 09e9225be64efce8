#include "model/zone.h"

#include "base/files.h"
#include "base/suggest.h"
#include "model/calendar.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_FOLDER "/usr/share/zoneinfo"
#define DAY_S INT64_C(86400)
/* The database's largest file has 8 KB. */
#define FILE_BYTES_MAX (1u << 20)
#define HEADER_BYTES 44u
#define TYPE_BYTES 6u
/* Of RFC 8536. */
#define OFFSET_MIN_S (-89999)
#define OFFSET_MAX_S 93599
#define RULE_HOURS_MAX 167u

/* --- the file's binary part --- */

struct reader {
    const uint8_t *at, *end;
};

/* NULL where there are not as many bytes. */
static const uint8_t *take(struct reader *reader, uint64_t n)
{
    const uint8_t *start = reader->at;
    if (n > (uint64_t)(reader->end - start))
        return NULL;
    reader->at += n;
    return start;
}

static uint32_t be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t be_time(const uint8_t *bytes, unsigned size)
{
    if (size == 4)
        return (int32_t)be32(bytes);
    return (int64_t)((uint64_t)be32(bytes) << 32 | be32(bytes + 4));
}

struct header {
    char version;
    uint32_t isut, isstd, leap, time, type, chars;
};

/* Why it is not one, or NULL. */
static const char *take_header(struct reader *reader, struct header *header)
{
    const uint8_t *bytes = take(reader, HEADER_BYTES);
    if (bytes == NULL || memcmp(bytes, "TZif", 4) != 0)
        return "a header is missing";
    header->version = (char)bytes[4];
    header->isut = be32(bytes + 20);
    header->isstd = be32(bytes + 24);
    header->leap = be32(bytes + 28);
    header->time = be32(bytes + 32);
    header->type = be32(bytes + 36);
    header->chars = be32(bytes + 40);
    if (header->version != '\0' && (header->version < '2' || header->version > '9'))
        return "its version is unknown";
    if (header->type == 0 || header->type > 256 || header->chars == 0 ||
        (header->isut != 0 && header->isut != header->type) ||
        (header->isstd != 0 && header->isstd != header->type))
        return "the counts in a header are wrong";
    return NULL;
}

static bool skip_block(struct reader *reader, const struct header *header, unsigned time_size)
{
    uint64_t n = (uint64_t)header->time * (time_size + 1) + (uint64_t)header->type * TYPE_BYTES +
                 header->chars + (uint64_t)header->leap * (time_size + 4) + header->isstd +
                 header->isut;
    return take(reader, n) != NULL;
}

static const char *take_types(const struct header *header, const uint8_t *types,
                              int32_t offsets[256])
{
    for (uint32_t i = 0; i < header->type; i++) {
        const uint8_t *type = types + (size_t)i * TYPE_BYTES;
        offsets[i] = (int32_t)be32(type);
        if (offsets[i] < OFFSET_MIN_S || offsets[i] > OFFSET_MAX_S)
            return "an offset from UTC is out of range";
        if (type[4] > 1 || type[5] >= header->chars)
            return "a type of local time is wrong";
    }
    return NULL;
}

/* The block that follows its header. */
static const char *take_block(struct cdr_zone *zone, struct reader *reader,
                              const struct header *header, unsigned time_size)
{
    const struct reader before = *reader;
    int32_t offsets[256];
    if (!skip_block(reader, header, time_size))
        return "it is shorter than its header says";
    const uint8_t *times = before.at, *indexes = times + (size_t)header->time * time_size,
                  *types = indexes + header->time;
    const char *why = take_types(header, types, offsets);
    if (why != NULL)
        return why;
    zone->first_offset_s = offsets[0];
    if (header->time == 0)
        return NULL;
    zone->transitions = malloc(header->time * sizeof *zone->transitions);
    if (zone->transitions == NULL)
        return "there is no memory for it";
    for (uint32_t i = 0; i < header->time; i++) {
        int64_t utc_s = be_time(times + (size_t)i * time_size, time_size);
        if (indexes[i] >= header->type)
            return "a transition has a type that there is not";
        if (i > 0 && utc_s <= zone->transitions[i - 1].utc_s)
            return "its transitions are not in order";
        zone->transitions[i] =
            (struct cdr_transition){.utc_s = utc_s, .offset_s = offsets[indexes[i]]};
    }
    zone->transition_count = header->time;
    return NULL;
}

/* --- the footer: a rule as in POSIX's TZ --- */

static bool take_char(struct reader *text, char wanted)
{
    if (text->at == text->end || *text->at != (uint8_t)wanted)
        return false;
    text->at++;
    return true;
}

static bool take_number(struct reader *text, uint32_t max, uint32_t *value)
{
    const uint8_t *start = text->at;
    *value = 0;
    while (text->at < text->end && *text->at >= '0' && *text->at <= '9' && text->at - start < 4)
        *value = *value * 10 + (uint32_t)(*text->at++ - '0');
    return text->at > start && *value <= max;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct reader *text, uint32_t hours_max, int32_t *time_s)
{
    uint32_t hours = 0, minutes = 0, seconds = 0;
    bool negative = take_char(text, '-');
    if (!negative)
        (void)take_char(text, '+');
    if (!take_number(text, hours_max, &hours) ||
        (take_char(text, ':') && (!take_number(text, 59, &minutes) ||
                                  (take_char(text, ':') && !take_number(text, 59, &seconds)))))
        return false;
    int32_t value = (int32_t)(hours * 3600 + minutes * 60 + seconds);
    *time_s = negative ? -value : value;
    return true;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* An abbreviation: letters, or letters, digits and signs in <>. */
static bool take_name(struct reader *text)
{
    const uint8_t *start = text->at;
    if (take_char(text, '<')) {
        while (text->at < text->end && *text->at != '>')
            text->at++;
        return take_char(text, '>') && text->at - start >= 5;
    }
    while (text->at < text->end && is_letter(*text->at))
        text->at++;
    return text->at - start >= 3;
}

static bool take_change(struct reader *text, struct cdr_zone_change *change)
{
    bool good;
    change->time_s = 2 * 3600;
    if (take_char(text, 'M')) {
        change->kind = CDR_ZONE_MONTH_WEEK;
        good = take_number(text, 12, &change->month) && change->month >= 1 &&
               take_char(text, '.') && take_number(text, 5, &change->week) && change->week >= 1 &&
               take_char(text, '.') && take_number(text, 6, &change->weekday);
    } else if (take_char(text, 'J')) {
        change->kind = CDR_ZONE_JULIAN;
        good = take_number(text, 365, &change->day) && change->day >= 1;
    } else {
        change->kind = CDR_ZONE_ORDINAL;
        good = take_number(text, 365, &change->day);
    }
    return good && (!take_char(text, '/') || take_time(text, RULE_HOURS_MAX, &change->time_s));
}

/* Offsets are the other way round there: west is positive. */
static bool take_rule(struct cdr_zone *zone, struct reader *text)
{
    int32_t west_s = 0;
    zone->has_rule = true;
    if (!take_name(text) || !take_time(text, 24, &west_s))
        return false;
    zone->standard_s = -west_s;
    if (text->at == text->end)
        return true;
    zone->has_daylight = true;
    zone->daylight_s = zone->standard_s + 3600;
    if (!take_name(text))
        return false;
    if (text->at < text->end && *text->at != ',') {
        if (!take_time(text, 24, &west_s))
            return false;
        zone->daylight_s = -west_s;
    }
    return take_char(text, ',') && take_change(text, &zone->start) && take_char(text, ',') &&
           take_change(text, &zone->end) && text->at == text->end;
}

static const char *take_footer(struct cdr_zone *zone, struct reader *reader)
{
    static const char wrong[] = "the rule in its footer is missing or wrong";
    if (!take_char(reader, '\n'))
        return wrong;
    const uint8_t *end = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    if (end == NULL)
        return wrong;
    struct reader text = {reader->at, end};
    return text.at == end || take_rule(zone, &text) ? NULL : wrong;
}

/* --- the whole --- */

static const char *parse(struct cdr_zone *zone, struct reader *reader)
{
    struct header header;
    const char *why = take_header(reader, &header);
    if (why != NULL)
        return why;
    if (header.version == '\0')
        return take_block(zone, reader, &header, 4);
    if (!skip_block(reader, &header, 4))
        return "it is shorter than its header says";
    why = take_header(reader, &header);
    if (why == NULL)
        why = take_block(zone, reader, &header, 8);
    return why == NULL ? take_footer(zone, reader) : why;
}

enum cdr_result cdr_zone_parse(struct cdr_zone *zone, const uint8_t *bytes, size_t n,
                               const char *path, struct cdr_error *error)
{
    struct reader reader = {bytes, bytes + n};
    *zone = (struct cdr_zone){0};
    const char *why = parse(zone, &reader);
    if (why == NULL)
        return CDR_OK;
    cdr_zone_free(zone);
    return cdr_fail(error, CDR_E_CONFIG, "tz: %.500s cannot be used: %s", path, why);
}

/* The nearest name of the database's index, "" where none is near: "Z NAME …", "L TARGET NAME". */
static void nearest_zone(const char *tz_name, const char *folder, char best[64])
{
    char path[PATH_MAX], line[512], name[64];
    struct cdr_suggestion near = {.given = tz_name};
    best[0] = '\0';
    snprintf(path, sizeof path, "%s/tzdata.zi", folder);
    FILE *file = NULL;
    (void)cdr_stream_regular(&file, path, CDR_E_CONFIG, NULL);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *before = near.best;
        size_t distance = near.distance;
        if (sscanf(line, "Z %63s", name) != 1 && sscanf(line, "L %*s %63s", name) != 1)
            continue;
        cdr_suggest(&near, name);
        if (near.best == before && near.distance == distance)
            continue;
        snprintf(best, 64, "%s", name);
        near.best = best;
    }
    if (file != NULL)
        fclose(file);
}

static enum cdr_result no_such_zone(const char *tz_name, const char *folder,
                                    struct cdr_error *error)
{
    char near[64];
    nearest_zone(tz_name, folder, near);
    if (near[0] != '\0')
        return cdr_fail(error, CDR_E_CONFIG,
                        "tz: \"%s\" is no time zone that %s knows; did you mean %s?", tz_name,
                        folder, near);
    return cdr_fail(error, CDR_E_CONFIG,
                    "tz: \"%s\" is no time zone that %s knows; give an IANA name such as "
                    "Europe/Amsterdam or UTC",
                    tz_name, folder);
}

static enum cdr_result read_zone(struct cdr_zone *zone, int fd, const char *path,
                                 struct cdr_error *error)
{
    uint8_t *bytes = malloc(FILE_BYTES_MAX);
    size_t n = 0;
    ssize_t got = 1;
    if (bytes == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "tz: no memory to read %.500s", path);
    while (got != 0 && n < FILE_BYTES_MAX) {
        got = read(fd, bytes + n, FILE_BYTES_MAX - n);
        if (got < 0 && errno != EINTR)
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    enum cdr_result result =
        got != 0 ? cdr_fail(error, CDR_E_CONFIG, "tz: cannot read %.500s: %s", path,
                            got < 0 ? strerror(errno) : "it is too long for a time zone")
                 : cdr_zone_parse(zone, bytes, n, path, error);
    free(bytes);
    return result;
}

enum cdr_result cdr_zone_load(struct cdr_zone *zone, const char *tz_name, struct cdr_error *error)
{
    const char *folder = getenv("TZDIR");
    char path[PATH_MAX];
    struct cdr_error why = {{0}};
    int fd = -1;
    *zone = (struct cdr_zone){0};
    if (strcmp(tz_name, "UTC") == 0)
        return CDR_OK;
    if (folder == NULL || folder[0] == '\0')
        folder = DEFAULT_FOLDER;
    int length = snprintf(path, sizeof path, "%s/%s", folder, tz_name);
    if (tz_name[0] == '\0' || tz_name[0] == '/' || strstr(tz_name, "..") != NULL ||
        length >= (int)sizeof path)
        return no_such_zone(tz_name, folder, error);
    enum cdr_result result = cdr_open_regular(&fd, path, CDR_E_CONFIG, &why);
    struct stat status;
    if (result == CDR_E_AGAIN ||
        (result != CDR_OK && stat(path, &status) == 0 && S_ISDIR(status.st_mode)))
        return no_such_zone(tz_name, folder, error);
    if (result != CDR_OK)
        return cdr_fail(error, CDR_E_CONFIG, "tz: %.900s", why.text);
    result = read_zone(zone, fd, path, error);
    close(fd);
    return result;
}

void cdr_zone_free(struct cdr_zone *zone)
{
    free(zone->transitions);
    *zone = (struct cdr_zone){0};
}

/* --- asking --- */

/* The local time, as if since 1970, at which the clock changes in a year. */
static int64_t change_s(const struct cdr_zone_change *change, int32_t year)
{
    const int32_t first = cdr_day_of_date(year, 1, 1);
    int32_t day = first;
    if (change->kind == CDR_ZONE_MONTH_WEEK) {
        day = cdr_day_of_date(year, change->month, 1);
        day += (int32_t)((change->weekday + 7 - cdr_date_of_day(day).weekday) % 7);
        for (uint32_t week = 1;
             week < change->week && cdr_date_of_day(day + 7).month == change->month; week++)
            day += 7;
    } else if (change->kind == CDR_ZONE_JULIAN) {
        const bool leap = cdr_day_of_date(year, 3, 1) - first == 60;
        day = first + (int32_t)change->day - 1 + (leap && change->day >= 60);
    } else {
        day = first + (int32_t)change->day;
    }
    return day * DAY_S + change->time_s;
}

/* The latest change up to then decides; where two fall together, daylight saving time goes on. */
static int32_t rule_offset_at(const struct cdr_zone *zone, int64_t utc_s)
{
    if (!zone->has_daylight)
        return zone->standard_s;
    const int32_t year = cdr_date_of_day((int32_t)((utc_s + zone->standard_s) / DAY_S)).year;
    int64_t latest_s = INT64_MIN;
    int32_t offset_s = zone->standard_s;
    for (int32_t y = year - 1; y <= year + 1; y++) {
        const int64_t start_s = change_s(&zone->start, y) - zone->standard_s,
                      end_s = change_s(&zone->end, y) - zone->daylight_s;
        if (end_s <= utc_s && end_s > latest_s) {
            latest_s = end_s;
            offset_s = zone->standard_s;
        }
        if (start_s <= utc_s && start_s >= latest_s) {
            latest_s = start_s;
            offset_s = zone->daylight_s;
        }
    }
    return offset_s;
}

int32_t cdr_zone_offset_at(const struct cdr_zone *zone, int64_t utc_s)
{
    size_t low = 0, high = zone->transition_count; /* the first transition after utc_s */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->transitions[middle].utc_s <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->transition_count && zone->has_rule)
        return rule_offset_at(zone, utc_s);
    return low == 0 ? zone->first_offset_s : zone->transitions[low - 1].offset_s;
}
