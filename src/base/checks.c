/* SPDX-License-Identifier: Apache-2.0
 *
 * checks.c - the table behind hf_check_info_of. checks.def is in order of numbers (a test says so), so a
 * binary search finds a row.
 */
#include "why.h"

static const struct row {
    uint16_t      number;
    hf_check_info info;
} rows[] = {
#define CHECK(number, name, reason, alert, unit, rfc, title, hint)                                                     \
    {number, {#name, reason, title, hint, rfc, unit, alert}},
#include "checks.def"
#undef CHECK
};

const hf_check_info *hf_check_info_of(uint16_t check)
{
    size_t lo = 0, hi = sizeof rows / sizeof rows[0];
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (rows[mid].number == check)
            return &rows[mid].info;
        if (rows[mid].number < check)
            lo = mid + 1;
        else
            hi = mid;
    }
    return &rows[0].info;
}
