/* The elementwise steps of a decoder for float32 and bfloat16 tensors; elementwise.py says what each
   means. The mathematics is float32 throughout, with one rounding at the end.

   Rows are shared out to threads. A row, or CHUNK numbers of a longer one, is widened to float32,
   goes through a few simple loops while it lies in the first-level cache, and is narrowed again.
   No sum runs over several rows but the gradients of norm weights: these run over blocks of rows,
   the same for any number of threads, and so are all results.

   The loops are written for the compiler to vectorise: no branch inside but selections, no library
   call; costly ones run to a multiple of LANES, into padding, and have no remainder.

   Arguments are those of elementwise.py in its order: first the `type` of the tensors that are void
   pointers; behind a tensor the strides of all its dimensions but the last, counted in elements;
   at the end what is returned there, the sizes, and `threads`. NULL is None. Returns a fault. */

#include <stdlib.h>

#include "numbers.h"

typedef int64_t integer;

enum { FLOAT32, BFLOAT16 };                         /* as in backends.py */
enum { SILU, GELU, GELU_TANH, RELU, RELU_SQUARED }; /* as in backends.py */
/* Buffers lie one behind another. Were they 4 KiB each (1,024), a load from one would wait for a
   store to the same place of another: gate_backward took 1.44 ns a number instead of 1.21. */
enum { LANES = 16, CHUNK = 768 };
enum { DONE, NO_MEMORY, BAD_LABEL, BAD_SIZES };     /* as in backends.py */
enum { BLOCKS = 64 }; /* of rows, in sums over rows */

#define BUFFER(name) _Alignas(64) float name[CHUNK]
#define LEAST(a, b) ((a) < (b) ? (a) : (b))
#define MOST(a, b) ((a) > (b) ? (a) : (b))
#define TEXT(words) #words
#define PRAGMA(words) _Pragma(TEXT(words))
/* Iterations that do not depend on each other, also where an output is an input. */
#define EACH(i, n) PRAGMA(omp simd) for (integer i = 0; i < (n); i++)
#define SUM(total, i, n) PRAGMA(omp simd reduction(+ : total)) for (integer i = 0; i < (n); i++)
#define CHUNKS(at, begin, end) for (integer at = begin; at < (end); at += CHUNK)
/* Rows in one piece for each thread; or, where the work on them grows, dealt out. */
#define ROWS(row, n, work) \
    PRAGMA(omp parallel for schedule(static) num_threads(team(threads, work))) \
    for (integer row = 0; row < (n); row++)
#define GROWING_ROWS(item, batch, row, n, work) \
    PRAGMA(omp parallel for collapse(2) schedule(static, 8) num_threads(team(threads, work))) \
    for (integer item = 0; item < (batch); item++) \
        for (integer row = 0; row < (n); row++)

/* Waking a team costs a few microseconds: as much as the work on ten thousand numbers. */
INLINE int team(integer threads, integer work)
{
    return work < 10000 ? 1 : (int)threads;
}

INLINE integer padded(integer n)
{
    return (n + LANES - 1) & -LANES;
}

/* ------------------------------------------------------------------------- tensors and buffers */

INLINE float same(float x)
{
    return x;
}

/* `work` with the C type of an element, and the functions that read and write one. */
#define FOR_TYPE(type, work) \
    if (type == BFLOAT16) { work(uint16_t, from_bfloat16, to_bfloat16) } \
    else { work(float, same, same) }

INLINE void *element(integer type, const void *first, integer index)
{
    return (char *)first + index * (type == BFLOAT16 ? 2 : 4);
}

#define WIDEN(ELEMENT, READ, WRITE) \
    const ELEMENT *x = from; \
    EACH(i, n) to[i] = READ(x[i]);

static void widen(integer type, const void *from, integer n, float *to)
{
    FOR_TYPE(type, WIDEN)
}

/* to <- x, times a, times b: tensors of the type, or NULL. A product that is formed on the way
   saves a pass over a buffer. */
#define NARROW(ELEMENT, READ, WRITE) \
    const ELEMENT *first = a, *second = b; \
    ELEMENT *rounded = to; \
    if (second) \
        EACH(i, n) rounded[i] = WRITE(x[i] * READ(first[i]) * READ(second[i])); \
    else if (first) \
        EACH(i, n) rounded[i] = WRITE(x[i] * READ(first[i])); \
    else \
        EACH(i, n) rounded[i] = WRITE(x[i]);

static void narrow(integer type, const float *x, const void *a, const void *b, integer n, void *to)
{
    FOR_TYPE(type, NARROW)
}

