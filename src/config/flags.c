#include "config/flags.h"

#include "base/parse.h"
#include "base/suggest.h"

#include <ctype.h>
#include <string.h>

struct visit {
    int argc;
    char **argv;
    int at; /* the next argument */
    enum cdr_command command;
    cdr_flag_visitor visit;
    void *context;
};

static enum cdr_result unknown_flag(const struct visit *v, const char *flag, size_t len,
                                    struct cdr_error *error)
{
    char given[64];
    snprintf(given, sizeof given, "%.*s", (int)len, flag);
    const char *plain = strncmp(given, "no-", 3) == 0 ? given + 3 : given;
    struct cdr_suggestion near = {.given = plain};
    struct cdr_suggestion key = {.given = plain};
    const char *of_key = NULL;
    for (size_t i = 0; i < cdr_option_count; i++) {
        const struct cdr_option *option = &cdr_options[i];
        if (option->flag == NULL || !cdr_command_takes(v->command, option))
            continue;
        cdr_suggest(&near, option->flag);
        if (option->flag_also != NULL)
            cdr_suggest(&near, option->flag_also);
        const char *before = key.best;
        if (option->key != NULL)
            cdr_suggest(&key, option->key);
        if (option->also != NULL)
            cdr_suggest(&key, option->also);
        if (key.best != before)
            of_key = option->flag;
    }
    /* --subscribers and --avg-calls-per-user are keys: their flags are meant. */
    if (key.best != NULL && (near.best == NULL || key.distance < near.distance))
        near.best = of_key;
    const char *meant = cdr_option_meant(plain);
    const struct cdr_option *option = meant != NULL ? cdr_option_by_key(meant) : NULL;
    if (option != NULL && option->flag != NULL && cdr_command_takes(v->command, option))
        near.best = option->flag;
    if (strcmp(given, "verbose") == 0)
        return cdr_fail(error, CDR_E_CONFIG,
                        "--verbose is not a flag: cdrgen prints all messages unless --quiet is "
                        "given; -X debug=all prints librdkafka's log");
    if (near.best != NULL)
        return cdr_fail(error, CDR_E_CONFIG, "--%s is not a flag; did you mean --%s?", given,
                        near.best);
    return cdr_fail(error, CDR_E_CONFIG, "--%s is not a flag; 'cdrgen help %s' lists them", given,
                    cdr_commands[v->command].name);
}

static bool takes_value(const struct cdr_option *option)
{
    return option->type != CDR_OPTION_BOOLEAN && option->type != CDR_OPTION_HELP &&
           option->type != CDR_OPTION_VERSION;
}

static enum cdr_result check_taker(const struct visit *v, const struct cdr_option *option,
                                   const char *where, struct cdr_error *error)
{
    if (cdr_command_takes(v->command, option))
        return CDR_OK;
    /* One letter makes it another command's. */
    struct cdr_suggestion near = {.given = option->flag};
    for (size_t i = 0; i < cdr_option_count; i++)
        if (cdr_options[i].flag != NULL && !cdr_options[i].unlisted &&
            cdr_command_takes(v->command, &cdr_options[i]))
            cdr_suggest(&near, cdr_options[i].flag);
    if (near.best != NULL && near.distance <= 1)
        return cdr_fail(error, CDR_E_CONFIG, "%s is not a flag of %s; did you mean --%s?", where,
                        cdr_commands[v->command].name, near.best);
    return cdr_fail(error, CDR_E_CONFIG,
                    "%s is not a flag of %s; 'cdrgen help %s' lists those that are", where,
                    cdr_commands[v->command].name, cdr_commands[v->command].name);
}

/* The argument after a flag. A dash and something may be a value (-7d, -1, -), two dashes are a
 * flag. */
static enum cdr_result next_value(struct visit *v, const struct cdr_option *option,
                                  const char *where, const char **value, struct cdr_error *error)
{
    char allowed[256];
    if (v->at < v->argc && strncmp(v->argv[v->at], "--", 2) != 0) {
        *value = v->argv[v->at++];
        return CDR_OK;
    }
    cdr_option_allowed(option, allowed, sizeof allowed);
    return cdr_fail(error, CDR_E_CONFIG, "%s: a value is missing; write %s %s%s%s", where, where,
                    option->value, allowed[0] != '\0' ? "; allowed is " : "", allowed);
}

