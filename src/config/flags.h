/* The command line after the command: cut into flags with their values, and arguments. Nothing is
 * set here. */
#ifndef CDR_CONFIG_FLAGS_H
#define CDR_CONFIG_FLAGS_H

#include "config/option.h"

/* Calls visit for each flag and argument (option NULL) from argv[first] on. where is the flag as
 * typed, text its value ("true" or "false" for booleans). Stops at the first error; visit may
 * return CDR_E_AGAIN to have the rest left alone, which is CDR_OK. */
typedef enum cdr_result (*cdr_flag_visitor)(void *context, const struct cdr_option *option,
                                            const char *where, const char *text,
                                            struct cdr_error *error);
enum cdr_result cdr_flags_visit(int argc, char **argv, int first, enum cdr_command command,
                                cdr_flag_visitor visit, void *context, struct cdr_error *error);

#endif
