/* The contact graph: mutual by construction for any number of subscribers, and on the real stream
 * of calls as clustered, reciprocal and heavy-tailed as docs/model.md says. */
#include "model/contacts.h"
#include "statistics.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "graph.h"
#include "model_run.h"

#define SLOTS (2 * CDR_DEGREE_MAX)

static void contacts_are_mutual(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1,    2,    3,     4,      5,       7,       8,       15,
                                     16,   17,   100,   255,    256,     257,     1000,    4095,
                                     4096, 4097, 10000, 131071, 1000000, 1 << 20, 1u << 30};
    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
        struct cdr_parameters p = parameters_of(sizes[n] <= 1000000 ? sizes[n] : 1000, 1);
        struct cdr_traits traits;
        struct cdr_contacts contacts;
        struct cdr_error error = {0};
        cdr_traits_init(&traits, &p);
        p.subscribers = sizes[n]; /* traits of a billion would take long, and do not matter here */
        assert_int_equal(cdr_contacts_create(&contacts, &p, &traits, &error), CDR_OK);
        uint32_t step = sizes[n] <= 10000 ? 1 : sizes[n] / 3001;
        uint32_t missing_far = 0;
        for (uint64_t s = 0; s < sizes[n]; s += step) {
            for (uint32_t slot = 0; slot < SLOTS; slot += slot < 100 ? 1 : 37) {
                uint32_t contact = cdr_contact(&contacts, (uint32_t)s, slot);
                missing_far += contact == CDR_CONTACT_NONE && slot >= CDR_CONTACT_NEAR;
                if (contact == CDR_CONTACT_NONE)
                    continue;
                assert_true(contact < sizes[n] && contact != s);
                assert_int_equal(cdr_contact(&contacts, contact, slot), s);
            }
        }
        if (sizes[n] > 100) /* a far tie fails to exist only where it leads back to oneself: twice a
                               slot at most */
            assert_true(missing_far <= 2 * SLOTS);
        cdr_contacts_free(&contacts);
    }
}

static void near_slots_hold_different_people(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(1 << 14, 1);
    struct cdr_model *model = model_of(&p);
    for (uint32_t s = 0; s < p.subscribers; s += 3) {
        static const uint32_t first[4] = {0, 3, 10, 25};
        for (int group = 0; group < 3; group++)
            for (uint32_t a = first[group]; a < first[group + 1]; a++)
                for (uint32_t b = a + 1; b < first[group + 1]; b++)
                    assert_true(cdr_contact(&model->contacts, s, a) !=
                                cdr_contact(&model->contacts, s, b));
    }
    cdr_model_destroy(model);
}

/* The others of one's family have each other in their family too: a clique, not a star. The same of
 * colleagues. */
static void near_groups_are_cliques(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(1 << 14, 1);
    struct cdr_model *model = model_of(&p);
    const struct cdr_contacts *contacts = &model->contacts;
    for (uint32_t s = 0; s < p.subscribers; s += 5) {
        for (uint32_t a = 0; a < 3; a++) {
            for (uint32_t b = 0; b < 3; b++) {
                uint32_t one = cdr_contact(contacts, s, a), other = cdr_contact(contacts, s, b);
                int found = one == other;
                for (uint32_t slot = 0; slot < 3; slot++)
                    found |= cdr_contact(contacts, one, slot) == other;
                assert_true(found);
            }
        }
    }
    cdr_model_destroy(model);
}

static void rank_orders_are_permutations(void **state)
{
    (void)state;
    for (uint64_t s = 0; s < 2000; s++) {
        uint32_t traits = (uint32_t)cdr_mix(s + 1);
        uint8_t seen[SLOTS] = {0};
        for (uint32_t rank = 0; rank < CDR_DEGREE_MAX; rank++) {
            uint32_t slot = cdr_rank_slot(traits, rank);
            assert_true(slot < CDR_DEGREE_MAX && seen[slot]++ == 0);
            assert_int_equal(cdr_rank_slot(traits, slot),
                             rank); /* its own inverse: weigh_contacts counts on it */
            assert_true(rank < 8 ? slot < 8 : slot >= 8);
        }
    }
}

