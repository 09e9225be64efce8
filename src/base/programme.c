#include "base/programme.h"

#include "base/parse.h"
#include "base/suggest.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 8, TEXT_MAX = 2048 };

static const double pi = 3.14159265358979323846;

/* What a stage's words are after its name. */
struct grammar {
    const char *name, *example;
    bool rate, range, period;
};

static const struct grammar grammars[] = {
    [CDR_STAGE_HOLD] = {"hold", "hold 50k 5m", .rate = true},
    [CDR_STAGE_BURST] = {"burst", "burst 200k 10s", .rate = true},
    [CDR_STAGE_PAUSE] = {.name = "pause", .example = "pause 30s"},
    [CDR_STAGE_RAMP] = {"ramp", "ramp 0..50k 2m", .range = true},
    [CDR_STAGE_SINE] = {"sine", "sine 20k..80k every 10m for 1h", .range = true, .period = true},
};
enum { KINDS = sizeof grammars / sizeof *grammars };

const char *cdr_stage_name(enum cdr_stage_kind kind)
{
    return grammars[kind].name;
}

/* --- the integral --- */

/* Records due t seconds after a stage's start. */
static double stage_due(const struct cdr_programme_stage *stage, double t)
{
    switch (stage->kind) {
    case CDR_STAGE_RAMP:
        return stage->from * t + (stage->to - stage->from) * t * t / (2 * stage->duration_s);
    case CDR_STAGE_SINE: {
        const double turn = 2 * pi / stage->period_s;
        return (stage->from + stage->to) / 2 * t -
               (stage->to - stage->from) / 2 * sin(turn * t) / turn;
    }
    default:
        return stage->from * t;
    }
}

/* The integral never falls, so halving finds any of them; 64 halvings of a day are under 1 ns. */
static double stage_time(const struct cdr_programme_stage *stage, double records)
{
    double low = 0, high = stage->duration_s;
    for (int i = 0; i < 64 && high - low > 1e-10; i++) {
        const double middle = (low + high) / 2;
        if (stage_due(stage, middle) >= records)
            high = middle;
        else
            low = middle;
    }
    return high;
}

static double stage_records(const struct cdr_programme_stage *stage)
{
    return stage_due(stage, stage->duration_s);
}

double cdr_programme_duration_s(const struct cdr_programme *program)
{
    const struct cdr_programme_stage *last = &program->stages[program->n - 1];
    return last->start_s + last->duration_s;
}

double cdr_programme_records(const struct cdr_programme *program)
{
    const struct cdr_programme_stage *last = &program->stages[program->n - 1];
    return last->start_records + stage_records(last);
}

size_t cdr_programme_stage_at(const struct cdr_programme *program, double t_s)
{
    size_t i = 0;
    while (i + 1 < program->n && t_s >= program->stages[i + 1].start_s)
        i++;
    return i;
}

double cdr_programme_due(const struct cdr_programme *program, double t_s)
{
    if (t_s <= 0)
        return 0;
    if (t_s >= cdr_programme_duration_s(program))
        return cdr_programme_records(program);
    const struct cdr_programme_stage *stage =
        &program->stages[cdr_programme_stage_at(program, t_s)];
    return stage->start_records + stage_due(stage, t_s - stage->start_s);
}

double cdr_programme_time_s(const struct cdr_programme *program, double records)
{
    for (size_t i = 0; i < program->n; i++) {
        const struct cdr_programme_stage *stage = &program->stages[i];
        const double of_stage = records - stage->start_records;
        if (of_stage <= 0)
            return stage->start_s;
        if (of_stage <= stage_records(stage))
            return stage->start_s + (stage->from == stage->to ? of_stage / stage->from
                                                              : stage_time(stage, of_stage));
    }
    return cdr_programme_duration_s(program);
}

/* --- reading --- */

static enum cdr_result bad(const char *stage, const char *why, struct cdr_error *error)
{
    char quoted[72];
    return cdr_fail(error, CDR_E_CONFIG, "%s %s", cdr_quote(stage, quoted), why);
}

/* Splits at spaces, in place; SIZE_MAX where there are too many. */
static size_t split(char *text, char *words[WORDS_MAX])
{
    size_t n = 0;
    char *rest = text;
    for (char *word; (word = strtok_r(rest, " \t\n", &rest)) != NULL;) {
        if (n == WORDS_MAX)
            return SIZE_MAX;
        words[n++] = word;
    }
    return n;
}

static bool read_seconds(const char *word, double *seconds)
{
    int64_t ms;
    if (cdr_parse_duration_ms(word, 1000, &ms, NULL) != CDR_OK || ms <= 0)
        return false;
    *seconds = (double)ms / 1000;
    return true;
}

