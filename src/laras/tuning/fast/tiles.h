/* Rows of tensors, read as float32 and written, and the product of two matrices, a tile at a time.

   A matrix that stands on the right of a product lies in panels: TILE of its columns, all of its
   rows, and then the next TILE columns. So a product reads it from front to back. */

#include "numbers.h"

typedef int64_t integer;

/* A tile of a product, ROWS x TILE, is held in registers. */
#ifdef __AVX512F__
enum { WIDTH = 16, ROWS = 8 };
#else
enum { WIDTH = 8, ROWS = 4 };
#endif
enum { TILE = 2 * WIDTH };

typedef float vector __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

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

/* out (ROWS, TILE) = or += left (ROWS, inner) panel (inner, TILE); left (row, i) stands at
   row * row_stride + i * step, so that a transposed matrix can be the left one, too. */
INLINE void tile_product(const float *left, integer row_stride, integer step, const float *panel,
                         integer inner, int add, float *out, integer out_stride)
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
            sums[row][0] += left[row * row_stride + i * step] * first;
            sums[row][1] += left[row * row_stride + i * step] * second;
        }
    }
    UNROLL for (integer row = 0; row < ROWS; row++) {
        vector *to = (vector *)(out + row * out_stride);
        to[0] = sums[row][0];
        to[1] = sums[row][1];
    }
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

INLINE void read_row(const tensor *x, integer at, integer channels, float scale, float *to)
{
    if (x->half) {
        const uint16_t *from = (const uint16_t *)x->first + at;
        EACH(c, 0, channels) to[c] = from_bfloat16(from[c]) * scale;
    } else {
        const float *from = (const float *)x->first + at;
        EACH(c, 0, channels) to[c] = from[c] * scale;
    }
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