static void ranks_have_their_weights(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(1000, 1);
    struct cdr_model *model = model_of(&p);
    for (uint32_t e = 0; e < CDR_CONTACT_EXPONENTS; e++) {
        for (uint32_t d = 0; d < CDR_DEGREE_CLASSES; d += 5) {
            const uint32_t degree = model->contacts.degree[d];
            double counts[CDR_DEGREE_MAX] = {0}, weights[CDR_DEGREE_MAX];
            double s = fmax(0.5, 1.3 + 0.3 * e - 0.3 * log(degree / 20.0));
            for (uint32_t rank = 0; rank < degree; rank++)
                weights[rank] = pow(rank + 4, -s);
            for (uint64_t i = 0; i < 200000; i++) {
                uint32_t rank =
                    cdr_contact_rank(&model->contacts, e, d, (uint32_t)cdr_mix(cdr_mix(i + 7)));
                assert_true(rank < degree);
                counts[rank]++;
            }
            assert_likely(shares_p(counts, weights, degree), "exponent %u, %u contacts", e, degree);
        }
    }
    cdr_model_destroy(model);
}

/* ---- the stream of calls ---- */

struct stream {
    const struct cdr_model *model;
    struct calls all, half[2];
    int32_t middle_day;
    double mobile, onnet, *out, *in;
};

static void take_calls(void *state, const struct cdr_slot *slot, const struct cdr_events *events)
{
    struct stream *stream = state;
    for (uint32_t i = 0; i < events->n; i++) {
        if (events->type[i] != CDR_TYPE_CALL || events->party[i] == CDR_PARTY_INCOMING)
            continue;
        stream->mobile++;
        if (events->party[i] != CDR_PARTY_ONNET)
            continue;
        stream->onnet++;
        stream->out[events->origin[i]]++;
        stream->in[events->peer[i]]++;
        add_call(&stream->all, events->origin[i], events->peer[i]);
        add_call(&stream->half[slot->day >= stream->middle_day], events->origin[i],
                 events->peer[i]);
    }
}

static struct stream stream_of(const struct cdr_model *model)
{
    const struct cdr_parameters *p = &model->parameters;
    struct stream stream = {.model = model, .middle_day = p->start_day + (int32_t)p->days / 2};
    stream.out = calloc(p->subscribers, sizeof *stream.out);
    stream.in = calloc(p->subscribers, sizeof *stream.in);
    each_event(model, take_calls, &stream);
    return stream;
}

static void free_stream(struct stream *stream)
{
    free(stream->all.pairs);
    free(stream->half[0].pairs);
    free(stream->half[1].pairs);
    free(stream->out);
    free(stream->in);
}

static double correlation(const double *x, const double *y, uint32_t n)
{
    double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
    for (uint32_t i = 0; i < n; i++) {
        sx += x[i];
        sy += y[i];
        sxx += x[i] * x[i];
        syy += y[i] * y[i];
        sxy += x[i] * y[i];
    }
    return (n * sxy - sx * sy) / sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));
}

