/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MUTANT_H
#define MUTANT_H

/* Included in front of every instrumented source; see instrument.c. */

int mutant_never(int number, int condition);
int mutant_always(int number, int condition);

#define MUTANT_NEVER(number, ...) mutant_never(number, !!(__VA_ARGS__))
#define MUTANT_ALWAYS(number, ...) mutant_always(number, !!(__VA_ARGS__))

#endif
