/* Causal attention of packed rows, forward and backward.

   Scores and sums are float32. Where the tensors are bfloat16 and the processor multiplies that,
   what goes into products is bfloat16, too (`half`): queries, keys and values as they are,
   probabilities and gradients of scores rounded, as kernels for GPUs do it (Dao 2023): twice the
   products in the same time. Elsewhere all is float32.

   A task is one example and one key head with its query heads (forwards, a long example's queries
   make several). It lays keys and values out once and goes through its queries BLOCK at a time:
   scores to the keys that they see, softmax, product with the values; backwards the scores again
   and four products more. Nothing beyond the diagonal is computed but the rest of a tile; nothing
   is gathered, and nothing kept but the logarithm of each softmax's denominator. A task owns what
   it writes and adds up in a fixed order: results are the same for any number of threads.

   Shapes: T tokens of the row; G key heads, Q query heads of each, D channels of a head; an example
   of L tokens. In scratch memory D is padded to `depth` and L to `length`, multiples of TILE, with
   zeros. Of what goes into products a unit holds one number, or two where `half` (tiles.h). */

#include <stdlib.h>

#include "tiles.h"

/* Queries that go together. Sums over queries are loaded and stored once for all of them, which
   takes a tenth off the backward pass; twice as many gain nothing more. */
enum { BLOCK = 32 };
enum { PART = 512 }; /* queries of a task, forwards */

/* What a call is about. */
typedef struct {
    tensor query, key, value, out, d_out, d_query, d_key, d_value;
    float *log_sums; /* (T, G, Q) */
    integer groups, queries, channels, depth, window;
    float scale, softcap;
    int half;
} job;

/* A task: one key head of one example, its queries from `first` on to before `last`. */
typedef struct {
    integer start, group, first, last;
} task;

/* Keys or values of a task in panels: as they are, (L, depth), and transposed, (depth, length). Each
   may be NULL. */
static void lay_out(const job *j, const tensor *x, const task *t, unit *plain, unit *transposed)
{
    const integer length = up_to(t->last, TILE), depth = j->depth, together = j->half ? 2 : 1;
    const integer rows = units(length, j->half), columns = units(depth, j->half);
    unit row[2][depth], *paired = row[0];
    unit pairs[depth];
    memset(row, 0, sizeof row);
    for (integer key = 0; key < length; key += together) {
        for (integer one = 0; one < together; one++) {
            if (key + one < t->last)
                read_row(x, place(x, t->start + key + one, t->group, 0), j->channels, j->half,
                         row[one]);
            else
                memset(row[one], 0, sizeof row[one]);
            if (transposed) {
                unit *to = transposed + key / TILE * TILE * columns + (key + one) % TILE;
                for (integer c = 0; c < columns; c++)
                    to[c * TILE] = row[one][c];
            }
        }
        if (!plain)
            continue;
        if (j->half) {
            pair_up((bfloat16 *)row[0], (bfloat16 *)row[1], depth, pairs);
            paired = pairs;
        }
        for (integer c = 0; c < depth; c += TILE)
            memcpy(plain + c * rows + key / together * TILE, paired + c, sizeof(unit) * TILE);
    }
}

/* A block of queries of one head, and the keys that its rows see. */
typedef struct {
    const job *job;
    const task *task;
    integer head, first, rows; /* rows <= BLOCK */
    integer length;            /* of a row of scores */
} block;

/* Keys that ROWS rows from `row` on may see: from a multiple of TILE on, to a multiple of WIDTH. */
INLINE integer low_of(const block *b, integer row)
{
    const integer nearest = b->first + row + 1 - b->job->window;
    return b->job->window && nearest > 0 ? nearest / TILE * TILE : 0;
}

INLINE integer high_of(const block *b, integer row)
{
    return up_to(b->first + least(row + ROWS, b->rows), WIDTH);
}

#define ROW_TILES(b, row) for (integer row = 0; row < (b)->rows; row += ROWS)

/* Rows of a block, (BLOCK, depth), those beyond it zero. */
static void read_rows(const block *b, const tensor *x, unit *to)
{
    const job *j = b->job;
    const integer width = units(j->depth, j->half);
    memset(to, 0, sizeof(unit) * (size_t)(BLOCK * width));
    for (integer row = 0; row < b->rows; row++)
        read_row(x, place(x, b->task->start + b->first + row, b->task->group, b->head),
                 j->channels, j->half, to + row * width);
}

static void write_rows(const block *b, const tensor *x, const float *scales, float scale,
                       const float *from)
{
    for (integer row = 0; row < b->rows; row++) {
        const integer token = b->task->start + b->first + row;
        write_row(x, place(x, token, b->task->group, b->head), b->job->channels,
                  scales ? scales[row] : scale, from + row * b->job->depth);
    }
}

