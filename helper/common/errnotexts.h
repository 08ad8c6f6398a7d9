/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERRNOTEXTS_H
#define ERRNOTEXTS_H

/* What Go says of an errno, NULL where it has no text. helper/made/ makes it. */
extern const char *const errno_texts[];
extern const int errno_text_count;

#endif