/* "0..50k", in place. */
static bool read_range(char *word, double *from, double *to)
{
    char *dots = strstr(word, "..");
    if (dots == NULL)
        return false;
    *dots = '\0';
    return cdr_parse_rate(word, from, NULL) == CDR_OK &&
           cdr_parse_rate(dots + 2, to, NULL) == CDR_OK;
}

static bool read_words(const struct grammar *grammar, char **word, size_t n,
                       struct cdr_programme_stage *stage)
{
    size_t at = 0;
    if (grammar->range && (at == n || !read_range(word[at++], &stage->from, &stage->to)))
        return false;
    if (grammar->rate) {
        if (at == n || cdr_parse_rate(word[at++], &stage->from, NULL) != CDR_OK)
            return false;
        stage->to = stage->from;
    }
    if (grammar->period) {
        if (at + 1 >= n || strcmp(word[at], "every") != 0 ||
            !read_seconds(word[at + 1], &stage->period_s))
            return false;
        at += 2;
    }
    if (at < n && strcmp(word[at], "for") == 0)
        at++;
    return at + 1 == n && read_seconds(word[at], &stage->duration_s);
}

static enum cdr_result unknown_kind(const char *stage, const char *name, struct cdr_error *error)
{
    struct cdr_suggestion near = {.given = name};
    for (size_t i = 0; i < KINDS; i++)
        cdr_suggest(&near, grammars[i].name);
    char quoted[72];
    return cdr_fail(error, CDR_E_CONFIG,
                    "%s is no stage%s%s%s; one is hold, burst, pause, ramp or sine",
                    cdr_quote(stage, quoted), near.best != NULL ? "; did you mean " : "",
                    near.best != NULL ? near.best : "", near.best != NULL ? "?" : "");
}

static enum cdr_result parse_stage(const char *text, struct cdr_programme_stage *stage,
                                   struct cdr_error *error)
{
    char copy[TEXT_MAX], *words[WORDS_MAX];
    snprintf(copy, sizeof copy, "%s", text);
    const size_t n = split(copy, words);
    size_t kind = 0;
    if (n == 0)
        return bad(text, "is an empty stage; leave the ';' out", error);
    while (kind < KINDS && strcmp(words[0], grammars[kind].name) != 0)
        kind++;
    if (kind == KINDS)
        return unknown_kind(text, words[0], error);
    *stage = (struct cdr_programme_stage){.kind = (enum cdr_stage_kind)kind};
    if (n == SIZE_MAX || !read_words(&grammars[kind], words + 1, n - 1, stage)) {
        char quoted[72];
        return cdr_fail(error, CDR_E_CONFIG, "%s is not read; an example is '%s'",
                        cdr_quote(text, quoted), grammars[kind].example);
    }
    if (stage->from > 1e9 || stage->to > 1e9)
        return bad(text, "has a rate above 1G a second", error);
    if (kind == CDR_STAGE_SINE && stage->from > stage->to)
        return bad(text, "begins with the lower rate of the two", error);
    return CDR_OK;
}

static enum cdr_result add_stage(struct cdr_programme *program, const char *text,
                                 struct cdr_error *error)
{
    if (program->n == CDR_PROGRAMME_STAGES_MAX)
        return bad(text, "is one stage too many; there are at most 64", error);
    struct cdr_programme_stage *stage = &program->stages[program->n];
    enum cdr_result result = parse_stage(text, stage, error);
    if (result != CDR_OK)
        return result;
    if (program->n > 0) {
        stage->start_s = cdr_programme_duration_s(program);
        stage->start_records = cdr_programme_records(program);
    }
    program->n++;
    return CDR_OK;
}

enum cdr_result cdr_programme_parse(const char *text, struct cdr_programme *program,
                                    struct cdr_error *error)
{
    char copy[TEXT_MAX];
    if (strlen(text) >= sizeof copy)
        return bad(text, "is too long; a programme has at most 2,047 characters", error);
    snprintf(copy, sizeof copy, "%s", text);
    struct cdr_programme read = {.n = 0};
    for (char *stage = copy; stage != NULL;) {
        char *end = strchr(stage, ';');
        if (end != NULL)
            *end++ = '\0';
        /* A ';' after the last stage is no stage. */
        if (end != NULL || read.n == 0 || stage[strspn(stage, " \t\n")] != '\0') {
            enum cdr_result result = add_stage(&read, stage, error);
            if (result != CDR_OK)
                return result;
        }
        stage = end;
    }
    if (cdr_programme_records(&read) < 1)
        return bad(text, "has no record in it", error);
    *program = read;
    return CDR_OK;
}