/* (BLOCK, depth) and keys or values transposed -> (BLOCK, keys). */
static void times_keys(const block *b, const unit *rows, const unit *transposed, float *out)
{
    const int half = b->job->half;
    const integer width = units(b->job->depth, half), inner = units(b->job->channels, half);
    for (integer key = low_of(b, 0); key < b->first + b->rows; key += TILE)
        ROW_TILES(b, row)
            if (key + TILE > low_of(b, row) && key < high_of(b, row))
                tile_product(rows + row * width, width, 1, transposed + key * width, inner, 0,
                             out + row * b->length + key, b->length, half);
}

/* (BLOCK, keys) and keys or values as they are -> (BLOCK, depth). */
static void over_keys(const block *b, const unit *scores, const unit *plain, float *out)
{
    const int half = b->job->half;
    const integer depth = b->job->depth, width = units(b->length, half);
    for (integer c = 0; c < depth; c += TILE)
        ROW_TILES(b, row) {
            const integer low = units(low_of(b, row), half);
            const integer high = units(b->first + least(row + ROWS, b->rows), half);
            tile_product(scores + row * width + low, width, 1, plain + c * width + low * TILE,
                         high - low, 0, out + row * depth + c, depth, half);
        }
}

/* sums (length, depth) += (BLOCK, keys)' (BLOCK, depth), where a unit holds two queries if `half`;
   `panels` has room for the rows. */
static void over_queries(const block *b, const unit *scores, const unit *rows, unit *panels,
                         float *sums)
{
    const int half = b->job->half;
    const integer depth = b->job->depth, window = b->job->window, count = units(b->rows, half);
    for (integer c = 0; c < depth; c += TILE) {
        for (integer row = 0; row < count; row++)
            if (half) /* BLOCK is even: behind an odd last row stands one of zeros */
                pair_up((const bfloat16 *)(rows + row * depth) + c,
                        (const bfloat16 *)(rows + row * depth + depth / 2) + c, TILE,
                        panels + row * TILE);
            else
                memcpy(panels + row * TILE, rows + row * depth + c, sizeof(unit) * TILE);
        for (integer key = low_of(b, 0); key < b->first + b->rows; key += ROWS) {
            const integer from = units(most(0, key - b->first), half);
            const integer last = key + ROWS - 1 + window - b->first;
            const integer to = window ? least(count, units(most(0, last), half)) : count;
            tile_product(scores + from * b->length + key, 1, b->length, panels + from * TILE,
                         to - from, 1, sums + key * depth + c, depth, half);
        }
    }
}

/* Scores of a block in float32 -> what goes into products over keys. */
static const unit *over_key_units(const block *b, const float *scores, unit *to)
{
    if (!b->job->half)
        return (const unit *)scores;
    ROW_TILES(b, tile)
        for (integer row = tile; row < tile + ROWS; row++) {
            const float *from = scores + row * b->length;
            bfloat16 *half = (bfloat16 *)to + row * b->length;
            for (integer key = low_of(b, tile); key < high_of(b, tile); key += WIDTH)
                *(half_vector *)(half + key) =
                    __builtin_convertvector(rounded(from + key), half_vector);
        }
    return to;
}

/* The same for products over queries: a unit holds two rows. Behind an odd last one stands one that
   times_keys has made from zeros. */
static const unit *over_query_units(const block *b, const float *scores, unit *to)
{
    if (!b->job->half)
        return (const unit *)scores;
    ROW_TILES(b, tile)
        for (integer row = tile; row < tile + ROWS; row += 2) {
            const float *even = scores + row * b->length, *odd = even + b->length;
            unit *pair = to + row / 2 * b->length;
            for (integer key = low_of(b, tile); key < high_of(b, tile); key += WIDTH)
                *(unit_vector *)(pair + key) = rounded(even + key) | rounded(odd + key) << 16;
        }
    return to;
}

/* ------------------------------------------------------------------------------------- softmax */

/* Raw scores of a row -> scaled and capped ones if there is a cap, those that it does not see -infinity, whose exponential is 0:
   loops over keys run to whole vectors. `slopes`, of the cap, may be NULL. */