/* At most CHUNK numbers into a buffer, `padding` behind them. */
static void fill(integer type, const void *from, integer n, float padding, float *buffer)
{
    widen(type, from, n, buffer);
    for (integer i = n; i < padded(n); i++)
        buffer[i] = padding;
}

/* --------------------------------------------------------------------------------------- norms */

/* `total` is written where there is `delta`. */
integer add_norm(integer type, const float *residual, integer residual_stride, const void *delta,
                 integer delta_stride, const float *weight, const float *bias, float eps,
                 float offset, float *total, integer total_stride, float *mean, float *rstd,
                 void *out, integer out_stride, integer rows, integer channels, integer threads)
{
    ROWS(row, rows, rows * channels) {
        const float *x = residual + row * residual_stride;
        if (delta) {
            float *sums = total + row * total_stride;
            widen(type, element(type, delta, row * delta_stride), channels, sums);
            EACH(c, channels) sums[c] += x[c];
            x = sums;
        }
        float centre = 0.0f, squares = 0.0f;
        if (mean) {
            SUM(centre, c, channels) centre += x[c];
            mean[row] = centre /= (float)channels;
        }
        SUM(squares, c, channels) squares += (x[c] - centre) * (x[c] - centre);
        const float scale = rstd[row] = 1.0f / sqrtf(squares / (float)channels + eps);
        CHUNKS(at, 0, channels) {
            BUFFER(normed);
            const integer n = LEAST(CHUNK, channels - at);
            const float *x_at = x + at, *w = weight + at;
            EACH(c, n) normed[c] = (x_at[c] - centre) * scale * (offset + w[c]);
            if (bias) {
                const float *b = bias + at;
                EACH(c, n) normed[c] += b[c];
            }
            narrow(type, normed, NULL, NULL, n, element(type, out, row * out_stride + at));
        }
    }
    return DONE;
}

/* With n the normed row and g = d_out (offset + weight):
   d_residual = d_total + rstd (g - mean(g) - n mean(g n)), without mean(g) for the RMS norm. */
static void norm_row_backward(float *d_x, const float *d_total, const float *x,
                              const float *weight, const float *mean, float rstd, float offset,
                              float *d_weight, float *d_bias, integer channels)
{
    const float centre = mean ? *mean : 0.0f;
    float level = 0.0f, along = 0.0f;
    if (d_weight)
        EACH(c, channels) d_weight[c] += d_x[c] * ((x[c] - centre) * rstd);
    if (d_bias)
        EACH(c, channels) d_bias[c] += d_x[c];
    SUM(along, c, channels) {
        d_x[c] *= offset + weight[c];
        along += d_x[c] * (x[c] - centre);
    }
    if (mean)
        SUM(level, c, channels) level += d_x[c];
    level /= (float)channels;
    along *= rstd * rstd / (float)channels;
    EACH(c, channels) d_x[c] = rstd * (d_x[c] - level - along * (x[c] - centre));
    if (d_total)
        EACH(c, channels) d_x[c] += d_total[c];
}

static void sum_blocks(const float *partial, integer channels, float *sums)
{
    memcpy(sums, partial, (size_t)channels * sizeof *sums);
    for (integer block = 1; block < BLOCKS; block++)
        EACH(c, channels) sums[c] += partial[block * channels + c];
}

integer add_norm_backward(integer type, const void *d_out, integer d_out_stride,
                          const float *d_total, integer d_total_stride, const float *total,
                          integer total_stride, const float *weight, const float *mean,
                          const float *rstd, float offset, float *d_residual,
                          integer d_residual_stride, void *d_delta, integer d_delta_stride,
                          float *d_weight, float *d_bias, integer rows, integer channels,
                          integer threads)
{
    const size_t size = BLOCKS * (size_t)channels;
    float *partial = calloc(1 + size * ((d_weight != NULL) + (d_bias != NULL)), sizeof *partial);
    float *biases = partial + (d_weight ? size : 0);
    if (!partial)
        return NO_MEMORY;
    ROWS(block, BLOCKS, rows * channels)
    for (integer row = rows * block / BLOCKS; row < rows * (block + 1) / BLOCKS; row++) {
        float *d_x = d_residual + row * d_residual_stride;
        widen(type, element(type, d_out, row * d_out_stride), channels, d_x);
        norm_row_backward(d_x, d_total ? d_total + row * d_total_stride : NULL,
                          total + row * total_stride, weight, mean ? mean + row : NULL, rstd[row],
                          offset, d_weight ? partial + block * channels : NULL,
                          d_bias ? biases + block * channels : NULL, channels);
        if (d_delta)
            narrow(type, d_x, NULL, NULL, channels, element(type, d_delta, row * d_delta_stride));
    }
    if (d_weight)
        sum_blocks(partial, channels, d_weight);
    if (d_bias)
        sum_blocks(biases, channels, d_bias);
    free(partial);
    return DONE;
}

