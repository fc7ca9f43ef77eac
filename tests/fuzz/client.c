/* SPDX-License-Identifier: Apache-2.0
 * client.c - a whole client, of both versions, past Finished (flight.h). */
#include "flight.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    flight_run(HF_CLIENT, data, n);
    return 0;
}