static enum cdr_result long_flag(struct visit *v, const char *argument, struct cdr_error *error)
{
    char where[80];
    bool negated = false;
    size_t len = strcspn(argument + 2, "=");
    const char *value = argument[2 + len] == '=' ? argument + 2 + len + 1 : NULL;
    const struct cdr_option *option = cdr_option_by_flag(argument + 2, len, &negated);
    enum cdr_result result = CDR_OK;
    if (option == NULL)
        return unknown_flag(v, argument + 2, len, error);
    snprintf(where, sizeof where, "--%.*s", (int)len, argument + 2);
    result = check_taker(v, option, where, error);
    if (result != CDR_OK)
        return result;
    if (takes_value(option)) {
        if (value == NULL)
            result = next_value(v, option, where, &value, error);
    } else if (value != NULL && (negated || option->type != CDR_OPTION_BOOLEAN)) {
        result = cdr_fail(error, CDR_E_CONFIG, "%s takes no value", where);
    } else if (value == NULL) {
        value = negated ? "false" : "true";
    }
    return result == CDR_OK ? v->visit(v->context, option, where, value, error) : result;
}

/* Another case of the letter, or what other programs have it for. */
static enum cdr_result unknown_letter(const struct visit *v, char letter, struct cdr_error *error)
{
    static const char *const words[] = {"ndry-run",    "ncount",   "oout",  "ssubs",
                                        "ppartitions", "jworkers", "rrate", "ddays"};
    const char other = (char)(islower((unsigned char)letter) ? toupper((unsigned char)letter)
                                                             : tolower((unsigned char)letter));
    const struct cdr_option *option = cdr_option_by_letter(other);
    bool negated;
    if (option != NULL && cdr_command_takes(v->command, option))
        return cdr_fail(error, CDR_E_CONFIG, "-%c is not a flag; did you mean -%c%s%s?", letter,
                        other, option->flag != NULL ? ", --" : "",
                        option->flag != NULL ? option->flag : "");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        option = cdr_option_by_flag(words[i] + 1, strlen(words[i] + 1), &negated);
        if (words[i][0] == letter && cdr_command_takes(v->command, option))
            return cdr_fail(error, CDR_E_CONFIG, "-%c is not a flag; did you mean --%s?", letter,
                            words[i] + 1);
    }
    return cdr_fail(error, CDR_E_CONFIG, "-%c is not a flag; 'cdrgen help %s' lists them", letter,
                    cdr_commands[v->command].name);
}

/* -q, -b value, -bvalue, -qb value. */
static enum cdr_result short_flags(struct visit *v, const char *argument, struct cdr_error *error)
{
    for (const char *letter = argument + 1; *letter != '\0'; letter++) {
        const char where[3] = {'-', *letter, '\0'};
        const char *value = "true";
        const struct cdr_option *option = cdr_option_by_letter(*letter);
        if (option == NULL)
            return unknown_letter(v, *letter, error);
        enum cdr_result result = check_taker(v, option, where, error);
        bool rest = takes_value(option);
        if (result == CDR_OK && rest && letter[1] != '\0')
            value = letter + 1;
        else if (result == CDR_OK && rest)
            result = next_value(v, option, where, &value, error);
        if (result == CDR_OK)
            result = v->visit(v->context, option, where, value, error);
        if (result != CDR_OK || rest)
            return result;
    }
    return CDR_OK;
}

enum cdr_result cdr_flags_visit(int argc, char **argv, int first, enum cdr_command command,
                                cdr_flag_visitor visit, void *context, struct cdr_error *error)
{
    struct visit v = {argc, argv, first, command, visit, context};
    enum cdr_result result = CDR_OK;
    bool flags_end = false;
    while (result == CDR_OK && v.at < argc) {
        const char *argument = argv[v.at++];
        if (!flags_end && strcmp(argument, "--") == 0)
            flags_end = true;
        else if (!flags_end && strncmp(argument, "--", 2) == 0)
            result = long_flag(&v, argument, error);
        else if (!flags_end && argument[0] == '-' && argument[1] != '\0')
            result = short_flags(&v, argument, error);
        else
            result = visit(context, NULL, argument, argument, error);
    }
    return result == CDR_E_AGAIN ? CDR_OK : result;
}