/* ----------------------------------------------------------------------------------- positions */

#define ROTATE(ELEMENT, READ, WRITE) \
    ELEMENT *first = element(type, x, token * token_stride + head * head_stride); \
    ELEMENT *second = first + half; \
    EACH(i, half) { \
        const float a = READ(first[i]), b = READ(second[i]); \
        first[i] = WRITE(a * c[i] - b * (direction * s[i])); \
        second[i] = WRITE(b * c[i] + a * (direction * s[i])); \
    }

integer rotate_(integer type, void *x, integer token_stride, integer head_stride, const float *cos,
                integer cos_stride, const float *sin, integer sin_stride, integer inverse,
                integer tokens, integer heads, integer channels, integer half, integer threads)
{
    if (2 * half > channels)
        return BAD_SIZES;
    const float direction = inverse ? -1.0f : 1.0f;
    ROWS(token, tokens, tokens * heads * half) {
        const float *c = cos + token * cos_stride, *s = sin + token * sin_stride;
        for (integer head = 0; head < heads; head++) {
            FOR_TYPE(type, ROTATE)
        }
    }
    return DONE;
}

/* --------------------------------------------------------------------------------- activations */

INLINE float activation(int kind, float x, float *slope)
{
    /* (1 + tanh u) / 2 = sigmoid(2u); 2u = sqrt(8 / pi) (x + 0.044715 x^3) */
    const float linear = 1.595769121605730712f, cubic = 1.595769121605730712f * 0.044715f;
    float share, density;
    switch (kind) {
    case SILU:
        share = sigmoid(x);
        *slope = share + x * share * (1.0f - share);
        return x * share;
    case GELU:
        share = normal_share(x, &density);
        *slope = share + x * density;
        return x * share;
    case GELU_TANH:
        share = sigmoid(x * (linear + cubic * x * x));
        *slope = share + x * share * (1.0f - share) * (linear + 3.0f * cubic * x * x);
        return x * share;
    case RELU:
        *slope = x > 0.0f ? 1.0f : 0.0f;
        return x < 0.0f ? 0.0f : x;
    default:
        *slope = x < 0.0f ? 0.0f : 2.0f * x;
        return x < 0.0f ? 0.0f : x * x;
    }
}

#define VALUE(KIND) EACH(i, padded(n)) { float s; value[i] = activation(KIND, x[i], &s); } break;
#define SLOPE(KIND) EACH(i, padded(n)) value[i] = activation(KIND, x[i], &slope[i]); break;
#define FOR_ACTIVATION(kind, work) \
    switch (kind) { \
    case SILU: work(SILU) \
    case GELU: work(GELU) \
    case GELU_TANH: work(GELU_TANH) \
    case RELU: work(RELU) \
    default: work(RELU_SQUARED) \
    }

static void values(integer kind, const float *x, integer n, float *value)
{
    FOR_ACTIVATION(kind, VALUE)
}

static void values_and_slopes(integer kind, const float *x, integer n, float *value, float *slope)
{
    FOR_ACTIVATION(kind, SLOPE)
}

integer gate(integer type, const void *gate, integer gate_stride, const void *up,
             integer up_stride, integer kind, void *out, integer out_stride, integer rows,
             integer channels, integer threads)
{
    ROWS(row, rows, rows * channels)
    CHUNKS(at, 0, channels) {
        BUFFER(x);
        const integer n = LEAST(CHUNK, channels - at);
        const void *factor = up ? element(type, up, row * up_stride + at) : NULL;
        fill(type, element(type, gate, row * gate_stride + at), n, 0.0f, x);
        values(kind, x, n, x);
        narrow(type, x, factor, NULL, n, element(type, out, row * out_stride + at));
    }
    return DONE;
}

integer gate_backward(integer type, const void *d_out, integer d_out_stride, const void *gate,
                      integer gate_stride, const void *up, integer up_stride, integer kind,
                      void *d_gate, integer d_gate_stride, void *d_up, integer d_up_stride,
                      integer rows, integer channels, integer threads)
{
    ROWS(row, rows, rows * channels)
    CHUNKS(at, 0, channels) {
        BUFFER(x);
        BUFFER(slope);
        const integer n = LEAST(CHUNK, channels - at);
        const void *d = element(type, d_out, row * d_out_stride + at);
        const void *factor = up ? element(type, up, row * up_stride + at) : NULL;
        fill(type, element(type, gate, row * gate_stride + at), n, 0.0f, x);
        values_and_slopes(kind, x, n, x, slope);
        narrow(type, slope, d, factor, n, element(type, d_gate, row * d_gate_stride + at));
        if (d_up)
            narrow(type, x, d, NULL, n, element(type, d_up, row * d_up_stride + at));
    }
    return DONE;
}

