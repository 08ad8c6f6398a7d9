/* SPDX-License-Identifier: Apache-2.0 */
#include "netconf.h"

#include <stdio.h>
#include <string.h>

#include "delegate-credentials.h"
#include "json.h"
#include "netkey.h"

/* The kinds of objects that are looked at. */
enum place {
	IN_RULE = 0, /* on the way to a key of the rule's */
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

/* An object below the innermost delegate, and the key that led to it. */
struct level {
	struct json_span key;
	const char *name; /* the key as we know it */
	size_t name_len;
	enum place place;
	bool is_choice; /* and so is each member that is not served */
};

/*
 * Where the scan stands. The objects looked at lie one in the other: any
 * number of delegates, so their count says all, then a few others.
 */
struct walk {
	const char *buf;
	const struct config_rule *rule; /* may be NULL */
	unsigned depth; /* of the members of the innermost one; 0: none yet */
	unsigned delegates;
	struct level below[NETKEY_MAX_PARTS];
	unsigned below_count;
};

/* How a member stands to a dotted name: apart from, above it, or the same. */
enum relation { APART, ABOVE, SAME };

struct match {
	enum relation relation;
	const char *name; /* of the member, as the dotted name has it */
	size_t len;
};

static enum place walk_place(const struct walk *w)
{
	return w->below_count == 0 ? IN_CONF :
				     w->below[w->below_count - 1].place;
}

static void walk_enter(struct walk *w, const struct level *l)
{
	w->depth++;
	if (l->place == IN_CONF)
		w->delegates++;
	else
		w->below[w->below_count++] = *l;
}

static void walk_leave(struct walk *w)
{
	w->depth--;
	if (w->below_count > 0)
		w->below_count--;
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

/* Whether a dotted name leads from the level `from` down to the innermost one. */
static bool leads_down(const struct walk *w, unsigned from, const char *dotted)
{
	for (unsigned i = from; i < w->below_count; i++) {
		size_t len;
		const char *name = netkey_part(dotted, i - from, &len);

		if (!json_key_matches(w->buf, w->below[i].key, name, len))
			return false;
	}
	return true;
}

/*
 * Of the path from the level `from` down to the member, to a dotted name. The
 * member's own part is looked at first: a tenant may write a great many members
 * on a long way down.
 */
static struct match relate(const struct walk *w, unsigned from,
			   struct json_span key, const char *dotted)
{
	unsigned own = w->below_count - from;
	struct match m = { APART, NULL, 0 };
	size_t next_len;

	m.name = netkey_part(dotted, own, &m.len);
	if (m.name == NULL ||
	    !json_key_matches(w->buf, key, m.name, m.len) ||
	    !leads_down(w, from, dotted))
		return m;
	m.relation = netkey_part(dotted, own + 1, &next_len) ? ABOVE : SAME;
	return m;
}

static void keep_closer(struct match *best, struct match m)
{
	if (m.relation > best->relation)
		*best = m;
}

/* Whether a dotted name leads through a delegate; if so it is moved on. */
static bool skip_delegate(const char **dotted)
{
	static const char key[] = "\"delegate\"";
	const struct json_span span = { 0, sizeof(key) - 1 };
	size_t len = strcspn(*dotted, ".");

	if ((*dotted)[len] != '.' ||
	    !json_key_matches(key, span, *dotted, len))
		return false;
	*dotted += len + 1;
	return true;
}

/* From the top level. */
static struct match relate_to_served(const struct walk *w, struct json_span key)
{
	struct match best = { APART, NULL, 0 };
	const struct config_strings *keys;

	if (w->rule == NULL || w->rule->kubeconfig == NULL)
		return best;
	keys = &w->rule->kubeconfig->config_keys;
	for (size_t i = 0; i < keys->count; i++) {
		const char *rest = keys->items[i];
		unsigned n = 0;

		while (n < w->delegates && skip_delegate(&rest))
			n++;
		if (n == w->delegates)
			keep_closer(&best, relate(w, 0, key, rest));
	}
	return best;
}

/* From each object that is a netconf or an ipam. */
static void relate_anywhere(const struct walk *w, struct json_span key,
			    const struct config_strings *names,
			    struct match *best)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *rest = names->items[i];
		unsigned n = 0;

		if (w->below_count > 0 && w->below[0].place == IN_IPAM)
			keep_closer(best, relate(w, 1, key, rest));
		do
			keep_closer(best, relate(w, 0, key, rest));
		while (n++ < w->delegates && skip_delegate(&rest));
	}
}

