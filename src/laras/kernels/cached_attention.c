/* Attention of new tokens to slots of a cache; cached_attention.py says what it computes.

   A task is one new token. Its slots are listed once; each of its heads then goes through their
   keys, softens the scores and goes through their values. Keys lie one behind another where a row
   was read in one piece, so that they come in the order in which memory is fetched. Float32
   throughout; a task owns what it writes: results are the same for any number of threads.

   Shapes: N new tokens; S slots; G key heads, Q query heads of each, D channels of a head. */

#include <stdlib.h>

#include "tiles.h"

enum { DONE, NO_MEMORY, BAD_SIZES = 3 }; /* as in backends.py */
enum { SPANS = 4 };                      /* start and length of two runs of slots */
enum { LITTLE = 20000 };                 /* multiplications that are not worth waking a team */

/* (N, G, Q, D), or (S, G, D) without `head`. */
typedef struct {
    const float *first;
    integer row, group, head;
} rows;

INLINE const float *row_of(const rows *x, integer row, integer group, integer head)
{
    return x->first + row * x->row + group * x->group + head * x->head;
}

INLINE float sum_of(vector x)
{
    float parts[WIDTH], sum = 0.0f;
    memcpy(parts, &x, sizeof parts);
    _Pragma("omp simd reduction(+ : sum)")
    for (integer i = 0; i < WIDTH; i++)
        sum += parts[i];
    return sum;
}

/* scores (seen) = query . key of each slot. `vectors` is a constant where this is inlined. */
INLINE void score(const float *query, const float *keys, integer stride, const integer *slots,
                  integer seen, integer vectors, integer channels, float *scores)
{
    const vector *left = (const vector *)query;
    for (integer i = 0; i < seen; i++) {
        const float *key = keys + slots[i] * stride;
        vector sums = {0};
        UNROLL for (integer v = 0; v < vectors; v++)
            sums += left[v] * ((const vector *)key)[v];
        float sum = sum_of(sums);
        for (integer c = vectors * WIDTH; c < channels; c++)
            sum += query[c] * key[c];
        scores[i] = sum;
    }
}

/* mixed (D) = sum over slots of weight x value. */
INLINE void mix(const float *weights, const float *values, integer stride, const integer *slots,
                integer seen, integer vectors, integer channels, float *mixed)
{
    enum { AT_ONCE = 8 };
    for (integer first = 0; first < vectors; first += AT_ONCE) {
        vector sums[AT_ONCE] = {{0}};
        const integer count = least(AT_ONCE, vectors - first);
        for (integer i = 0; i < seen; i++) {
            const vector *value = (const vector *)(values + slots[i] * stride) + first;
            UNROLL for (integer v = 0; v < count; v++)
                sums[v] += weights[i] * value[v];
        }
        UNROLL for (integer v = 0; v < count; v++)
            ((vector *)mixed)[first + v] = sums[v];
    }
    for (integer c = vectors * WIDTH; c < channels; c++) {
        float sum = 0.0f;
        for (integer i = 0; i < seen; i++)
            sum += weights[i] * values[slots[i] * stride + c];
        mixed[c] = sum;
    }
}

/* `work(vectors)` with a constant for the usual widths of a head. */
#define FOR_WIDTH(channels, work) \
    switch (channels) { \
    case 2 * WIDTH: work(2); break; \
    case 4 * WIDTH: work(4); break; \
    case 8 * WIDTH: work(8); break; \
    default: work((channels) / WIDTH); \
    }

/* Scores -> their exponentials over a common factor; returns the sum of all that count. `share`:
   of what was seen before, whose logarithm of a sum is `before`. */
INLINE float soften(float *scores, integer seen, float scale, float softcap, float before,
                    float *share)
{
    float largest = before, sum = 0.0f;
    if (softcap > 0.0f)
        EACH(i, 0, seen) scores[i] = softcap * hyperbolic_tangent(scores[i] * scale / softcap);
    else
        EACH(i, 0, seen) scores[i] *= scale;
    _Pragma("omp simd reduction(max : largest)")
    for (integer i = 0; i < seen; i++)
        largest = scores[i] > largest ? scores[i] : largest;
    _Pragma("omp simd reduction(+ : sum)")
    for (integer i = 0; i < seen; i++)
        sum += scores[i] = exponential(scores[i] - largest);
    *share = before == -INFINITY ? 0.0f : exponential(before - largest);
    return sum + *share;
}

