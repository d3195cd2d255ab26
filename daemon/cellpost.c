/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cellpost: the operator's command. */
#include "daemon/cellpost.h"

int main(int argc, char **argv)
{
	return cellpost_main(argc, argv);
}
