/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../common/quote.h"
#include "explanation.h"
#include "wrap.h"

#define INDENT 2
#define SHOWN 3 /* of a long list */

/* What a rule's list is compared with: up to two of them. */
struct sought {
	const struct config_strings *list;
	const char *option; /* by which it is given */
	const char *values[2];
};

static struct sought sought_for(const struct config_rule *rule,
				const struct rules_request *q,
				enum rules_verdict v)
{
	const struct cni_types *t = q->types;

	switch (v) {
	case RULES_NOT_IPAM:
		return (struct sought){ &rule->match_ipam, "--ipam",
					{ t->ipam, t->delegate_ipam } };
	case RULES_NOT_DELEGATE:
		return (struct sought){ &rule->match_delegates, "--delegate",
					{ t->delegate, "" } };
	case RULES_NOT_NAMESPACE:
		return (struct sought){ &rule->match_namespaces, "--namespace",
					{ q->pod_namespace, "" } };
	default:
		return (struct sought){ &rule->match_plugins, "PLUGIN",
					{ t->main, "" } };
	}
}

static void print_list(const struct config_strings *l, FILE *out)
{
	for (size_t i = 0; i < l->count && i < SHOWN; i++) {
		fputs(i == 0 ? " (" : ", ", out);
		quote_print(l->items[i], out);
	}
	if (l->count > SHOWN)
		fprintf(out, " and %zu more", l->count - SHOWN);
	fputc(')', out);
}

static void print_values(const struct sought *s, FILE *out)
{
	const char *between = " lacks ";

	for (size_t i = 0; i < 2; i++) {
		if (s->values[i][0] == '\0')
			continue;
		fputs(between, out);
		quote_print(s->values[i], out);
		between = " and ";
	}
	if (between[1] == 'l')
		fprintf(out, ", and no %s is given", s->option);
}

static void print_verdict(const struct explanation *x,
			  const struct config_rule *rule, FILE *out)
{
	enum rules_verdict v = rules_judge(rule, x->request);
	struct sought s = sought_for(rule, x->request, v);

	if (v == RULES_MATCH) {
		fputs(rule == x->rule ? "applies" :
					"would match, but comes later",
		      out);
		return;
	}
	fprintf(out, "no: %s", explanation_mismatch(v));
	print_list(s.list, out);
	print_values(&s, out);
}

/* Whole lines of what is in text, each wrapped; takes text. */
static void print_wrapped(char *text, int indent, int more, FILE *out)
{
	for (char *line = text; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		int own = (int)strspn(line, " ");
		bool last = line[len] == '\0';

		line[len] = '\0';
		wrap_print(line + own, indent + own, indent + own + more, out);
		line += len + !last;
	}
	free(text);
}

/* A stream into memory; print_memory prints what was written to it. */
struct memory {
	char *text;
	size_t size;
	FILE *f;
};

static FILE *open_memory(struct memory *m)
{
	m->text = NULL;
	m->f = open_memstream(&m->text, &m->size);
	return m->f;
}

static int print_memory(struct memory *m, int indent, FILE *out)
{
	if (fclose(m->f) != 0) {
		free(m->text);
		return -1;
	}
	print_wrapped(m->text, indent, 2 * INDENT, out);
	return 0;
}

static int print_request(const struct explanation *x, FILE *out)
{
	const struct rules_request *q = x->request;
	const char *const more[][2] = {
		{ ", ipam.type ", q->types->ipam },
		{ ", delegate.type ", q->types->delegate },
		{ ", delegate.ipam.type ", q->types->delegate_ipam },
		{ ", in the namespace ", q->pod_namespace },
	};
	struct memory m;
	FILE *f = open_memory(&m);

	if (f == NULL)
		return -1;
	fprintf(f, "%s of ", cni_command_name(q->command));
	quote_print(q->types->main, f);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		if (more[i][1][0] == '\0')
			continue;
		fputs(more[i][0], f);
		quote_print(more[i][1], f);
	}
	return print_memory(&m, 0, out);
}

static int print_rule(const struct explanation *x,
		      const struct config_rule *rule, FILE *out)
{
	struct memory m;
	FILE *f = open_memory(&m);

	if (f == NULL)
		return -1;
	fprintf(f, "%s (line %zu): ", rule->name, rule->line);
	print_verdict(x, rule, f);
	return print_memory(&m, INDENT, out);
}

static int print_rules(const struct explanation *x, FILE *out)
{
	struct memory m;
	FILE *f = open_memory(&m);

	if (f == NULL)
		return -1;
	fputs("The rules of ", f);
	quote_print(x->file, f);
	fputs(", in their order:", f);
	if (print_memory(&m, 0, out) < 0)
		return -1;
	for (size_t i = 0; i < x->config->rule_count; i++)
		if (print_rule(x, &x->config->rules[i], out) < 0)
			return -1;
	if (x->rule == NULL)
		fputs("None applies: the delegate runs as it would without "
		      "multus-delegate-exec.\n",
		      out);
	return 0;
}

static int print_plan(const struct explanation *x, FILE *out)
{
	struct memory m;
	FILE *f = open_memory(&m);

	if (f == NULL)
		return -1;
	if (x->refusal.code != 0)
		fprintf(f, "nothing, error %d: %s\n", x->refusal.code,
			x->refusal.msg);
	else if (plan_print(&x->plan, f) < 0)
		fputs("cannot print the plan\n", f);
	if (x->report.fallback_count > 0)
		fprintf(f, "(%s)\n", x->report.fallbacks[0]);
	fputs("The plan:\n", out);
	return print_memory(&m, INDENT, out);
}

static int print_assumptions(const struct explanation *x, FILE *out)
{
	struct memory m;
	FILE *f;

	if (x->assumption_count == 0)
		return 0;
	f = open_memory(&m);
	if (f == NULL)
		return -1;
	for (size_t i = 0; i < x->assumption_count; i++)
		fprintf(f, "- %s\n", x->assumptions[i]);
	fputs("\nIt is assumed that:\n", out);
	return print_memory(&m, INDENT, out);
}

int explanation_text(const struct explanation *x, FILE *out)
{
	if (print_request(x, out) < 0)
		return -1;
	fputc('\n', out);
	if (print_rules(x, out) < 0)
		return -1;
	fputc('\n', out);
	if (print_plan(x, out) < 0 || print_assumptions(x, out) < 0)
		return -1;
	return ferror(out) ? -1 : 0;
}
