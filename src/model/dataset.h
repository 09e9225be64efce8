/* Dataset id: a hash of everything that the records are a function of.
 *
 * That is the data-model version, every parameter of the model but the number of days (more days
 * only make a log longer), and the UTC offsets from the first day on, because machines have
 * different tz databases. Not in it: days, format, topic names, sink, workers, shard. 128 bits
 * (XXH3) as 32 hex digits.
 */
#ifndef CDR_MODEL_DATASET_H
#define CDR_MODEL_DATASET_H

#include "model/model.h"

void cdr_dataset_id(const struct cdr_model *model, char id[33]);

#endif
