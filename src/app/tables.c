/* Dimension tables: what a stream's keys and cell ids join with. */
#include "app/app.h"

#include "model/traits.h"

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

/* As of the run's first day: devices and SIMs change later. */
int cdr_write_subscribers(FILE *out, const struct cdr_model *model)
{
    const struct cdr_identities *identities = &model->identities;
    const uint32_t day = (uint32_t)model->parameters.start_day;
    fputs("msisdn,imsi,imei,mccmnc,home_cell_id,contacts\n", out);
    for (uint32_t s = 0; s < model->parameters.subscribers; s++) {
        struct cdr_imsi imsi =
            cdr_imsi(identities, s, cdr_renewal_number(&identities->sim, s, day));
        uint64_t imei = cdr_imei14(identities, s, cdr_renewal_number(&identities->device, s, day));
        uint32_t home = (uint32_t)(cdr_place_random(cdr_place_traits(&model->cells, s), 0) >> 32);
        uint64_t rank_traits = cdr_rank_traits(&model->contacts, s);
        uint32_t degree_class =
            cdr_degree_class(&model->traits, cdr_activity_class(&model->traits, s), rank_traits);
        uint32_t rat = model->cells.served_count[CDR_RAT_LTE] != 0     ? CDR_RAT_LTE
                       : model->cells.served_count[CDR_RAT_WCDMA] != 0 ? CDR_RAT_WCDMA
                                                                       : CDR_RAT_NR;
        fprintf(out,
                "%" PRIu64 ",%015" PRIu64 ",%014" PRIu64 "%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%u\n",
                cdr_msisdn(identities, s).value, imsi.value, imei, cdr_luhn_digit(imei),
                imsi.mccmnc, cdr_serving_cell(&model->cells, rat, home, 0),
                model->contacts.degree[degree_class]);
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