/* ------------------------------------------------------------------------------------- softmax */

/* At most CHUNK scores, scaled and capped (softcap 0: not), into a buffer; -infinity, of which the
   exponential is 0, behind them. */
static void fill_scores(integer type, const void *from, integer n, float scale, float softcap,
                        float *score)
{
    widen(type, from, n, score);
    if (softcap > 0.0f)
        EACH(i, padded(n)) score[i] = softcap * hyperbolic_tangent(score[i] * scale / softcap);
    else if (scale != 1.0f)
        EACH(i, padded(n)) score[i] *= scale;
    for (integer i = n; i < padded(n); i++)
        score[i] = -INFINITY;
}

/* slope <- slope x the derivative of the cap, from the capped score. */
static void cap_backward(const float *score, integer n, float softcap, float *slope)
{
    const float inverse = 1.0f / softcap;
    if (softcap > 0.0f)
        EACH(i, padded(n)) slope[i] *= 1.0f - (score[i] * inverse) * (score[i] * inverse);
}

/* out <- e^(score - shift); returns their sum. */
static float exponentials(const float *score, integer n, float shift, float *out)
{
    float sum = 0.0f;
    SUM(sum, i, padded(n)) {
        out[i] = exponential(score[i] - shift);
        sum += out[i];
    }
    return sum;
}

static void multiply(float *x, integer n, float factor)
{
    EACH(i, padded(n)) x[i] *= factor;
}

/* The largest score of a row, and the sum of e^(score - largest). If the row is one chunk, the
   terms of the sum are left in `p`. */
typedef struct { float largest, sum; } Total;

static Total total_of(integer type, const void *row, integer n, float scale, float softcap,
                      float *score, float *p)
{
    float largest = -INFINITY, sum = 0.0f;
    CHUNKS(at, 0, n) {
        const integer here = LEAST(CHUNK, n - at);
        fill_scores(type, element(type, row, at), here, scale, softcap, score);
        PRAGMA(omp simd reduction(max : largest))
        for (integer i = 0; i < padded(here); i++)
            largest = score[i] > largest ? score[i] : largest;
    }
    CHUNKS(at, 0, n) {
        const integer here = LEAST(CHUNK, n - at);
        if (n > CHUNK)
            fill_scores(type, element(type, row, at), here, scale, softcap, score);
        sum += exponentials(score, here, largest, p);
    }
    return (Total){largest, sum};
}

/* The keys that a row of scores sees: begin <= key < end. */
typedef struct { integer begin, end; } Seen;

INLINE Seen seen(integer row, integer queries, integer first_query, integer window, integer keys)
{
    const integer position = first_query + row % queries;
    const integer end = MOST(0, LEAST(keys, position + 1));
    return (Seen){window > 0 ? LEAST(end, MOST(0, position + 1 - window)) : 0, end};
}

static void clear_unseen(integer type, void *row, Seen seen, integer keys)
{
    const size_t size = type == BFLOAT16 ? 2 : 4;
    memset(row, 0, (size_t)seen.begin * size);
    memset((char *)row + (size_t)seen.end * size, 0, (size_t)(keys - seen.end) * size);
}

integer causal_softmax(integer type, const float *scores, integer scores_batch,
                       integer scores_stride, integer queries, integer first_query, float scale,
                       integer window, float softcap, void *out, integer out_batch,
                       integer out_stride, float *lse, integer lse_batch, integer batch,
                       integer rows, integer keys, integer threads)
{
    if (queries < 1)
        return BAD_SIZES;
    GROWING_ROWS(item, batch, row, rows, batch * rows * keys) {
        BUFFER(score);
        BUFFER(p);
        const Seen range = seen(row, queries, first_query, window, keys);
        const integer length = range.end - range.begin;
        const float *s = scores + item * scores_batch + row * scores_stride;
        void *o = element(type, out, item * out_batch + row * out_stride);
        const Total all =
            total_of(FLOAT32, s + range.begin, length, scale, softcap, score, p);
        lse[item * lse_batch + row] = all.largest + logf(all.sum);
        CHUNKS(at, range.begin, range.end) {
            const integer n = LEAST(CHUNK, range.end - at);
            if (length > CHUNK) {
                fill_scores(FLOAT32, s + at, n, scale, softcap, score);
                exponentials(score, n, all.largest, p);
            }
            multiply(p, n, 1.0f / all.sum);
            /* Into the unseen where there is room, which is cleared next: no remainder. */
            narrow(type, p, NULL, NULL, LEAST(padded(n), keys - at), element(type, o, at));
        }
        clear_unseen(type, o, range, keys);
    }
    return DONE;
}

