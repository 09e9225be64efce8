/* The hot loops for the instruction set that the whole program is built for. */
#define CDR_LOOP(name) name##_base

#include "encode/avro_loop.h"
#include "encode/csv_loop.h"
#include "encode/json_loop.h"
#include "encode/program_loop.h"
