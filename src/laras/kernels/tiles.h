/* Rows of tensors, read and written, and the product of two matrices, a tile at a time.

   Matrices consist of units of 32 bits along the dimension that a product sums over: a float32 or,
   in `half` products, two neighbours in bfloat16, whose products one instruction adds to a float32
   sum. So both kinds of products are the same loops, over half as many units in the latter.

   A matrix that stands on the right of a product lies in panels: TILE of its columns, all of its
   rows, and then the next TILE columns. So a product reads it from front to back. */

#include "numbers.h"

#ifdef __AVX512BF16__
#include <immintrin.h>
enum { HALF_PRODUCTS = 1 };
#else
enum { HALF_PRODUCTS = 0 };
#endif

typedef int64_t integer;
/* Units are read and written as numbers of either kind. */
typedef uint32_t unit __attribute__((may_alias));
typedef uint16_t bfloat16 __attribute__((may_alias));

/* A tile of a product, ROWS x TILE, is held in registers. */
#ifdef __AVX512F__
enum { WIDTH = 16, ROWS = 8 };
#else
enum { WIDTH = 8, ROWS = 4 };
#endif
enum { TILE = 2 * WIDTH };

typedef float vector __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

typedef unit unit_vector __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
typedef bfloat16 half_vector __attribute__((vector_size(2 * WIDTH), aligned(2), may_alias));

#define UNROLL _Pragma("GCC unroll 8")
#define EACH(i, low, high) _Pragma("omp simd") for (integer i = low; i < (high); i++)

INLINE integer up_to(integer n, integer multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

INLINE integer least(integer a, integer b)
{
    return a < b ? a : b;
}

INLINE integer most(integer a, integer b)
{
    return a > b ? a : b;
}

INLINE vector multiply_add(const unit *left, vector right, vector sum, int half)
{
#ifdef __AVX512BF16__
    if (half)
        return (vector)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32((int)*left),
                                        (__m512bh)right);
#endif
    return sum + float_of(*left) * right;
}

/* out (ROWS, TILE) = or += left (ROWS, inner) panel (inner, TILE); left (row, i) stands at
   row * row_stride + i * step, so that a transposed matrix can be the left one, too. `inner`,
   strides and steps are in units. */
INLINE void product(const unit *left, integer row_stride, integer step, const unit *panel,
                    integer inner, int add, float *out, integer out_stride, int half)
{
    vector sums[ROWS][2];
    UNROLL for (integer row = 0; row < ROWS; row++) {
        const vector *old = (const vector *)(out + row * out_stride);
        sums[row][0] = add ? old[0] : (vector){0};
        sums[row][1] = add ? old[1] : (vector){0};
    }
    for (integer i = 0; i < inner; i++) {
        const vector *right = (const vector *)(panel + i * TILE);
        const vector first = right[0], second = right[1];
        UNROLL for (integer row = 0; row < ROWS; row++) {
            const unit *one = left + row * row_stride + i * step;
            sums[row][0] = multiply_add(one, first, sums[row][0], half);
            sums[row][1] = multiply_add(one, second, sums[row][1], half);
        }
    }
    UNROLL for (integer row = 0; row < ROWS; row++) {
        vector *to = (vector *)(out + row * out_stride);
        to[0] = sums[row][0];
        to[1] = sums[row][1];
    }
}

INLINE void tile_product(const unit *left, integer row_stride, integer step, const unit *panel,
                         integer inner, int add, float *out, integer out_stride, int half)
{
    if (HALF_PRODUCTS && half)
        product(left, row_stride, step, panel, inner, add, out, out_stride, 1);
    else
        product(left, row_stride, step, panel, inner, add, out, out_stride, 0);
}

/* Units of n numbers, of which pairs share one where `half`. */
INLINE integer units(integer n, int half)
{
    return half ? (n + 1) / 2 : n;
}

/* Two rows of n bfloat16 numbers -> units of one of each. */
INLINE void pair_up(const bfloat16 *even, const bfloat16 *odd, integer n, unit *to)
{
    EACH(i, 0, n) to[i] = even[i] | (unit)odd[i] << 16;
}

/* WIDTH float32 numbers rounded to bfloat16, in the lower halves of as many units. */
INLINE unit_vector rounded(const float *from)
{
#ifdef __AVX512BF16__
    return (unit_vector)_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(from)));
#else
    unit_vector to;
    for (integer i = 0; i < WIDTH; i++)
        to[i] = to_bfloat16(from[i]);
    return to;
#endif
}

/* (T, G, Q, D) or (T, G, D), the last dimension in one piece: float32, or bfloat16 where `half`. */
typedef struct {
    void *first;
    integer token, group, head;
    int half;
} tensor;

INLINE integer place(const tensor *x, integer token, integer group, integer head)
{
    return token * x->token + group * x->group + head * x->head;
}

/* A row of channels as units: bfloat16 as it is where `half`, else as float32. */
INLINE void read_row(const tensor *x, integer at, integer channels, int half, unit *to)
{
    if (!x->half) {
        memcpy(to, (const float *)x->first + at, sizeof(float) * (size_t)channels);
        return;
    }
    const uint16_t *from = (const uint16_t *)x->first + at;
    if (half)
        memcpy(to, from, sizeof(uint16_t) * (size_t)channels);
    else
        EACH(c, 0, channels) to[c] = (unit)from[c] << 16;
}

INLINE void write_row(const tensor *x, integer at, integer channels, float scale, const float *from)
{
    if (x->half) {
        uint16_t *to = (uint16_t *)x->first + at;
        EACH(c, 0, channels) to[c] = to_bfloat16(from[c] * scale);
    } else {
        float *to = (float *)x->first + at;
        EACH(c, 0, channels) to[c] = from[c] * scale;
    }
}
