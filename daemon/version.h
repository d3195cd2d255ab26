/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `cellpostd -V` says. */
#ifndef DAEMON_VERSION_H
#define DAEMON_VERSION_H

#define CELLPOST_VERSION "0.1.0"

#endif
