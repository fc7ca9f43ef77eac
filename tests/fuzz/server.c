/* SPDX-License-Identifier: Apache-2.0
 * server.c - a whole server, of both versions, past Finished (flight.h). */
#include "flight.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    flight_run(HF_SERVER, data, n);
    return 0;
}