/* On what docs/model.md's card says of 20,000 subscribers in 30 days. */
static void the_graph_of_calls_is_like_a_real_one(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(20000, 30);
    struct cdr_model *model = model_of(&p);
    struct stream stream = stream_of(model);
    struct graph_figures f = graph_figures(&stream.all, p.subscribers, 4);
    double persistent = persistence(&stream.half[0], &stream.half[1], p.subscribers);
    double both_ways = correlation(stream.out, stream.in, p.subscribers);
    printf("    reciprocity %.3f clustering %.3f transitivity %.3f four-cycles %.3f (of open paths "
           "%.3f)\n",
           f.reciprocity, f.clustering, f.transitivity, f.four_cycles, f.open_four_cycles);
    printf("    out-degree p50 %g p99 %g p99.9 %g max %g, in-degree p50 %g p99 %g max %g\n",
           f.out_p50, f.out_p99, f.out_p999, f.out_max, f.in_p50, f.in_p99, f.in_max);
    printf("    top contact %.3f, top three %.3f, top five persist %.3f, calls out and in "
           "correlate %.3f\n",
           f.top_1, f.top_3, persistent, both_ways);
    printf("    lopsided %.3f (%.3f by chance), overlap of weak pairs %.3f, of strong %.3f\n",
           f.lopsided, f.lopsided_by_chance, f.overlap_weak, f.overlap_strong);
    assert_true(f.reciprocity > 0.48 && f.reciprocity < 0.7);
    assert_true(f.clustering > 0.18 && f.clustering < 0.35);
    assert_true(f.four_cycles < 0.25 && f.open_four_cycles < 0.12);
    assert_true(f.out_p50 >= 8 && f.out_p50 <= 14);
    assert_true(f.out_p99 > 3.5 * f.out_p50 && f.out_p999 > 6.5 * f.out_p50 &&
                f.out_max > 12 * f.out_p50);
    assert_true(f.top_1 > 0.2 && f.top_1 < 0.3);
    assert_true(f.top_3 > 0.4 && f.top_3 < 0.6);
    assert_true(persistent > 0.38);
    assert_true(both_ways > 0.5);
    assert_true(f.lopsided > 2 * f.lopsided_by_chance);
    assert_true(f.overlap_strong > 1.5 * f.overlap_weak);
    free_stream(&stream);
    cdr_model_destroy(model);
}

/* The off-net share is the configured one, also where groups at the end of the index are
 * incomplete. */
static void every_call_finds_somebody(void **state)
{
    (void)state;
    static const struct {
        uint32_t subscribers, days;
    } cases[] = {{1, 60},    {2, 300},   {3, 300},    {7, 200},
                 {100, 100}, {4097, 20}, {10000, 10}, {60000, 3}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct cdr_parameters p = parameters_of(cases[c].subscribers, cases[c].days);
        struct cdr_model *model = model_of(&p);
        struct stream stream = stream_of(model);
        double share = stream.mobile > 0 ? stream.onnet / stream.mobile : 0;
        printf("    %u subscribers: %.4f of MO calls stay on-net\n", cases[c].subscribers, share);
        if (cases[c].subscribers == 1)
            assert_true(stream.onnet == 0);
        else
            assert_likely(normal_p((share - 0.85) / sqrt(0.15 * 0.85 / stream.mobile)), "of 0.85");
        free_stream(&stream);
        cdr_model_destroy(model);
    }
}

/* Whoever calls B is found among B's own slots. */
static void callers_are_among_ones_own_contacts(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(10007, 2);
    struct cdr_model *model = model_of(&p);
    struct stream stream = stream_of(model);
    for (size_t i = 0; i < stream.all.count; i += 7) {
        uint32_t caller = (uint32_t)(stream.all.pairs[i] >> 32),
                 called = (uint32_t)stream.all.pairs[i];
        int found = 0;
        for (uint32_t slot = 0; slot < SLOTS && !found; slot++)
            found = cdr_contact(&model->contacts, called, slot) == caller;
        assert_true(found);
    }
    free_stream(&stream);
    cdr_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contacts_are_mutual),
        cmocka_unit_test(near_slots_hold_different_people),
        cmocka_unit_test(near_groups_are_cliques),
        cmocka_unit_test(rank_orders_are_permutations),
        cmocka_unit_test(ranks_have_their_weights),
        cmocka_unit_test(the_graph_of_calls_is_like_a_real_one),
        cmocka_unit_test(every_call_finds_somebody),
        cmocka_unit_test(callers_are_among_ones_own_contacts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
