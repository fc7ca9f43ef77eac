/* SPDX-License-Identifier: Apache-2.0
 *
 * ip.c - IPv4 as four decimal numbers; IPv6 as eight groups of hex, one run of zero groups left out as "::",
 * the last two groups perhaps written as IPv4.
 */
#include "ip.h"

#include <string.h>

#include "text.h"

enum { GROUPS = 8 };

/* A number of IPv4 at *s, which is moved behind it; -1: none, too large, or with a leading zero. */
static int octet(const char **s)
{
    int v = 0, digits = 0;
    for (; **s >= '0' && **s <= '9'; ++*s, digits++)
        if ((v = v * 10 + (**s - '0')) > 255 || (digits == 1 && v < 10))
            return -1;
    return digits ? v : -1;
}

static bool parse4(const char *s, uint8_t out[static 4])
{
    for (int i = 0; i < 4; i++) {
        int v = i == 0 || *s++ == '.' ? octet(&s) : -1;
        if (v < 0)
            return false;
        out[i] = (uint8_t)v;
    }
    return *s == '\0';
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* A group of one to four hex digits at *s, which is moved behind it; -1: none. */
static int group(const char **s)
{
    int v = 0, digits = 0;
    for (; digits < 4 && hex_digit(**s) >= 0; ++*s, digits++)
        v = v * 16 + hex_digit(**s);
    return digits ? v : -1;
}

static bool parse6(const char *s, uint8_t out[static 16])
{
    uint8_t bytes[16] = {0};
    size_t  n = 0, gap = SIZE_MAX; /* n: bytes so far; gap: of them stand in front of "::" */
    if (s[0] == ':' && s[1] != ':')
        return false;
    while (*s && n < sizeof bytes) {
        if (s[0] == ':' && s[1] == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = n;
            s += 2;
            continue;
        }
        if (n > 0 && gap != n && *s++ != ':')
            return false;
        if (n <= sizeof bytes - 4 && parse4(s, bytes + n)) {
            n += 4;
            s += strlen(s);
            break;
        }
        int v = group(&s);
        if (v < 0)
            return false;
        bytes[n++] = (uint8_t)(v >> 8);
        bytes[n++] = (uint8_t)v;
    }
    if (*s || (gap == SIZE_MAX) != (n == sizeof bytes))
        return false;
    memset(out, 0, 16);
    if (gap > n)
        gap = n;
    memcpy(out, bytes, gap);
    memcpy(out + 16 - (n - gap), bytes + gap, n - gap);
    return true;
}

size_t ip_parse(const char *text, uint8_t out[static 16])
{
    return parse4(text, out) ? 4 : parse6(text, out) ? 16 : 0;
}

static unsigned group_at(hf_view ip, size_t i)
{
    return (unsigned)ip.p[2 * i] << 8 | ip.p[2 * i + 1];
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 4.2). */
static void longest_zeros(hf_view ip, size_t *start, size_t *len)
{
    *start = GROUPS;
    *len   = 1;
    for (size_t i = 0, run; i < GROUPS; i += run + 1) {
        for (run = 0; i + run < GROUPS && group_at(ip, i + run) == 0; run++)
            ;
        if (run > *len) {
            *start = i;
            *len   = run;
        }
    }
}

char *ip_text(hf_view ip, char out[static IP_TEXT])
{
    size_t start, len, n = 0;
    out[0] = '\0';
    if (ip.n == 4)
        text_add(out, IP_TEXT, 0, "%u.%u.%u.%u", ip.p[0], ip.p[1], ip.p[2], ip.p[3]);
    if (ip.n != 16)
        return out;
    longest_zeros(ip, &start, &len);
    for (size_t i = 0; i < GROUPS;) {
        if (i == start) {
            n = text_add(out, IP_TEXT, n, "::");
            i += len;
            continue;
        }
        n = text_add(out, IP_TEXT, n, i == 0 || i == start + len ? "%x" : ":%x", group_at(ip, i));
        i++;
    }
    return out;
}
