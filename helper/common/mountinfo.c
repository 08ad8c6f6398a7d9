/* SPDX-License-Identifier: Apache-2.0 */
#include "mountinfo.h"

#include <string.h>

/* The rest of the line. */
struct rest {
	const char *p;
	const char *end;
	bool more; /* a further field follows, be it an empty one */
};

struct field {
	const char *p;
	size_t len;
};

static bool next_field(struct rest *r, struct field *ret)
{
	const char *space;

	if (!r->more)
		return false;
	space = memchr(r->p, ' ', (size_t)(r->end - r->p));
	r->more = space != NULL;
	ret->p = r->p;
	ret->len = (size_t)((r->more ? space : r->end) - r->p);
	if (r->more)
		r->p = space + 1;
	return true;
}

static bool parse_number(struct field f, uint64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < f.len; i++) {
		unsigned digit = (unsigned char)f.p[i] - (unsigned)'0';

		if (digit > 9 || __builtin_mul_overflow(*ret, 10, ret) ||
		    __builtin_add_overflow(*ret, digit, ret))
			return false;
	}
	return f.len > 0;
}

/* Whether f is "TAG:NUMBER". */
static bool is_peer_tag(struct field f, const char *tag)
{
	size_t len = strlen(tag);
	uint64_t group;

	if (f.len < len || memcmp(f.p, tag, len) != 0)
		return false;
	return parse_number((struct field){ f.p + len, f.len - len }, &group);
}

static bool is_dash(struct field f)
{
	return f.len == 1 && f.p[0] == '-';
}

/* mount id, parent id, major:minor, root, mount point, options */
static bool read_fixed(struct rest *r, struct mountinfo_line *ret)
{
	struct field f;

	if (!next_field(r, &f) || !parse_number(f, &ret->id))
		return false;
	for (int i = 0; i < 5; i++) {
		if (!next_field(r, &f) || f.len == 0)
			return false;
	}
	return true;
}

/* Any number of tags up to a dash; those that proc(5) does not name pass. */
static bool read_tags(struct rest *r, struct mountinfo_line *ret)
{
	struct field f;

	while (next_field(r, &f)) {
		if (is_dash(f))
			return true;
		if (f.len == 0)
			return false;
		ret->shared |= is_peer_tag(f, "shared:");
		ret->slave |= is_peer_tag(f, "master:");
	}
	return false;
}

/* file system type, source (which can be empty), options */
static bool read_file_system(struct rest *r)
{
	struct field type, source, options;

	return next_field(r, &type) && type.len > 0 && next_field(r, &source) &&
	       next_field(r, &options) && options.len > 0;
}

bool mountinfo_parse_line(const char *line, size_t len,
			  struct mountinfo_line *ret)
{
	struct rest r = { line, line + len, true };

	memset(ret, 0, sizeof(*ret));
	return read_fixed(&r, ret) && read_tags(&r, ret) &&
	       read_file_system(&r);
}
