/* SPDX-License-Identifier: Apache-2.0 */
#include "handfast.h"

int main(void)
{
    printf("handfast %s\n", HF_VERSION);
    return 0;
}
