/* Figures of a graph of calls, for tests: from a list of directed calls. */
#ifndef TEST_GRAPH_H
#define TEST_GRAPH_H

#include "statistics.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct calls {
    uint64_t *pairs; /* caller << 32 | called, one a call */
    size_t count, capacity;
};

struct graph_figures {
    double calls, pairs;     /* pairs: unordered, with at least one call */
    double reciprocity;      /* share of pairs that called each other */
    double transitivity;     /* share of two-step paths whose ends are a pair too */
    double clustering;       /* mean over subscribers of the same, degree ≥ 2 */
    double four_cycles;      /* share of two-step paths with another common neighbour of the ends */
    double open_four_cycles; /* the same of paths whose ends are no pair */
    double out_p50, out_p99, out_p999, out_max; /* called parties of a subscriber */
    double in_p50, in_p99, in_max;
    double top_1, top_3; /* share of a subscriber's calls that go to its most called parties */
    double lopsided; /* share of reciprocal pairs of ≥ 6 calls where one side makes more than 3/4 */
    double lopsided_by_chance; /* the same, were every call made by either side alike */
    /* Common neighbours over all neighbours of both, of pairs of one call, and of ≥ 6. */
    double overlap_weak, overlap_strong;
};

static inline int compare_u32_down(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;
    return *left > *right ? -1 : *left < *right;
}

static inline void add_call(struct calls *calls, uint32_t from, uint32_t to)
{
    if (calls->count == calls->capacity) {
        calls->capacity = calls->capacity == 0 ? 1 << 20 : 2 * calls->capacity;
        calls->pairs = realloc(calls->pairs, calls->capacity * sizeof *calls->pairs);
        if (calls->pairs == NULL)
            abort();
    }
    calls->pairs[calls->count++] = (uint64_t)from << 32 | to;
}

/* Undirected neighbours of every subscriber, ascending, with the calls both ways. */
struct neighbours {
    uint32_t n;
    size_t *start;
    uint32_t *other, *out, *in; /* calls to and from */
};

static inline void build_neighbours(struct neighbours *g, struct calls *calls, uint32_t n)
{
    uint64_t *both = malloc(2 * calls->count * sizeof *both);
    size_t m = 0;
    for (size_t i = 0; i < calls->count; i++) {
        uint64_t from = calls->pairs[i] >> 32, to = (uint32_t)calls->pairs[i];
        both[m++] = from << 33 | to << 1;
        both[m++] = to << 33 | from << 1 | 1;
    }
    qsort(both, m, sizeof *both, compare_u64);
    *g = (struct neighbours){.n = n,
                             .start = calloc(n + 1, sizeof *g->start),
                             .other = calloc(m, 4),
                             .out = calloc(m, 4),
                             .in = calloc(m, 4)};
    size_t at = 0;
    uint32_t node = 0;
    for (size_t i = 0; i < m; i++) {
        uint32_t from = (uint32_t)(both[i] >> 33), to = (uint32_t)(both[i] >> 1);
        while (node < from)
            g->start[++node] = at;
        if (at == g->start[node] || g->other[at - 1] != to)
            g->other[at++] = to;
        if ((both[i] & 1) == 0)
            g->out[at - 1]++;
        else
            g->in[at - 1]++;
    }
    while (node < n)
        g->start[++node] = at;
    free(both);
}

static inline void free_neighbours(struct neighbours *g)
{
    free(g->start);
    free(g->other);
    free(g->out);
    free(g->in);
}

static inline uint32_t common_neighbours(const struct neighbours *g, uint32_t a, uint32_t b)
{
    size_t i = g->start[a], j = g->start[b];
    uint32_t common = 0;
    while (i < g->start[a + 1] && j < g->start[b + 1]) {
        if (g->other[i] == g->other[j]) {
            common++;
            i++;
            j++;
        } else if (g->other[i] < g->other[j]) {
            i++;
        } else {
            j++;
        }
    }
    return common;
}

static inline int is_pair(const struct neighbours *g, uint32_t a, uint32_t b)
{
    size_t low = g->start[a], high = g->start[a + 1];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (g->other[middle] < b)
            low = middle + 1;
        else
            high = middle;
    }
    return low < g->start[a + 1] && g->other[low] == b;
}

/* Two-step paths: all of every step-th subscriber in the middle. */
static inline void path_figures(const struct neighbours *g, uint32_t step, struct graph_figures *f)
{
    double paths = 0, closed = 0, cycles = 0, open_cycles = 0, local = 0, nodes = 0;
    for (uint32_t middle = 0; middle < g->n; middle += step) {
        double own_paths = 0, own_closed = 0;
        for (size_t i = g->start[middle]; i < g->start[middle + 1]; i++) {
            for (size_t j = i + 1; j < g->start[middle + 1]; j++) {
                int pair = is_pair(g, g->other[i], g->other[j]);
                int cycle = common_neighbours(g, g->other[i], g->other[j]) > 1;
                own_paths++;
                own_closed += pair;
                cycles += cycle;
                open_cycles += cycle && !pair;
            }
        }
        if (own_paths > 0) {
            local += own_closed / own_paths;
            nodes++;
        }
        paths += own_paths;
        closed += own_closed;
    }
    f->transitivity = closed / paths;
    f->clustering = local / nodes;
    f->four_cycles = cycles / paths;
    f->open_four_cycles = open_cycles / (paths - closed);
}

