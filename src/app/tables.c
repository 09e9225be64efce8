/* Dimension tables: what a stream's keys and cell ids join with. */
#include "app/app.h"

#include "model/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int cdr_write_cells(FILE *out, const struct cdr_model *model)
{
    const struct cdr_cells *cells = &model->cells;
    fputs("cell_id,lat,lon,rat\n", out);
    for (uint32_t i = 0; i < cells->count; i++)
        fprintf(out, "%" PRIu32 ",%.6f,%.6f,%s\n", CDR_CELL_ID_FIRST + i, cells->cells[i].lat,
                cells->cells[i].lon, cdr_rat_name[cells->cells[i].rat]);
    return fflush(out) == 0 && !ferror(out);
}

/* As of the run's first day: devices, SIMs and customers change later. A number that is vacant
 * keeps its line, because the line's number is the subscriber's. */
int cdr_write_subscribers(FILE *out, const struct cdr_model *model)
{
    fputs("msisdn,imsi,imei,mccmnc,home_cell_id,contacts\n", out);
    for (uint32_t s = 0; s < model->parameters.subscribers; s++) {
        struct cdr_profile profile =
            cdr_profile_on(model, s, (uint32_t)model->parameters.start_day);
        fprintf(out, "%" PRIu64, profile.msisdn.value);
        char mccmnc[8];
        cdr_mccmnc_text(profile.imsi.mccmnc, mccmnc);
        if (profile.present)
            fprintf(out, ",%015" PRIu64 ",%015" PRIu64 ",%s", profile.imsi.value, profile.imei,
                    mccmnc);
        else
            fputs(",,,", out);
        fprintf(out, ",%" PRIu32 ",%" PRIu32 "\n", profile.home_cell_id, profile.contacts);
    }
    return fflush(out) == 0 && !ferror(out);
}

static enum cdr_result print_table(const struct cdr_settings *settings,
                                   int (*write)(FILE *, const struct cdr_model *),
                                   struct cdr_error *error)
{
    struct cdr_model *model;
    enum cdr_result result = cdr_model_create(&model, &settings->model, error);
    if (result != CDR_OK)
        return result;
    if (!write(stdout, model))
        result = cdr_fail(error, CDR_E_IO, "standard output: %s", strerror(errno));
    cdr_model_destroy(model);
    return result;
}

enum cdr_result cdr_command_cells(const struct cdr_settings *settings, struct cdr_error *error)
{
    return print_table(settings, cdr_write_cells, error);
}

enum cdr_result cdr_command_subscribers(const struct cdr_settings *settings,
                                        struct cdr_error *error)
{
    return print_table(settings, cdr_write_subscribers, error);
}