static void mask(const block *b, integer row, float *scores, float *slopes)
{
    const integer low = low_of(b, row / ROWS * ROWS), high = high_of(b, row / ROWS * ROWS);
    const integer to = b->first + row + 1;
    const integer from = b->job->window ? most(0, to - b->job->window) : 0;
    const float softcap = b->job->softcap, scale = b->job->scale;
    if (softcap > 0.0f)
        EACH(key, low, high) {
            const float share = hyperbolic_tangent(scores[key] * scale / softcap);
            scores[key] = softcap * share;
            if (slopes)
                slopes[key] = 1.0f - share * share;
        }
    for (integer key = low; key < from; key++)
        scores[key] = -INFINITY;
    for (integer key = to; key < high; key++)
        scores[key] = -INFINITY;
}

/* Scores of a row -> their exponentials over a common factor; the logarithm of their sum into
   `log_sum`, over the scale: a row that sees one key alone has a probability of exactly 1 then.
   Returns what to multiply with to have probabilities. */
static float soften(const block *b, integer row, float *scores, float *log_sum)
{
    const integer low = low_of(b, row / ROWS * ROWS), high = high_of(b, row / ROWS * ROWS);
    float largest = -INFINITY, sum = 0.0f;
    const float scale = b->job->softcap > 0.0f ? 1.0f : b->job->scale;
    mask(b, row, scores, NULL);
    _Pragma("omp simd reduction(max : largest)")
    for (integer key = low; key < high; key++)
        largest = scores[key] > largest ? scores[key] : largest;
    _Pragma("omp simd reduction(+ : sum)")
    for (integer key = low; key < high; key++)
        sum += scores[key] = exponential((scores[key] - largest) * scale);
    *log_sum = largest + logf(sum) / scale;
    return 1.0f / sum;
}

/* Scores of a row and gradients of its probabilities -> probabilities, gradients of scores. */
static void soften_backward(const block *b, integer row, float *scores, float *gradients,
                            float *slopes, float log_sum)
{
    const integer low = low_of(b, row / ROWS * ROWS), high = high_of(b, row / ROWS * ROWS);
    const float scale = b->job->softcap > 0.0f ? 1.0f : b->job->scale;
    float mean = 0.0f;
    mask(b, row, scores, slopes);
    _Pragma("omp simd reduction(+ : mean)")
    for (integer key = low; key < high; key++) {
        scores[key] = exponential((scores[key] - log_sum) * scale);
        mean += scores[key] * gradients[key];
    }
    EACH(key, low, high) gradients[key] = scores[key] * (gradients[key] - mean);
    if (b->job->softcap > 0.0f)
        EACH(key, low, high) gradients[key] *= slopes[key];
}

static float *log_sum_of(const block *b, integer row)
{
    const integer token = b->task->start + b->first + row;
    return b->job->log_sums + (token * b->job->groups + b->task->group) * b->job->queries + b->head;
}

/* --------------------------------------------------------------------------------------- tasks */

/* The next piece of scratch memory. All are multiples of a vector, so that none is misaligned. */
static float *cut(float **scratch, integer size)
{
    float *piece = *scratch;
    *scratch += size;
    return piece;
}

static integer scratch_size(integer longest, integer depth)
{
    const integer length = up_to(longest, TILE);
    return 5 * length * depth + 3 * BLOCK * depth + BLOCK * TILE + (2 * BLOCK + BLOCK / 2 + 1) * length;
}

static void forward(const job *j, const task *t, float *scratch)
{
    const integer depth = j->depth, length = up_to(t->last, TILE);
    unit *keys = (unit *)cut(&scratch, length * depth);
    unit *values = (unit *)cut(&scratch, length * depth);
    unit *queries = (unit *)cut(&scratch, BLOCK * depth), *room = (unit *)cut(&scratch, BLOCK / 2 * length);
    float *mixed = cut(&scratch, BLOCK * depth);
    float *scores = cut(&scratch, BLOCK * length), factors[BLOCK];
    lay_out(j, &j->key, t, NULL, keys);
    lay_out(j, &j->value, t, values, NULL);
    for (integer head = 0; head < j->queries; head++)
        for (integer first = t->first; first < t->last; first += BLOCK) {
            const block b = {j, t, head, first, least(BLOCK, t->last - first), length};
            read_rows(&b, &j->query, queries);
            times_keys(&b, queries, keys, scores);
            for (integer row = 0; row < b.rows; row++)
                factors[row] = soften(&b, row, scores + row * b.length, log_sum_of(&b, row));
            over_keys(&b, over_key_units(&b, scores, room), values, mixed);
            write_rows(&b, &j->out, factors, 1.0f, mixed);
        }
}

