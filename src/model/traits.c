#include "model/traits.h"

#include "base/math.h"
#include "model/streams.h"

#include <math.h>

#define TAIL_SHARE (1.0 / 32)
#define TAIL_CLASSES (CDR_ACTIVITY_CLASSES - CDR_ACTIVITY_BULK)

/* Probability range of class c, from 0 (least active) to 1. */
static void class_range(uint32_t c, double *from, double *to)
{
    if (c < CDR_ACTIVITY_BULK) {
        *from = c * (1 - TAIL_SHARE) / CDR_ACTIVITY_BULK;
        *to = (c + 1) * (1 - TAIL_SHARE) / CDR_ACTIVITY_BULK;
        return;
    }
    uint32_t t = c - CDR_ACTIVITY_BULK;
    double above = TAIL_SHARE;
    for (uint32_t i = 0; i < t / 2; i++)
        above /= 2;
    *from = 1 - (t % 2 == 0 ? above : above * 0.75);
    *to = 1 - (t % 2 == 0 ? above * 0.75 : above / 2);
    if (c + 1 == CDR_ACTIVITY_CLASSES)
        *to = 1;
}

static double class_quantile(uint32_t c)
{
    double from, to;
    class_range(c, &from, &to);
    return cdr_normal_quantile((from + to) / 2);
}

static void init_degrees(struct cdr_traits *traits)
{
    const double low = cdr_log(2), high = cdr_log(CDR_DEGREE_MAX);
    for (uint32_t i = 0; i < CDR_DEGREE_CLASSES; i++)
        traits->degree[i] =
            (uint16_t)(cdr_exp(low + (high - low) * i / (CDR_DEGREE_CLASSES - 1)) + 0.5);
    for (uint32_t c = 0; c < CDR_ACTIVITY_CLASSES; c++) {
        for (uint32_t random = 0; random < 16; random++) {
            double z = 0.6 * class_quantile(c) + 0.8 * cdr_normal_quantile((random + 0.5) / 16);
            double wanted = 20 * cdr_exp(z);
            double at = (cdr_log(wanted) - low) / (high - low) * (CDR_DEGREE_CLASSES - 1) + 0.5;
            traits->degree_class[c * 16 + random] =
                (uint32_t)(at < 0                     ? 0
                           : at >= CDR_DEGREE_CLASSES ? CDR_DEGREE_CLASSES - 1
                                                      : at);
        }
    }
}

uint32_t cdr_activity_class(const struct cdr_traits *traits, uint32_t subscriber)
{
    uint32_t random =
        (uint32_t)(cdr_draw(cdr_subscriber_traits(traits, subscriber), CDR_PURPOSE(2)) >> 32);
    uint32_t tail_from = UINT32_MAX - (UINT32_MAX >> 5);
    if (random < tail_from)
        return (uint32_t)((uint64_t)random * CDR_ACTIVITY_BULK / tail_from);
    uint32_t above = UINT32_MAX - random; /* < 2^27 */
    uint32_t octave = 0;
    while (octave < TAIL_CLASSES / 2 - 1 && above < (1u << (26 - octave)))
        octave++;
    uint32_t half = above < 3u * (1u << (25 - octave));
    return CDR_ACTIVITY_BULK + 2 * octave + half;
}

/* The mean over the subscribers there are, not over the distribution, is what must be 1: with a
 * heavy tail, a sample of 10,000 is off by a percent. Counted by class, so that no order of
 * summation matters. */
static void normalise(struct cdr_traits *traits, uint32_t subscribers)
{
    uint32_t count[CDR_ACTIVITY_CLASSES] = {0};
    for (uint32_t s = 0; s < subscribers; s++)
        count[cdr_activity_class(traits, s)]++;
    double sum = 0;
    for (uint32_t c = 0; c < CDR_ACTIVITY_CLASSES; c++)
        sum += count[c] * traits->activity[c];
    for (uint32_t c = 0; c < CDR_ACTIVITY_CLASSES; c++)
        traits->activity[c] *= subscribers / sum;
}

void cdr_traits_init(struct cdr_traits *traits, const struct cdr_parameters *parameters)
{
    traits->stream = cdr_stream(parameters->seed, CDR_STREAM_SUBSCRIBER);
    for (uint32_t c = 0; c < CDR_ACTIVITY_CLASSES; c++)
        traits->activity[c] = cdr_exp(parameters->activity_sigma * class_quantile(c));
    normalise(traits, parameters->subscribers);
    init_degrees(traits);
}
