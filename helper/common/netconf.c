/* SPDX-License-Identifier: Apache-2.0 */
#include "netconf.h"

#include <stdio.h>
#include <string.h>

#include "delegate-credentials.h"
#include "json.h"

/* The kinds of objects that are looked at. */
enum place {
	IN_CONF = 1, /* the top level or a delegate at any depth */
	IN_IPAM = 2,
	IN_POLICY = 4,
};

/* Which key leads from which places to the next. */
static const struct section {
	const char *name;
	unsigned from;
	enum place to;
} sections[] = {
	{ "ipam", IN_CONF, IN_IPAM },
	{ "delegate", IN_CONF, IN_CONF },
	{ "policy", IN_CONF | IN_IPAM, IN_POLICY },
};

/*
 * The keys by which published plugins take an API server, a kubeconfig or
 * credential files from their configuration. A name that ends in "*" stands
 * for all keys that begin so.
 */
static const struct choice {
	const char *name;
	unsigned where;
} choices[] = {
	{ "kubeconfig", IN_CONF | IN_IPAM },	    /* userspace-cni */
	{ "kubernetes", IN_CONF | IN_IPAM },	    /* calico, whereabouts */
	{ "etcd_*", IN_CONF | IN_IPAM },	    /* calico */
	{ "k8s_*", IN_POLICY },			    /* calico */
	{ "cni_net_dir", IN_CONF | IN_IPAM },	    /* consul */
	{ "cni_agent_run_dir", IN_CONF | IN_IPAM }, /* istio */
	{ "configuration_path", IN_IPAM },	    /* whereabouts */
};

/*
 * Where the scan stands. The objects looked at lie one in the other: any
 * number of delegates, then an ipam, then a policy; so their count says all.
 */
struct walk {
	const char *buf;
	unsigned depth; /* of the members of the innermost one; 0: none yet */
	unsigned delegates;
	bool in_ipam;
	bool in_policy;
};

static enum place walk_place(const struct walk *w)
{
	if (w->in_policy)
		return IN_POLICY;
	return w->in_ipam ? IN_IPAM : IN_CONF;
}

static void walk_enter(struct walk *w, enum place to)
{
	w->depth++;
	if (to == IN_POLICY)
		w->in_policy = true;
	else if (to == IN_IPAM)
		w->in_ipam = true;
	else
		w->delegates++;
}

static void walk_leave(struct walk *w)
{
	w->depth--;
	if (w->in_policy)
		w->in_policy = false;
	else if (w->in_ipam)
		w->in_ipam = false;
	else if (w->delegates > 0)
		w->delegates--;
}

static const struct section *find_section(const struct walk *w,
					  struct json_span key)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if ((sections[i].from & walk_place(w)) &&
		    json_key_is(w->buf, key, sections[i].name))
			return &sections[i];
	}
	return NULL;
}

static bool key_matches(const char *buf, struct json_span key, const char *name)
{
	char prefix[24];
	size_t len = strlen(name);

	if (name[len - 1] != '*')
		return json_key_is(buf, key, name);
	snprintf(prefix, sizeof(prefix), "%.*s", (int)len - 1, name);
	return json_key_begins(buf, key, prefix);
}

static const struct choice *find_choice(const struct walk *w,
					struct json_span key)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if ((choices[i].where & walk_place(w)) &&
		    key_matches(w->buf, key, choices[i].name))
			return &choices[i];
	}
	return NULL;
}

static void append(char *out, size_t size, const char *s)
{
	size_t len = strlen(out);

	snprintf(out + len, size - len, "%s", s);
}

/* A path too long for the field is cut; its line and column are not. */
static void note_choice(const struct walk *w, const struct choice *c,
			struct json_span key, struct netconf *ret)
{
	size_t size = sizeof(ret->choice);

	for (unsigned i = 0; i < w->delegates && i < size; i++)
		append(ret->choice, size, "delegate.");
	if (w->in_ipam)
		append(ret->choice, size, "ipam.");
	if (w->in_policy)
		append(ret->choice, size, "policy.");
	append(ret->choice, size, c->name);
	json_position(w->buf, key.off, &ret->choice_line, &ret->choice_column);
}

/* The last one wins, as in Go. */
static void note_version(const char *buf, const struct json_item *item,
			 struct netconf *ret)
{
	char *v = ret->cni_version;
	size_t len = 0;

	if (item->type == JSON_IS_STRING)
		len = json_decode_string(buf, item->value, v,
					 sizeof(ret->cni_version));
	if (len >= sizeof(ret->cni_version) || strspn(v, "0123456789.") != len)
		len = 0;
	v[len] = '\0';
}

static void look_at_member(struct walk *w, const struct json_item *item,
			   struct netconf *ret)
{
	const struct choice *choice = NULL;
	const struct section *section;

	if (w->depth == 1 && json_key_is(w->buf, item->key, "cniversion"))
		note_version(w->buf, item, ret);
	if (ret->choice[0] == '\0')
		choice = find_choice(w, item->key);
	if (choice != NULL)
		note_choice(w, choice, item->key, ret);
	if (item->event != JSON_OPEN || item->type != JSON_IS_OBJECT)
		return;
	section = find_section(w, item->key);
	if (section != NULL)
		walk_enter(w, section->to);
}

static int read_top(struct json_scanner *s, struct walk *w, struct err *e)
{
	struct json_item item;
	size_t line, column;

	if (json_next(s, &item, e) < 0)
		return -1;
	if (item.event != JSON_OPEN || item.type != JSON_IS_OBJECT) {
		json_position(w->buf, item.value.off, &line, &column);
		return err_set(e, DC_CODE_UNSAFE_REQUEST,
			       "line %zu, column %zu: expected an object", line,
			       column);
	}
	w->depth = 1;
	return 0;
}

static int read_members(struct json_scanner *s, struct walk *w,
			struct netconf *ret, struct err *e)
{
	struct json_item item;

	do {
		if (json_next(s, &item, e) < 0)
			return -1;
		if (item.event == JSON_CLOSE && item.depth + 1 == w->depth)
			walk_leave(w);
		else if (item.has_key && item.depth == w->depth)
			look_at_member(w, &item, ret);
	} while (item.event != JSON_END);
	return 0;
}

int netconf_read(const char *buf, size_t len, struct netconf *ret,
		 struct err *e)
{
	/*
	 * Static, since compilers probe every page of a large stack frame;
	 * here only those are touched that the document's depth needs.
	 */
	static struct json_scanner s;
	struct walk w = { .buf = buf };

	memset(ret, 0, sizeof(*ret));
	json_init(&s, buf, len);
	if (read_top(&s, &w, e) < 0 || read_members(&s, &w, ret, e) < 0)
		return err_set(e, e->code,
			       "correct the network configuration: %s", e->msg);
	return 0;
}