static void backward(const job *j, const task *t, float *scratch)
{
    const integer depth = j->depth, length = up_to(t->last, TILE), size = length * depth;
    unit *turned_keys = (unit *)cut(&scratch, size), *turned_values = (unit *)cut(&scratch, size);
    unit *keys = (unit *)cut(&scratch, size);
    float *d_keys = cut(&scratch, size), *d_values = cut(&scratch, size);
    unit *queries = (unit *)cut(&scratch, BLOCK * depth);
    unit *given = (unit *)cut(&scratch, BLOCK * depth);
    float *moved = cut(&scratch, BLOCK * depth), *slopes = cut(&scratch, length);
    unit *panels = (unit *)cut(&scratch, BLOCK * TILE);
    float *scores = cut(&scratch, BLOCK * length), *gradients = cut(&scratch, BLOCK * length);
    unit *room = (unit *)cut(&scratch, BLOCK / 2 * length);
    memset(d_keys, 0, sizeof(float) * (size_t)size);
    memset(d_values, 0, sizeof(float) * (size_t)size);
    lay_out(j, &j->key, t, keys, turned_keys);
    lay_out(j, &j->value, t, NULL, turned_values);
    for (integer head = 0; head < j->queries; head++)
        for (integer first = 0; first < t->last; first += BLOCK) {
            const block b = {j, t, head, first, least(BLOCK, t->last - first), length};
            read_rows(&b, &j->query, queries);
            read_rows(&b, &j->d_out, given);
            times_keys(&b, queries, turned_keys, scores);
            times_keys(&b, given, turned_values, gradients);
            for (integer row = 0; row < b.rows; row++)
                soften_backward(&b, row, scores + row * b.length, gradients + row * b.length,
                                slopes, *log_sum_of(&b, row));
            over_keys(&b, over_key_units(&b, gradients, room), keys, moved);
            write_rows(&b, &j->d_query, NULL, j->scale, moved);
            over_queries(&b, over_query_units(&b, gradients, room), queries, panels, d_keys);
            over_queries(&b, over_query_units(&b, scores, room), given, panels, d_values);
        }
    for (integer key = 0; key < t->last; key++) {
        const tensor *d_key = &j->d_key, *d_value = &j->d_value;
        write_row(d_key, place(d_key, t->start + key, t->group, 0), j->channels, j->scale,
                  d_keys + key * depth);
        write_row(d_value, place(d_value, t->start + key, t->group, 0), j->channels, 1.0f,
                  d_values + key * depth);
    }
}

/* --------------------------------------------------------------------------------------- calls */

static tensor described(integer type, const integer *facts)
{
    return (tensor){(void *)(intptr_t)facts[0], facts[1], facts[2], facts[3], type == 1};
}

/* `tensors`: for each tensor its address and the strides of T, G and Q (0 where it has none): query,
   key, value, then out, or where `back` d_out, d_query, d_key, d_value. `segments` (count, 4): start
   and length of an example, the longest first. Returns 0, or 1 where there is no memory. */
integer attention(integer type, const integer *tensors, const int32_t *segments, integer count,
                  float *log_sums, integer groups, integer queries, integer channels, float scale,
                  integer window, float softcap, integer back, integer threads)
{
    job j = {.log_sums = log_sums, .groups = groups, .queries = queries, .channels = channels,
             .depth = up_to(channels, TILE), .window = window, .scale = scale, .softcap = softcap,
             .half = HALF_PRODUCTS && type == 1};
    tensor *const all[] = {&j.query, &j.key, &j.value, back ? &j.d_out : &j.out, &j.d_query,
                           &j.d_key, &j.d_value};
    for (integer i = 0; i < (back ? 7 : 4); i++)
        *all[i] = described(type, tensors + 4 * i);
    const integer longest = count ? segments[1] : 0;
    const integer parts = back ? 1 : most(1, (longest + PART - 1) / PART);
    integer lacking = 0;
    _Pragma("omp parallel num_threads((int)threads) reduction(| : lacking)")
    {
        float *scratch = NULL;
        /* The longest come first, so that the last ones fill the gaps, and that what a thread's
           first task needs is enough for its others. */
        _Pragma("omp for schedule(dynamic, 1)")
        for (integer item = 0; item < count * groups * parts; item++) {
            const int32_t *segment = segments + item / (groups * parts) * 4;
            const integer part = parts - 1 - item / groups % parts;
            const integer last = back ? segment[1] : least(segment[1], (part + 1) * PART);
            const task t = {segment[0], item % groups, part * PART, last};
            if (lacking || t.first >= last)
                continue;
            if (!scratch) {
                const integer room = (integer)sizeof(float) * scratch_size(segment[1], j.depth);
                scratch = aligned_alloc(64, (size_t)up_to(room, 64));
                lacking = scratch == NULL;
            }
            if (!scratch)
                continue;
            if (back)
                backward(&j, &t, scratch);
            else
                forward(&j, &t, scratch);
        }
        free(scratch);
    }
    return lacking;
}
