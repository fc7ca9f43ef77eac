/* SPDX-License-Identifier: Apache-2.0
 *
 * fields.h - what crosses the wire, taken apart field by field for people: records, alerts, and every handshake message
 * of TLS 1.3 and 1.2 (RFC 9846, 5246, 8422; extensions by their own RFCs), certificates included.
 *
 * This is no parser: nothing is decided by it, and nothing stops it. Every byte belongs to a field, bytes that are
 * missing or too many are fields too, and what has no known form is shown as hex. What a message may hold, in
 * which order and under which name is in the tables of fields_forms.c, which look like the RFC's structs.
 */
#ifndef HF_TLS_FIELDS_H
#define HF_TLS_FIELDS_H
#include "base/field.h"

/* A handshake message, its header included. version: the negotiated one (TLS12, TLS13); 0 while it is not known,
 * which only hellos can do without. */
void fields_message(struct fields *o, hf_view msg, uint16_t version);
/* The contents of an alert record; of a change_cipher_spec record. */
void fields_alert(struct fields *o, hf_view body);
void fields_change_cipher_spec(struct fields *o, hf_view body);
/* The header of a record. */
void fields_record(struct fields *o, hf_view record);
/* "HelloRetryRequest" for the ServerHello that is one, else hf_message_name. */
const char *fields_message_name(hf_view msg);

#endif
