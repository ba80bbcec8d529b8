/* SPDX-License-Identifier: BSD-3-Clause */
/* Which images train and which validate. The last ones validate, so that a split of a file says all of itself with two counts.
 */
#include "klflow/dataset.h"

enum { VALIDATING_SHARE = 6 }; /* one in so many: 10,000 of 60,000 */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

klf_status klf_split_make(size_t count, size_t n_train, size_t n_valid, klf_split *out)
{
    *out = (klf_split){0};
    const size_t sixth = count < VALIDATING_SHARE ? 1 : count / VALIDATING_SHARE;
    const bool   both_default = n_train == KLF_SPLIT_DEFAULT && n_valid == KLF_SPLIT_DEFAULT;
    if (both_default && count < 2)
        return klf_fail(KLF_ERR_USAGE, "%zu image%s cannot be split into those that train and those that validate", count,
                        count == 1 ? "" : "s");
    if (n_train == 0)
        return klf_fail(KLF_ERR_USAGE, "no images are left to train with: take 1 to %zu", count);
    if (n_train != KLF_SPLIT_DEFAULT && n_train > count)
        return klf_fail(KLF_ERR_USAGE, "%zu images cannot train, the data set has %zu", n_train, count);
    if (n_valid == KLF_SPLIT_DEFAULT)
        n_valid = n_train == KLF_SPLIT_DEFAULT ? sixth : least(sixth, count - n_train);
    if (n_valid > count || (n_train == KLF_SPLIT_DEFAULT && n_valid == count))
        return klf_fail(KLF_ERR_USAGE, "%zu images cannot validate, the data set has %zu and some must train", n_valid, count);
    if (n_train == KLF_SPLIT_DEFAULT)
        n_train = count - n_valid;
    if (n_train > count - n_valid)
        return klf_fail(KLF_ERR_USAGE, "%zu images to train and %zu to validate are more than the data set's %zu", n_train,
                        n_valid, count);
    *out = (klf_split){.n_train = n_train, .valid_first = count - n_valid, .n_valid = n_valid};
    return KLF_OK;
}