/* The slots that a token sees, in the order of their positions; how many there are. */
static integer list_slots(const integer *spans, const integer *single, integer most, integer *slots)
{
    integer seen = 0;
    for (integer span = 0; span < SPANS; span += 2)
        for (integer i = 0; i < spans[span + 1]; i++)
            slots[seen++] = spans[span] + i;
    for (integer i = 0; i < most && single[i] >= 0; i++)
        slots[seen++] = single[i];
    return seen;
}

/* `single` (N, A): -1 behind the last one. `before` and `sums`, or NULL: what was seen elsewhere. */
integer cached_attention(
    integer type, const float *query, integer query_row, integer query_group, integer query_head,
    const float *keys, integer key_row, integer key_group, const float *values, integer value_row,
    integer value_group, const integer *spans, integer spans_row, const integer *single,
    integer single_row, const float *before, integer before_row, integer before_group,
    integer before_head, const float *sums, integer sums_row, integer sums_group, float scale,
    integer window, float softcap, float *out, integer out_row, integer out_group,
    integer out_head, integer count, integer groups, integer queries, integer channels,
    integer slots, integer four, integer most, integer threads)
{
    const rows asked = {query, query_row, query_group, query_head};
    const rows known = {before, before_row, before_group, before_head};
    integer longest = 0, all = 0, lacking = 0;
    if (type != 0 || four != SPANS || !before != !sums)
        return BAD_SIZES;
    for (integer n = 0; n < count; n++) {
        const integer *span = spans + n * spans_row;
        for (integer s = 0; s < SPANS; s += 2)
            if (span[s] < 0 || span[s + 1] < 0 || span[s] + span[s + 1] > slots)
                return BAD_SIZES;
        for (integer i = 0; i < most; i++)
            if (single[n * single_row + i] >= slots)
                return BAD_SIZES;
        longest = longest > span[1] + span[3] ? longest : span[1] + span[3];
        all += span[1] + span[3] + most;
    }
    const integer room = up_to(longest + most, WIDTH);
    const int team = all * groups * queries * channels < LITTLE ? 1 : (int)threads;
    _Pragma("omp parallel num_threads(team) reduction(| : lacking)")
    {
        integer *listed = malloc(sizeof(integer) * (size_t)(room + 1));
        float *scores = malloc(sizeof(float) * (size_t)(room + up_to(channels, WIDTH)));
        float *mixed = scores + room;
        lacking = !listed || !scores;
        _Pragma("omp for schedule(dynamic, 4)")
        for (integer n = 0; n < count; n++) {
            if (lacking)
                continue;
            const integer *own = listed;
            integer seen = list_slots(spans + n * spans_row, single + n * single_row, most, listed);
            if (window && seen > window) {
                own += seen - window;
                seen = window;
            }
            for (integer g = 0; g < groups; g++)
                for (integer h = 0; h < queries; h++) {
                    const float *q = row_of(&asked, n, g, h);
                    const float *key = keys + g * key_group, *value = values + g * value_group;
                    const float earlier = sums ? sums[n * sums_row + g * sums_group + h] : -INFINITY;
                    float *to = out + n * out_row + g * out_group + h * out_head, share;
#define SCORE(vectors) score(q, key, key_row, own, seen, vectors, channels, scores)
                    FOR_WIDTH(channels, SCORE)
                    const float sum = soften(scores, seen, scale, softcap, earlier, &share);
#define MIX(vectors) mix(scores, value, value_row, own, seen, vectors, channels, mixed)
                    FOR_WIDTH(channels, MIX)
                    const float *other = share > 0.0f ? row_of(&known, n, g, h) : NULL;
                    EACH(c, 0, channels) to[c] = mixed[c] / sum;
                    if (other)
                        EACH(c, 0, channels) to[c] += other[c] * (share / sum);
                }
        }
        free(listed);
        free(scores);
    }
    return lacking ? NO_MEMORY : DONE;
}
