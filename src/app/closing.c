#include "app/closing.h"

#include <time.h>

uint32_t cdr_closing_days(const struct cdr_model *model, int64_t until_ms)
{
    const struct cdr_parameters *p = &model->parameters;
    uint32_t days = p->days;
    do
        days++; /* whose last hour at least is behind them */
    while (cdr_calendar_day_start_ms(&model->calendar, p->start_day + (int32_t)days) <
           until_ms + INT64_C(3600000));
    return days;
}

void cdr_closing_print(FILE *file, const struct cdr_model *model, int64_t until_ms)
{
    const time_t seconds = (time_t)(until_ms / 1000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL)
        return;
    fprintf(file,
            "end once each partition has records of %04d-%02d-%02dT%02d:%02d:%02dZ or later: "
            "--days %u has them\n",
            parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
            parts.tm_sec, cdr_closing_days(model, until_ms));
}
