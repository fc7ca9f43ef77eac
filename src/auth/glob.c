/* SPDX-License-Identifier: Apache-2.0
 *
 * glob.c - see glob.h. When a literal does not fit, the last "*" takes one character more, and where it may not, the
 * last "**" does: an earlier star never has to be tried again, for what follows it was found as early as possible. So
 * the work is at most the product of both lengths.
 */
#include "glob.h"

#include <string.h>

/* Where the match goes on when what follows a star does not fit. */
struct star {
    size_t p, v; /* behind the star in the pattern; behind what it has taken so far; p 0: there was none */
};

bool glob_is(hf_view pattern)
{
    return pattern.n && memchr(pattern.p, '*', pattern.n);
}

static bool takes(hf_view v, size_t at, uint8_t sep, bool wide)
{
    return at < v.n && (wide || !sep || v.p[at] != sep);
}

/* The star takes one more; false: it cannot. */
static bool longer(struct star *s, hf_view v, uint8_t sep, bool wide, size_t *p, size_t *at)
{
    if (!s->p || !takes(v, s->v, sep, wide))
        return false;
    *p  = s->p;
    *at = ++s->v;
    return true;
}

bool glob_match(hf_view pat, uint8_t sep, hf_view v)
{
    struct star one = {0}, two = {0};
    size_t      p = 0, at = 0;
    for (;;) {
        bool star = p < pat.n && pat.p[p] == '*';
        bool wide = star && p + 1 < pat.n && pat.p[p + 1] == '*';
        if (p == pat.n && at == v.n)
            return true;
        if (star && takes(v, at, sep, wide)) {
            p += wide ? 2 : 1;
            one                   = wide ? (struct star){0} : one;
            *(wide ? &two : &one) = (struct star){p, ++at};
        } else if (!star && p < pat.n && at < v.n && pat.p[p] == v.p[at]) {
            p++;
            at++;
        } else if (!longer(&one, v, sep, false, &p, &at)) {
            one = (struct star){0};
            if (!longer(&two, v, sep, true, &p, &at))
                return false;
        }
    }
}

hf_view glob_head(hf_view pat, uint8_t sep)
{
    size_t n = 0, keep = 0;
    for (; sep && n < pat.n && pat.p[n] != '*'; n++)
        if (pat.p[n] == sep)
            keep = n + 1;
    return (hf_view){pat.p, keep};
}

hf_view glob_tail(hf_view pat, uint8_t sep)
{
    size_t at = pat.n, keep = pat.n;
    for (; sep && at > 0 && pat.p[at - 1] != '*'; at--)
        if (pat.p[at - 1] == sep)
            keep = at - 1;
    return (hf_view){pat.p + keep, pat.n - keep};
}
