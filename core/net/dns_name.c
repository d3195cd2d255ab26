/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/base/writer.h"
#include "core/net/dns_internal.h"

bool dns_name_normalise(struct text name, char to[DNS_NAME_MAX + 1])
{
	size_t label = 0, n = name.len;

	if (n && name.at[n - 1] == '.')
		n--;
	if (!n || n > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = name.at[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		bool dot = c == '.';
		if (!dot && c != '-' && c != '_' && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			return false;
		if (dot ? !label : label == 63)
			return false;
		label = dot ? 0 : label + 1;
		to[i] = c;
	}
	to[n] = 0;
	return label > 0;
}

bool dns_name_is_localhost(const char *name)
{
	static const char last[] = ".localhost";
	size_t n = strlen(name);

	return !strcmp(name, last + 1) || (n >= sizeof(last) && !strcmp(name + n - sizeof(last) + 1, last));
}

bool dns_enum_name(struct text number, const char *below, char *to, size_t size)
{
	struct writer w = writer_of(to, size);

	if (number.len && number.at[0] == '+')
		number = text_range(number.at + 1, number.len - 1);
	if (number.len < 2 || number.len > 15)
		return false;
	for (size_t i = number.len; i-- > 0;) {
		char c = number.at[i];
		if (c < '0' || c > '9')
			return false;
		writer_u8(&w, (uint8_t)c);
		writer_u8(&w, '.');
	}
	writer_cstring(&w, text_of(below));
	return writer_ok(&w);
}
