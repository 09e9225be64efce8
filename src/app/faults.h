/* Faults on purpose: which a destination can have, and how many there are. */
#ifndef CDR_APP_FAULTS_H
#define CDR_APP_FAULTS_H

#include "base/json_writer.h"
#include "config/settings.h"
#include "fault/truth_row.h"
#include "sink/sink.h"

#include <stdio.h>

/* Whether records of the format can have the faults that are asked for where they go: traits of the
 * sink. CDR_E_CONFIG. */
enum cdr_result cdr_faults_fit(const struct cdr_settings *settings, unsigned traits,
                               struct cdr_error *error);
/* The same of a run, which can have transactions that are aborted. */
enum cdr_result cdr_faults_fit_run(const struct cdr_settings *settings, unsigned traits,
                                   struct cdr_error *error);
/* What the settings say of the truth's form: --json means JSON. */
enum cdr_truth_format cdr_truth_format_of(const struct cdr_settings *settings);
/* For --dry-run: how many of each kind to expect among so many records. */
void cdr_faults_print_expected(FILE *out, const struct cdr_parameters *parameters, double records);

#endif