integer causal_softmax_backward(
    integer type, const float *scores, integer scores_batch, integer scores_stride,
    const float *d_probabilities, integer d_probabilities_batch, integer d_probabilities_stride,
    const float *lse, integer lse_batch, const float *delta, integer delta_batch, integer queries,
    integer first_query, float scale, integer window, float softcap, void *probabilities,
    integer probabilities_batch, integer probabilities_stride, void *d_scores,
    integer d_scores_batch, integer d_scores_stride, integer batch, integer rows, integer keys,
    integer threads)
{
    if (queries < 1)
        return BAD_SIZES;
    GROWING_ROWS(item, batch, row, rows, batch * rows * keys) {
        BUFFER(score);
        BUFFER(p);
        BUFFER(d);
        const Seen range = seen(row, queries, first_query, window, keys);
        const float *s = scores + item * scores_batch + row * scores_stride;
        const float *d_p =
            d_probabilities + item * d_probabilities_batch + row * d_probabilities_stride;
        const integer to = item * probabilities_batch + row * probabilities_stride;
        const integer d_to = item * d_scores_batch + row * d_scores_stride;
        CHUNKS(at, range.begin, range.end) {
            const integer n = LEAST(CHUNK, range.end - at);
            fill_scores(FLOAT32, s + at, n, scale, softcap, score);
            fill(FLOAT32, d_p + at, n, 0.0f, d);
            exponentials(score, n, lse[item * lse_batch + row], p);
            const float mean = delta[item * delta_batch + row];
            EACH(k, padded(n)) d[k] = p[k] * (d[k] - mean) * scale;
            cap_backward(score, n, softcap, d);
            const integer room = LEAST(padded(n), keys - at);
            narrow(type, p, NULL, NULL, room, element(type, probabilities, to + at));
            narrow(type, d, NULL, NULL, room, element(type, d_scores, d_to + at));
        }
        clear_unseen(type, element(type, probabilities, to), range, keys);
        clear_unseen(type, element(type, d_scores, d_to), range, keys);
    }
    return DONE;
}

/* With a label outside of the vocabulary nothing is done. */
integer cross_entropy_(integer type, void *logits, integer stride, const integer *labels,
                       const float *weights, float softcap, integer with_gradient, float *losses,
                       integer rows, integer vocabulary, integer threads)
{
    for (integer row = 0; row < rows; row++)
        if (labels[row] < 0 || labels[row] >= vocabulary)
            return BAD_LABEL;
    ROWS(row, rows, rows * vocabulary) {
        BUFFER(score);
        BUFFER(p);
        void *x = element(type, logits, row * stride);
        const float weight = weights[row];
        const Total all = total_of(type, x, vocabulary, 1.0f, softcap, score, p);
        fill_scores(type, element(type, x, labels[row]), 1, 1.0f, softcap, score);
        losses[row] = all.largest + logf(all.sum) - score[0];
        CHUNKS(at, 0, with_gradient ? vocabulary : 0) {
            const integer n = LEAST(CHUNK, vocabulary - at), label = labels[row] - at;
            fill_scores(type, element(type, x, at), n, 1.0f, softcap, score);
            exponentials(score, n, all.largest, p);
            multiply(p, n, weight / all.sum);
            if (label >= 0 && label < n)
                p[label] -= weight;
            cap_backward(score, n, softcap, p);
            narrow(type, p, NULL, NULL, n, element(type, x, at));
        }
    }
    return DONE;
}

/* ------------------------------------------------------------------------------------ products */

#define DOT(ELEMENT, READ, WRITE) \
    const ELEMENT *x = element(type, a, row * a_stride), *y = element(type, b, row * b_stride); \
    SUM(dot, c, channels) dot += READ(x[c]) * READ(y[c]);

integer row_dot(integer type, const void *a, integer a_stride, const void *b, integer b_stride,
                float *dots, integer rows, integer channels, integer threads)
{
    ROWS(row, rows, rows * channels) {
        float dot = 0.0f;
        FOR_TYPE(type, DOT)
        dots[row] = dot;
    }
    return DONE;
}