static struct match relate_to_choices(const struct walk *w,
				      struct json_span key)
{
	struct match best = { APART, NULL, 0 };

	if (w->below_count > 0 && w->below[w->below_count - 1].is_choice)
		return (struct match){ SAME, "*", 1 };
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		const char *name = choices[i].name;
		size_t len = strlen(name);

		if ((choices[i].where & walk_place(w)) &&
		    json_key_matches(w->buf, key, name, len))
			return (struct match){ SAME, name, len };
	}
	if (w->rule == NULL)
		return best;
	relate_anywhere(w, key, &w->rule->credential_keys, &best);
	if (w->rule->kubeconfig != NULL)
		relate_anywhere(w, key, &w->rule->kubeconfig->config_keys,
				&best);
	return best;
}

static void append(char *out, size_t size, const char *s, size_t s_len)
{
	size_t len = strlen(out);

	snprintf(out + len, size - len, "%.*s", (int)s_len, s);
}

/* A path too long for the field is cut; its line and column are not. */
static void note_choice(const struct walk *w, const struct match *choice,
			struct json_span key, struct netconf *ret)
{
	size_t size = sizeof(ret->choice);

	for (unsigned i = 0; i < w->delegates && i < size; i++)
		append(ret->choice, size, "delegate.", strlen("delegate."));
	for (unsigned i = 0; i < w->below_count; i++) {
		append(ret->choice, size, w->below[i].name,
		       w->below[i].name_len);
		append(ret->choice, size, ".", 1);
	}
	append(ret->choice, size, choice->name, choice->len);
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

/* Enters an object in which a choice can stand. */
static void look_into(struct walk *w, struct json_span key,
		      const struct match *served, const struct match *choice)
{
	const struct section *section = find_section(w, key);
	const struct match *way = served->relation == ABOVE ? served : choice;
	struct level l = { .key = key, .place = IN_RULE };

	if (section != NULL && choice->relation != SAME) {
		l.name = section->name;
		l.name_len = strlen(section->name);
		l.place = section->to;
	} else if (way->relation == ABOVE) {
		l.name = way->name;
		l.name_len = way->len;
		l.is_choice = choice->relation == SAME;
	} else {
		return;
	}
	walk_enter(w, &l);
}

static void look_at_member(struct walk *w, const struct json_item *item,
			   struct netconf *ret)
{
	struct match served, choice;

	if (w->depth == 1 && json_key_is(w->buf, item->key, "cniversion"))
		note_version(w->buf, item, ret);
	/* The first one is named; what comes behind it changes nothing. */
	if (ret->choice[0] != '\0')
		return;
	served = relate_to_served(w, item->key);
	if (served.relation == SAME)
		return;
	choice = relate_to_choices(w, item->key);
	if (choice.relation == SAME && served.relation == APART)
		note_choice(w, &choice, item->key, ret);
	else if (item->event == JSON_OPEN && item->type == JSON_IS_OBJECT)
		look_into(w, item->key, &served, &choice);
}

static int read_top(struct json_scanner *s, struct walk *w, struct err *e)
{
	struct json_item item;
	size_t line, column;

	if (json_next(s, &item, e) < 0)
		return -1;
	if (item.type != JSON_IS_OBJECT) {
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

int netconf_read(const char *buf, size_t len, const struct config_rule *rule,
		 struct netconf *ret, struct err *e)
{
	/*
	 * Static, since compilers probe every page of a large stack frame;
	 * here only those are touched that the document's depth needs.
	 */
	static struct json_scanner s;
	struct walk w = { .buf = buf, .rule = rule };

	memset(ret, 0, sizeof(*ret));
	json_init(&s, buf, len);
	if (read_top(&s, &w, e) < 0 || read_members(&s, &w, ret, e) < 0)
		return err_set(e, e->code,
			       "correct the network configuration: %s", e->msg);
	return 0;
}
