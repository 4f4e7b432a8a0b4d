/* bfloat16, exponential, tanh, sigmoid and the normal distribution: float32 functions that a
   compiler vectorises, which it cannot do with those of the C library. NaN and infinity travel
   through: comparisons stand the way round that keeps a NaN. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

INLINE float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

INLINE float from_bfloat16(uint16_t x)
{
    return float_of((uint32_t)x << 16);
}

INLINE uint16_t to_bfloat16(float x) /* to the nearest, ties to even */
{
    const uint32_t bits = bits_of(x);
    return (uint16_t)(x == x ? (bits + 0x7fff + (bits >> 16 & 1)) >> 16 : 0x7fc0);
}

/* e^x for x <= 0, within 1e-7 of its value; 0 where that is no normal number. The polynomial is
   that of Cephes' expf (Moshier). Adding 1.5 x 2^23 rounds to an integer and leaves it in the
   lowest bits, from where it moves into the exponent. */
INLINE float exponential(float x)
{
    const float shifted = x * 1.44269504088896341f + 12582912.0f;
    const float whole = shifted - 12582912.0f;
    const float rest = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
    float sum = 1.9875691500e-4f;
    sum = sum * rest + 1.3981999507e-3f;
    sum = sum * rest + 8.3334519073e-3f;
    sum = sum * rest + 4.1665795894e-2f;
    sum = sum * rest + 1.6666665459e-1f;
    sum = sum * rest + 5.0000001201e-1f;
    sum = sum * (rest * rest) + rest + 1.0f;
    return x < -87.3f ? 0.0f : sum * float_of((bits_of(shifted) + 127) << 23);
}

INLINE float sigmoid(float x)
{
    const float small = exponential(-fabsf(x));
    return (x < 0.0f ? small : 1.0f) / (1.0f + small);
}

/* Near zero 1 - e^-2x loses its digits; Cephes' polynomial stands there. */
INLINE float hyperbolic_tangent(float x)
{
    const float size = fabsf(x), square = x * x, small = exponential(-2.0f * size);
    float sum = -5.70498872745e-3f;
    sum = sum * square + 2.06390887954e-2f;
    sum = sum * square - 5.37397155531e-2f;
    sum = sum * square + 1.33314422036e-1f;
    sum = sum * square - 3.33332819422e-1f;
    const float far = copysignf((1.0f - small) / (1.0f + small), x);
    return size < 0.625f ? sum * square * x + x : far;
}

/* The share of the normal distribution below x, and its density there. The share below -|x| is
   the bell curve times a polynomial in t without constant term, fitted to erfc in float64 for
   |x| < 14 with a relative error of 3e-8. */
INLINE float normal_share(float x, float *density)
{
    const float bell = exponential(-0.5f * x * x), t = 1.0f / (1.0f + 0.35f * fabsf(x));
    float sum = -2.91459393e-2f;
    sum = sum * t + 1.43971741e-1f;
    sum = sum * t - 2.55714357e-1f;
    sum = sum * t + 1.59174264e-1f;
    sum = sum * t - 2.31099036e-2f;
    sum = sum * t + 1.05508030e-1f;
    sum = sum * t + 1.19832858e-1f;
    sum = sum * t + 1.39861867e-1f;
    sum = sum * t + 1.39621407e-1f;
    sum *= t * bell;
    *density = 0.398942280401432678f * bell;
    return x < 0.0f ? sum : 1.0f - sum;
}
