/* SPDX-License-Identifier: Apache-2.0
 *
 * when.c - the civil calendar in whole numbers. A year is counted from March, so that the leap day is its
 * last; 400 years are 146,097 days (an era), whatever the century.
 */
#include "when.h"

#include <string.h>

enum { DAY = 86400, HOUR = 3600, MINUTE = 60 };
enum { DAYS_400_YEARS = 146097, DAYS_TO_1970 = 719468 }; /* from 1 March of year 0 */

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && leap(year));
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y   = year - (month <= 2);
    int64_t era = floor_div(y, 400);
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * DAYS_400_YEARS + doe - DAYS_TO_1970;
}

bool when_to_unix(const struct when *w, int64_t *seconds)
{
    if (w->year < 0 || w->year > 9999 || w->month < 1 || w->month > 12 || w->day < 1 ||
        w->day > days_in(w->year, w->month))
        return false;
    if (w->hour < 0 || w->hour > 23 || w->minute < 0 || w->minute > 59 || w->second < 0 || w->second > 59)
        return false;
    *seconds =
        days_since_1970(w->year, w->month, w->day) * DAY + w->hour * HOUR + w->minute * MINUTE + (int64_t)w->second;
    return true;
}

struct when when_of_unix(int64_t seconds)
{
    int64_t days = floor_div(seconds, DAY);
    int     sec  = (int)(seconds - days * DAY);
    int64_t z    = days + DAYS_TO_1970;
    int64_t era  = floor_div(z, DAYS_400_YEARS);
    int64_t doe  = z - era * DAYS_400_YEARS;
    int64_t yoe  = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy  = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp   = (5 * doy + 2) / 153; /* 0 = March */
    int     day  = (int)(doy - (153 * mp + 2) / 5 + 1);
    int     mon  = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct when){.year   = (int)(yoe + era * 400 + (mon <= 2)),
                         .month  = mon,
                         .day    = day,
                         .hour   = sec / HOUR,
                         .minute = sec % HOUR / MINUTE,
                         .second = sec % MINUTE};
}

/* n digits at text[at]; -1 when they are none. */
static int digits(const char *text, size_t at, size_t n)
{
    int v = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[at + i] < '0' || text[at + i] > '9')
            return -1;
        v = v * 10 + (text[at + i] - '0');
    }
    return v;
}

/* What follows the seconds: "Z" or "+hh:mm", as seconds east of UTC. */
static bool zone(const char *text, size_t n, int64_t *east)
{
    *east = 0;
    if (n == 1)
        return text[0] == 'Z' || text[0] == 'z';
    if (n != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
        return false;
    int hours = digits(text, 1, 2), minutes = digits(text, 4, 2);
    *east = (text[0] == '-' ? -1 : 1) * ((int64_t)hours * HOUR + (int64_t)minutes * MINUTE);
    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

bool when_parse(const char *text, int64_t *seconds)
{
    enum { UP_TO_SECONDS = 19 };
    size_t  n = strlen(text);
    int64_t east;
    if (n < UP_TO_SECONDS || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') ||
        text[13] != ':' || text[16] != ':' || !zone(text + UP_TO_SECONDS, n - UP_TO_SECONDS, &east))
        return false;
    struct when w = {digits(text, 0, 4),  digits(text, 5, 2),  digits(text, 8, 2),
                     digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)};
    if (w.year < 0 || !when_to_unix(&w, seconds))
        return false;
    *seconds -= east;
    return true;
}

/* Moments outside the years 0 to 9999 are shown as the nearest one inside. */
char *when_text(int64_t seconds, char out[static 24])
{
    const int64_t least = -62167219200, most = 253402300799;
    struct when   w = when_of_unix(seconds < least ? least : seconds > most ? most : seconds);
    snprintf(out, 24, "%04d-%02d-%02dT%02d:%02d:%02dZ", w.year % 10000u, w.month % 100u, w.day % 100u, w.hour % 100u,
             w.minute % 100u, w.second % 100u);
    return out;
}

char *when_span(int64_t seconds, char out[static 32])
{
    static const struct {
        uint64_t    unit;
        const char *one, *many;
    } scale[] = {
        {DAY, "day", "days"}, {HOUR, "hour", "hours"}, {MINUTE, "minute", "minutes"}, {1, "second", "seconds"}};
    uint64_t s = seconds < 0 ? 0 - (uint64_t)seconds : (uint64_t)seconds;
    size_t   i = 0;
    while (i < 3 && s < scale[i].unit)
        i++;
    uint64_t n = s / scale[i].unit;
    snprintf(out, 32, "%llu %s", (unsigned long long)n, n == 1 ? scale[i].one : scale[i].many);
    return out;
}
