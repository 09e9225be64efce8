/* Help and reference page, from the option table. */
#include "config/flags.h"
#include "config/option.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS 80
#define FLAG_COLUMN 32 /* where the help's texts begin */

static bool listed(const struct cdr_option *option, enum cdr_command about)
{
    return !option->unlisted && cdr_command_takes(about, option) &&
           (option->flag != NULL || option->letter != '\0');
}

/* "-b, --brokers HOST:PORT,..." */
static void flag_text(const struct cdr_option *option, char *text, size_t text_max)
{
    char letter[8] = "    ";
    if (option->letter != '\0')
        snprintf(letter, sizeof letter, "-%c%s", option->letter, option->flag != NULL ? ", " : "");
    snprintf(text, text_max, "%s%s%s%s%s", letter, option->flag != NULL ? "--" : "",
             option->flag != NULL ? option->flag : "", option->value != NULL ? " " : "",
             option->value != NULL ? option->value : "");
}

/* A default where it is worth the room, as a flag would have it: without quotes, brackets and
 * braces, with '=' for ':' in tables; else "". */
static void default_text(const struct cdr_option *option, const struct cdr_settings *defaults,
                         char text[160])
{
    char *out = text;
    if (!cdr_option_text(option, defaults, text, 160) || strcmp(text, "false") == 0)
        text[0] = '\0';
    const bool table = text[0] == '{', list = table || text[0] == '[';
    for (const char *in = text; *in != '\0'; in++)
        if (*in != '"' && !(list && strchr("[]{} ", *in) != NULL))
            *out++ = (char)(table && *in == ':' ? '=' : *in);
    *out = '\0';
}

/* Words from column on, on as many lines as it takes; at is the column where the line stands. */
static void put_wrapped(FILE *out, size_t at, size_t column, const char *text)
{
    while (*text != '\0') {
        size_t word = strcspn(text, " "), cut = COLUMNS - column;
        /* A list that is too long for a line goes on after a comma. */
        while (word > COLUMNS - column && cut > 1 && text[cut - 1] != ',')
            cut--;
        word = word > COLUMNS - column && cut > 1 ? cut : word;
        if (at + 1 + word > COLUMNS && at > column) {
            fputc('\n', out);
            at = 0;
        }
        if (at < column)
            fprintf(out, "%*s", (int)(column - at), "");
        else if (at > column)
            fputc(' ', out);
        at = (at < column ? column : at + (at > column)) + word;
        fprintf(out, "%.*s", (int)word, text);
        text += word + (text[word] == ' ');
    }
    fputc('\n', out);
}

static void put_option(FILE *out, const struct cdr_option *option,
                       const struct cdr_settings *defaults)
{
    char flag[80], initial[160], text[600], names[128] = "";
    flag_text(option, flag, sizeof flag);
    default_text(option, defaults, initial);
    if (option->type == CDR_OPTION_CHOICE)
        cdr_option_allowed(option, names, sizeof names);
    bool shows = initial[0] != '\0';
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", option->help, names[0] != '\0' ? " (" : "", names,
             names[0] != '\0' ? ")" : "", shows ? " [" : "", shows ? initial : "",
             shows ? "]" : "");
    fprintf(out, "  %s", flag);
    size_t at = 2 + strlen(flag);
    if (at + 2 > FLAG_COLUMN) {
        fputc('\n', out);
        at = 0;
    }
    put_wrapped(out, at, FLAG_COLUMN, text);
}

static void put_examples(FILE *out, enum cdr_command about)
{
    const char *line = cdr_commands[about].examples;
    if (*line != '\0')
        fputs("Examples:\n", out);
    for (; *line != '\0'; line += strcspn(line, "\n") + 1)
        fprintf(out, "  cdrgen %.*s\n", (int)strcspn(line, "\n"), line);
}

#define SAID(TYPE, word, Record, said, ...) said
#define RECORDS CDR_TYPES_JOINED(SAID, ", ", " and ") " records"

/* At most 30 lines of 80 columns. */
static void put_overview(FILE *out)
{
    put_examples(out, CDR_COMMAND_RUN);
    fputs("\ncdrgen writes " RECORDS " of a mobile network to Kafka or files.\n", out);
    for (size_t i = 0; i < CDR_COMMAND_COUNT; i++) {
        const struct cdr_command_row *command = &cdr_commands[i];
        if ((command->traits & CDR_COMMAND_HIDDEN) == 0)
            fprintf(out, "  %s %-*s%s\n", command->name, 19 - (int)strlen(command->name),
                    command->argument_name, command->help);
    }
    fputs("\nFlags that most runs need ('cdrgen help run' has all):\n", out);
    for (size_t i = 0; i < cdr_option_count; i++) {
        char flag[80];
        if (cdr_options[i].brief == NULL)
            continue;
        flag_text(&cdr_options[i], flag, sizeof flag);
        fprintf(out, "  %-30s%s\n", flag, cdr_options[i].brief);
    }
}

static void put_command_help(FILE *out, enum cdr_command about, const struct cdr_settings *defaults)
{
    const struct cdr_command_row *command = &cdr_commands[about];
    fprintf(out, "cdrgen %s%s%s [FLAGS]: %s\n", command->name,
            *command->argument_name != '\0' ? " " : "", command->argument_name, command->help);
    for (int group = 0; group < CDR_GROUP_COUNT; group++) {
        bool titled = false;
        for (size_t i = 0; i < cdr_option_count; i++) {
            if ((int)cdr_options[i].group != group || !listed(&cdr_options[i], about))
                continue;
            if (!titled)
                fprintf(out, "\n%s:\n", cdr_group_titles[group]);
            titled = true;
            put_option(out, &cdr_options[i], defaults);
        }
    }
    fputs("\nIn [brackets]: the default. Each flag without a value has a --no-... form. Sizes\n"
          "and rates take k, M, G (thousands) or Ki, Mi, Gi (1024s), times ms, s, m, h, d.\n"
          "Settings of config files (--config) and the environment: docs/configuration.md\n",
          out);
    fputs((command->traits & CDR_COMMAND_JUDGES) != 0
              ? "Exit status: 0 the same; 1 different; 2 it could not tell\n"
              : "Exit status: 0 done; 1 failed while running; 2 wrong input, nothing was written\n",
          out);
    if (*command->examples != '\0')
        fputc('\n', out);
    put_examples(out, about);
}

void cdr_settings_help(FILE *out, enum cdr_command about)
{
    struct cdr_settings *defaults = calloc(1, sizeof *defaults);
    const bool overview = (cdr_commands[about].traits & CDR_COMMAND_BARE) != 0;
    if (overview || defaults == NULL || cdr_settings_default(defaults, NULL) != CDR_OK)
        put_overview(out);
    else
        put_command_help(out, about, defaults);
    if (defaults != NULL)
        cdr_settings_free(defaults);
    free(defaults);
}
