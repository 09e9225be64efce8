/* Checks of texts that only a running destination could else refuse. Errors are clauses, as in
 * base/parse.h. */
#ifndef CDR_CONFIG_CHECK_H
#define CDR_CONFIG_CHECK_H

#include "base/result.h"

/* host:port,host:port, with [::1] and SASL_SSL://host:port too. */
enum cdr_result cdr_check_brokers(const char *text, struct cdr_error *error);
/* Anything but "-". */
enum cdr_result cdr_check_folder(const char *text, struct cdr_error *error);
/* http(s)://host[:port][/path], several with commas between them, without credentials in them. */
enum cdr_result cdr_check_registry(const char *text, struct cdr_error *error);
/* user:password; the message does not show it. */
enum cdr_result cdr_check_user_info(const char *text, struct cdr_error *error);
/* What cdr_headers_check takes. */
enum cdr_result cdr_check_headers(const char *text, struct cdr_error *error);
/* A time as base/moment.h has it. */
enum cdr_result cdr_check_moment(const char *text, struct cdr_error *error);
/* A programme as base/programme.h has it. */
enum cdr_result cdr_check_program(const char *text, struct cdr_error *error);
/* How far bounds of a capacity may differ: 1 % to 50 %. */
enum cdr_result cdr_check_width(const char *text, struct cdr_error *error);
/* As base/assertion.h has it. */
enum cdr_result cdr_check_assertion(const char *text, struct cdr_error *error);
/* What Kafka takes at the start of a topic's name. */
enum cdr_result cdr_check_topic_name(const char *text, struct cdr_error *error);
enum cdr_result cdr_check_topic_prefix(const char *text, struct cdr_error *error);

#endif