/* Of n fair coins that do not all fall alike: the chance that more than 3/4 do. */
static inline double lopsided_coins(uint32_t n)
{
    double alike = 0, all = 0;
    for (uint32_t heads = 1; heads < n; heads++) {
        double ways =
            exp(lgamma(n + 1.0) - lgamma(heads + 1.0) - lgamma(n - heads + 1.0) - n * log(2));
        uint32_t more = heads > n - heads ? heads : n - heads;
        all += ways;
        alike += 4 * more > 3 * n ? ways : 0;
    }
    return alike / all;
}

static inline void pair_figures(const struct neighbours *g, struct graph_figures *f)
{
    double reciprocal = 0, strong = 0, lopsided = 0, chance = 0, overlap[2] = {0, 0},
           pairs[2] = {0, 0};
    for (uint32_t a = 0; a < g->n; a++) {
        for (size_t i = g->start[a]; i < g->start[a + 1]; i++) {
            uint32_t b = g->other[i], sum = g->out[i] + g->in[i];
            if (b < a)
                continue;
            f->pairs++;
            f->calls += sum;
            int both = g->out[i] > 0 && g->in[i] > 0;
            reciprocal += both;
            if (both && sum >= 6) {
                uint32_t more = g->out[i] > g->in[i] ? g->out[i] : g->in[i];
                strong++;
                lopsided += 4 * more > 3 * sum;
                chance += lopsided_coins(sum);
            }
            double common = common_neighbours(g, a, b);
            double all = (double)(g->start[a + 1] - g->start[a] + g->start[b + 1] - g->start[b]) -
                         2 - common;
            int kind = sum <= 1 ? 0 : sum >= 6 ? 1 : -1;
            if (kind >= 0 && all > 0) {
                overlap[kind] += common / all;
                pairs[kind]++;
            }
        }
    }
    f->reciprocity = reciprocal / f->pairs;
    f->lopsided = lopsided / strong;
    f->lopsided_by_chance = chance / strong;
    f->overlap_weak = overlap[0] / pairs[0];
    f->overlap_strong = overlap[1] / pairs[1];
}

static inline void degree_figures(const struct neighbours *g, struct graph_figures *f)
{
    uint32_t *out = calloc(g->n, sizeof *out), *in = calloc(g->n, sizeof *in);
    double top_1 = 0, top_3 = 0, callers = 0;
    for (uint32_t a = 0; a < g->n; a++) {
        uint32_t first = 0, second = 0, third = 0, sum = 0;
        for (size_t i = g->start[a]; i < g->start[a + 1]; i++) {
            uint32_t w = g->out[i];
            out[a] += w > 0;
            in[a] += g->in[i] > 0;
            sum += w;
            if (w > first) {
                third = second, second = first, first = w;
            } else if (w > second) {
                third = second, second = w;
            } else if (w > third) {
                third = w;
            }
        }
        if (sum >= 20) {
            top_1 += (double)first / sum;
            top_3 += (double)(first + second + third) / sum;
            callers++;
        }
    }
    qsort(out, g->n, sizeof *out, compare_u32_down);
    qsort(in, g->n, sizeof *in, compare_u32_down);
    f->out_p50 = out[g->n / 2];
    f->out_p99 = out[g->n / 100];
    f->out_p999 = out[g->n / 1000];
    f->out_max = out[0];
    f->in_p50 = in[g->n / 2];
    f->in_p99 = in[g->n / 100];
    f->in_max = in[0];
    f->top_1 = top_1 / callers;
    f->top_3 = top_3 / callers;
    free(out);
    free(in);
}

static inline struct graph_figures graph_figures(struct calls *calls, uint32_t n,
                                                 uint32_t path_step)
{
    struct graph_figures f = {0};
    struct neighbours g;
    build_neighbours(&g, calls, n);
    path_figures(&g, path_step, &f);
    pair_figures(&g, &f);
    degree_figures(&g, &f);
    free_neighbours(&g);
    return f;
}

/* The five most called parties of a, most first, ties by number; missing ones are UINT32_MAX. */
static inline void top_five(const struct neighbours *g, uint32_t a, uint32_t top[5])
{
    uint32_t weight[5] = {0};
    for (int k = 0; k < 5; k++)
        top[k] = UINT32_MAX;
    for (size_t i = g->start[a]; i < g->start[a + 1]; i++) {
        uint32_t w = g->out[i], other = g->other[i];
        for (int k = 0; k < 5 && w > 0; k++) {
            if (w <= weight[k])
                continue;
            uint32_t had = weight[k], had_other = top[k];
            weight[k] = w;
            top[k] = other;
            w = had;
            other = had_other;
        }
    }
}

/* Mean share of top-five parties that two periods have in common (Jaccard), over subscribers with ≥
 * 5 in both. */
static inline double persistence(struct calls *before, struct calls *after, uint32_t n)
{
    struct neighbours g[2];
    double sum = 0, count = 0;
    build_neighbours(&g[0], before, n);
    build_neighbours(&g[1], after, n);
    for (uint32_t a = 0; a < n; a++) {
        uint32_t top[2][5];
        int common = 0;
        top_five(&g[0], a, top[0]);
        top_five(&g[1], a, top[1]);
        if (top[0][4] == UINT32_MAX || top[1][4] == UINT32_MAX)
            continue;
        for (int i = 0; i < 5; i++)
            for (int j = 0; j < 5; j++)
                common += top[0][i] == top[1][j];
        sum += common / (10.0 - common);
        count++;
    }
    free_neighbours(&g[0]);
    free_neighbours(&g[1]);
    return sum / count;
}

#endif
