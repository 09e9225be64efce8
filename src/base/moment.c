#include "base/moment.h"

#include "base/parse.h"

#include <stdbool.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define AFTER_START_MAX_MS (36600 * DAY_MS)

static enum cdr_result no_moment(const char *text, struct cdr_error *error)
{
    char quoted[72];
    return cdr_fail(error, CDR_E_CONFIG,
                    "%s is not a time (2025-01-02T06:00:00Z, with an offset like +01:00, without "
                    "one on the local clock, or +6h after the start)",
                    cdr_quote(text, quoted));
}

/* Exactly two digits, at most max; NULL where they are not. */
static const char *take_two(const char *text, int64_t max, int64_t *value)
{
    for (int i = 0; i < 2; i++)
        if (text[i] < '0' || text[i] > '9')
            return NULL;
    *value = (text[0] - '0') * 10 + (text[1] - '0');
    return *value <= max ? text + 2 : NULL;
}

/* ".5", ".250": to the millisecond. */
static const char *take_fraction(const char *text, int64_t *ms)
{
    int64_t unit = 100;
    if (*text != '.')
        return text;
    text++;
    if (*text < '0' || *text > '9')
        return NULL;
    for (; *text >= '0' && *text <= '9' && unit > 0; text++, unit /= 10)
        *ms += (*text - '0') * unit;
    return text;
}

/* "06:00", "06:00:00", "06:00:00.250". */
static const char *take_clock(const char *text, int64_t *ms)
{
    int64_t hours = 0, minutes = 0, seconds = 0;
    text = take_two(text, 23, &hours);
    if (text == NULL || *text != ':' || (text = take_two(text + 1, 59, &minutes)) == NULL)
        return NULL;
    if (*text == ':' && (text = take_two(text + 1, 59, &seconds)) == NULL)
        return NULL;
    *ms = ((hours * 60 + minutes) * 60 + seconds) * 1000;
    return take_fraction(text, ms);
}

/* "Z", "+01:00", "-0330", "+02"; "" is none. */
static const char *take_offset(const char *text, bool *given, int64_t *ms)
{
    int64_t hours = 0, minutes = 0;
    const int sign = *text == '-' ? -1 : 1;
    *given = *text != '\0';
    if (*text == 'Z' || *text == 'z')
        return text + 1;
    if (*text != '+' && *text != '-')
        return text;
    text = take_two(text + 1, 18, &hours);
    if (text != NULL && *text == ':' && text[1] != '\0')
        text++;
    if (text != NULL && *text != '\0')
        text = take_two(text, 59, &minutes);
    *ms = sign * (hours * 60 + minutes) * 60000;
    return text;
}

static enum cdr_result parse_after_start(const char *text, struct cdr_moment *moment,
                                         struct cdr_error *error)
{
    int64_t ms = 0;
    if (cdr_parse_duration_ms(text + 1, 1000, &ms, NULL) != CDR_OK || ms > AFTER_START_MAX_MS)
        return no_moment(text, error);
    *moment = (struct cdr_moment){.kind = CDR_MOMENT_AFTER_START, .ms = ms};
    return CDR_OK;
}

enum cdr_result cdr_parse_moment(const char *text, struct cdr_moment *moment,
                                 struct cdr_error *error)
{
    char date[11] = "";
    int32_t day = 0;
    int64_t clock_ms = 0, offset_ms = 0;
    bool has_offset = false;
    if (*text == '+')
        return parse_after_start(text, moment, error);
    strncat(date, text, sizeof date - 1);
    if (strlen(date) < sizeof date - 1 || date[4] != '-' || date[7] != '-')
        return no_moment(text, error);
    enum cdr_result result = cdr_parse_date(date, &day, error);
    if (result != CDR_OK)
        return result;
    const char *rest = text + sizeof date - 1;
    if (*rest == 'T' || *rest == 't' || *rest == ' ') {
        rest = take_clock(rest + 1, &clock_ms);
        if (rest != NULL)
            rest = take_offset(rest, &has_offset, &offset_ms);
    }
    if (rest == NULL || *rest != '\0')
        return no_moment(text, error);
    *moment = (struct cdr_moment){
        .kind = has_offset ? CDR_MOMENT_UTC : CDR_MOMENT_LOCAL,
        .ms = day * DAY_MS + clock_ms - offset_ms,
    };
    return CDR_OK;
}
