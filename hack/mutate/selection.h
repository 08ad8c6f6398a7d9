/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SELECTION_H
#define SELECTION_H

#define SELECTION_MARK "<mutant is here>"

struct selection {
	char mark[sizeof(SELECTION_MARK)];
	int number; /* of the check that is out; 0: none */
	int memory; /* System V's, for who wants to know; -1: nobody */
};

#endif
