/* Parsers for what people type: numbers, sizes, rates, durations, dates, places, lists.
 *
 * Every parser takes the whole of text (no space around, nothing after) or fails with CDR_E_CONFIG;
 * then *value is untouched and the error's text is a clause that quotes the text and says what is
 * wrong with it ("12x" is not a whole number). The caller that knows the flag, key or file puts
 * that in front, and the allowed range after it. All are checked for overflow, pure, and safe in
 * any thread; none allocates. Decimal points are points: the program never calls setlocale.
 *
 * Suffixes. k, M, G, T are powers of 1000, for counts, rates and sizes alike: 64k = 64,000 as in
 * Kafka's and in networks' figures. Ki, Mi, Gi, Ti are powers of 1024, for sizes: 64Ki = 65,536. A
 * fraction is fine where the result is whole: 1.5M = 1,500,000.
 */
#ifndef CDR_BASE_PARSE_H
#define CDR_BASE_PARSE_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits, for i64 with a sign if wanted: "42", "-7". */
enum cdr_result cdr_parse_i64(const char *text, int64_t *value, struct cdr_error *error);
enum cdr_result cdr_parse_u64(const char *text, uint64_t *value, struct cdr_error *error);

/* A count with a suffix if wanted: "10000", "10k", "1.5M". */
enum cdr_result cdr_parse_count(const char *text, uint64_t *value, struct cdr_error *error);

/* A finite decimal number: "0.15", "-3", "1e-3"; neither hexadecimal nor nan nor inf. */
enum cdr_result cdr_parse_decimal(const char *text, double *value, struct cdr_error *error);

/* A share: "5%", "0.05". */
enum cdr_result cdr_parse_share(const char *text, double *share, struct cdr_error *error);

/* Bytes: "100000000", "64k", "1.5M", "64Ki", each may have a B at its end. */
enum cdr_result cdr_parse_size(const char *text, uint64_t *bytes, struct cdr_error *error);

/* A rate, at least 0: "20000", "20k/s", "1.5M/s", "0.5/s". */
enum cdr_result cdr_parse_rate(const char *text, double *per_s, struct cdr_error *error);

/* A duration of whole milliseconds, at least 0: "500ms", "90s", "1.5h", "30m" (or min), "7d", "2w".
 * A number without a unit counts in units of plain_ms milliseconds. */
enum cdr_result cdr_parse_duration_ms(const char *text, int64_t plain_ms, int64_t *ms,
                                      struct cdr_error *error);

/* A date of the Gregorian calendar, YYYY-MM-DD, 1900 … 2199, as days since 1970-01-01. The error
 * tells a text that is no date from a day that does not exist ("February 2025 has 28 days"). */
enum cdr_result cdr_parse_date(const char *text, int32_t *day, struct cdr_error *error);

/* "52.37,4.895": degrees, latitude −90 … 90, longitude −180 … 180. */
enum cdr_result cdr_parse_place(const char *text, double *lat, double *lon,
                                struct cdr_error *error);

/* "true", "yes", "on", "1" and their opposites. */
enum cdr_result cdr_parse_boolean(const char *text, bool *value, struct cdr_error *error);

/* Steps through a comma-separated list: the next item, without spaces around it, not terminated.
 * Returns where to go on, NULL after the last item. An empty list is one empty item. for (const
 * char *rest = text; rest != NULL;) { rest = cdr_next_item(rest, &item, &item_len);
 */
const char *cdr_next_item(const char *list, const char **item, size_t *item_len);

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back; month 1 … 12,
 * day of month 1 … 31, years −5,000,000 … 5,000,000. */
int32_t cdr_days_from_civil(int32_t year, uint32_t month, uint32_t day_of_month);
void cdr_civil_from_days(int32_t day, int32_t *year, uint32_t *month, uint32_t *day_of_month);
/* Days of a month: 28 … 31. */
uint32_t cdr_days_of_month(int32_t year, uint32_t month);

/* Text between quotation marks for messages: at most 60 bytes of it, which cdr_fail escapes.
 * Returns buffer. */
const char *cdr_quote(const char *text, char buffer[72]);

#endif
