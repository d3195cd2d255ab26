/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/openapi.json, embedded by make. */
#ifndef DAEMON_OPENAPI_JSON_H
#define DAEMON_OPENAPI_JSON_H

extern const unsigned char openapi_json[];
extern const unsigned openapi_json_size;

#endif
