/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WAITFILTER_H
#define WAITFILTER_H

#include <linux/filter.h>

/* What a waiting helper may still call. helper/made/ makes it. */
extern const struct sock_fprog wait_filter;

#endif
