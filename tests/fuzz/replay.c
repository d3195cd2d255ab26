/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a fuzz target over every file of its corpus directories and over every prefix of each (up to 4096 octets). */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static unsigned long inputs;

static void one(const uint8_t *bytes, size_t len)
{
	/* An exact allocation, so that a read beyond the end is seen. */
	uint8_t *exact = malloc(len ? len : 1);
	if (!exact)
		abort();
	if (len)
		memcpy(exact, bytes, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	inputs++;
}

static int replay_file(const char *path)
{
	static uint8_t bytes[1 << 20];
	FILE *f = fopen(path, "rb");
	if (!f)
		return -1;
	size_t n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	one(bytes, n);
	for (size_t i = 0; i < n && i < 4096; i++)
		one(bytes, i);
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);
		struct dirent *e;

		if (!d) {
			fprintf(stderr, "%s: no such corpus\n", argv[i]);
			return 1;
		}
		while ((e = readdir(d))) {
			char path[4096];

			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			if (replay_file(path)) {
				fprintf(stderr, "%s: cannot be read\n", path);
				return 1;
			}
		}
		closedir(d);
	}
	printf("%lu inputs\n", inputs);
	return inputs ? 0 : 1;
}
