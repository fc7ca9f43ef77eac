/* SPDX-License-Identifier: Apache-2.0
 *
 * glob.h - patterns of names: "*" stands for one or more characters within a segment, "**" for one or more of any.
 * Everything else stands for itself. A segment ends at sep: "/" in URIs, "." in host names, "@" in mail addresses, ","
 * in distinguished names; 0: there are none.
 */
#ifndef HF_AUTH_GLOB_H
#define HF_AUTH_GLOB_H
#include "handfast.h"

bool glob_match(hf_view pattern, uint8_t sep, hf_view value);
bool glob_is(hf_view pattern);
/* What every value that matches begins (or ends) with, cut at a separator, which belongs to it; empty: nothing. */
hf_view glob_head(hf_view pattern, uint8_t sep);
hf_view glob_tail(hf_view pattern, uint8_t sep);

#endif
