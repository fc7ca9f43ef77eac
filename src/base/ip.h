/* SPDX-License-Identifier: Apache-2.0
 * ip.h - IP addresses as text, without the system's network headers: the floors below the program have no sockets. */
#ifndef HF_BASE_IP_H
#define HF_BASE_IP_H
#include "handfast.h"

/* "192.0.2.1" (no leading zeros) or "2001:db8::1" (RFC 4291 2.2, no zone): its bytes, 4 or 16; 0: it is none. */
size_t ip_parse(const char *text, uint8_t out[static 16]);
/* 4 or 16 bytes as text (RFC 5952); out has IP_TEXT bytes. Returns out. */
enum { IP_TEXT = 40 };
char *ip_text(hf_view ip, char out[static IP_TEXT]);

#endif
