#include "base/math.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const double ln2_high = 0x1.62e42fefa0000p-1;
static const double ln2_low = 0x1.cf79abc9e3b39p-40;

static double power_of_two(int exponent)
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double cdr_exp(double x)
{
    double scaled = x * 1.4426950408889634;
    int k = (int)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    double r = (x - k * ln2_high) - k * ln2_low;
    /* |r| ≤ ln 2 / 2: the Taylor series to r^14 errs by less than 1e-17. */
    double sum = 1;
    for (int n = 14; n >= 1; n--)
        sum = 1 + sum * r / n;
    return sum * power_of_two(k / 2) * power_of_two(k - k / 2);
}

double cdr_log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & UINT64_C(0xfffffffffffff)) | UINT64_C(0x3ff0000000000000);
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m /= 2;
        exponent++;
    }
    /* log m = 2 artanh(s), s = (m − 1) / (m + 1), |s| ≤ 0.1716: 12 odd terms. */
    double s = (m - 1) / (m + 1), square = s * s, sum = 0;
    for (int n = 25; n >= 1; n -= 2)
        sum = sum * square + 1.0 / n;
    return exponent * ln2_high + (2 * s * sum + exponent * ln2_low);
}

double cdr_cos(double x)
{
    double square = x * x, sum = 1;
    for (int n = 40; n >= 2; n -= 2)
        sum = 1 - sum * square / (n * (n - 1));
    return sum;
}

double cdr_pow(double x, double y)
{
    return cdr_exp(y * cdr_log(x));
}

static double ratio(const double *numerator, const double *denominator, double x)
{
    double above = 0, below = 0;
    for (int i = 7; i >= 0; i--) {
        above = above * x + numerator[i];
        below = below * x + denominator[i];
    }
    return above / below;
}

double cdr_normal_quantile(double p)
{
    static const double centre[2][8] = {
        {3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3,
         1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
         3.3430575583588128105e4, 2.5090809287301226727e3},
        {1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
         2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
         5.2264952788528545610e3}};
    static const double middle[2][8] = {
        {1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550,
         3.64784832476320460504, 1.27045825245236838258, 2.41780725177450611770e-1,
         2.27238449892691845833e-2, 7.74545014278341407640e-4},
        {1.0, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1,
         1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
         1.05075007164441684324e-9}};
    static const double tail[2][8] = {
        {6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580,
         2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
         2.71155556874348757815e-5, 2.01033439929228813265e-7},
        {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
         7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
         2.04426310338993978564e-15}};

    double q = p - 0.5;
    if (q >= -0.425 && q <= 0.425)
        return q * ratio(centre[0], centre[1], 0.180625 - q * q);
    double r = sqrt(-cdr_log(q < 0 ? p : 1 - p));
    double z = r <= 5 ? ratio(middle[0], middle[1], r - 1.6) : ratio(tail[0], tail[1], r - 5);
    return q < 0 ? -z : z;
}
