/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errnotexts: prints, while the programs are built, the C source of the texts of
 * errno (common/errnotexts.h). Go has those of glibc, musl has others; what a
 * log says is to be the same with and without us.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Linux has none above 133; Go's table for x86 is older than that one. */
#if defined(__x86_64__) || defined(__i386__)
#define COUNT 133
#else
#define COUNT 134
#endif

/* Go's rule: a small letter first, unless the word is an acronym ("RFS ..."). */
static void print_text(const char *text)
{
	int first = (unsigned char)text[0];

	if (islower((unsigned char)text[1]))
		first = tolower(first);
	printf("\t\"%c%s\",\n", first, text + 1);
}

int main(void)
{
	puts("#include \"errnotexts.h\"\n"
	     "#include <stddef.h>\n"
	     "const char *const errno_texts[] = {\n"
	     "\tNULL,");
	for (int i = 1; i < COUNT; i++) {
		const char *text = strerrordesc_np(i);

		if (text)
			print_text(text);
		else
			puts("\tNULL,");
	}
	printf("};\n"
	       "const int errno_text_count = %d;\n",
	       COUNT);
	return fflush(stdout) ? 1 : 0;
}
