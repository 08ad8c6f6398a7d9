/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/err.h"
#include "../common/storemeta.h"

/*
 * The writer's side of the store (its layout: delegate-credentials.h). A
 * reader that takes no lock sees the last whole generation or the one before,
 * with the metadata that belongs to it, whenever this process is killed.
 */
struct store {
	int fd; /* the store's directory */
};

struct store_file {
	const char *name;
	const char *data;
	size_t len;
};

/* What is published together. expires 0: there is no token. */
struct store_generation {
	const struct store_file *files;
	size_t file_count;
	int64_t issued;
	int64_t expires;
	const char *jti;      /* NULL or "": none */
	const char *audience; /* NULL: the API server's own */
	const char *account;  /* NAMESPACE/NAME; NULL without a token */
};

/* What is there now. */
struct store_state {
	bool present; /* a generation with metadata that can be read */
	struct storemeta meta;
	bool failed; /* the last attempt did; why, and when */
	struct storemeta_error error;
};

int store_open(const char *dir, struct store *ret, struct err *e)
	__attribute__((warn_unused_result));

void store_close(struct store *s);

/*
 * Takes the rule's lock, which closing ret_fd gives back, and removes what a
 * killed writer left behind. Without wait a lock that is taken is -1 with
 * DC_CODE_TRY_AGAIN. Makes the rule's directories.
 */
int store_lock(const struct store *s, const char *rule, bool wait, int *ret_fd,
	       struct err *e) __attribute__((warn_unused_result));

/* Publishes a generation and removes the error. The lock is the caller's. */
int store_publish(const struct store *s, const char *rule,
		  const struct store_generation *g, struct err *e)
	__attribute__((warn_unused_result));

/* Notes why and when (Unix seconds) the last attempt failed. */
int store_note_error(const struct store *s, const char *rule,
		     const struct err *why, int64_t at, struct err *e)
	__attribute__((warn_unused_result));

/* Without a lock. A rule that has nothing is not an error. */
int store_read(const struct store *s, const char *rule, struct store_state *ret,
	       struct err *e) __attribute__((warn_unused_result));

/*
 * The bytes of one published file, with a NUL behind them; ret is the caller's
 * to wipe_free. Never older than what store_read said before. -1 with
 * DC_CODE_TRY_AGAIN where there is none.
 */
int store_read_file(const struct store *s, const char *rule, const char *name,
		    char **ret, size_t *ret_len, struct err *e)
	__attribute__((warn_unused_result));

#endif
