#include "config/commands.h"

#include "base/parse.h"
#include "base/suggest.h"

#include <string.h>

#define ROW(id, word, kind, its_name, its_traits, its_uses, text, lacking, lines)                  \
    [CDR_COMMAND_##id] = {.name = #word,                                                           \
                          .argument = kind,                                                        \
                          .argument_name = its_name,                                               \
                          .traits = its_traits,                                                    \
                          .uses = its_uses,                                                        \
                          .help = text,                                                            \
                          .missing = lacking,                                                      \
                          .examples = lines},
const struct cdr_command_row cdr_commands[CDR_COMMAND_COUNT] = {CDR_COMMANDS(ROW)};
#undef ROW

enum cdr_result cdr_command_find(int argc, char **argv, enum cdr_command *command, int *first,
                                 struct cdr_error *error)
{
    char quoted[72];
    *first = 1;
    *command = argc > 1 ? CDR_COMMAND_RUN : CDR_COMMAND_HELP;
    if (argc < 2 || argv[1][0] == '-')
        return CDR_OK;
    struct cdr_suggestion near = {.given = argv[1]};
    for (unsigned i = 0; i < CDR_COMMAND_COUNT; i++) {
        if (strcmp(cdr_commands[i].name, argv[1]) == 0) {
            *command = (enum cdr_command)i;
            *first = 2;
            return CDR_OK;
        }
        cdr_suggest(&near, cdr_commands[i].name);
    }
    cdr_quote(argv[1], quoted);
    if (near.best != NULL)
        return cdr_fail(error, CDR_E_CONFIG, "%s is not a command; did you mean %s?", quoted,
                        near.best);
    return cdr_fail(error, CDR_E_CONFIG, "%s is not a command; 'cdrgen help' lists them", quoted);
}
