#!/bin/sh
# Creates the two databases of the Temporal server and brings their schemas up to
# this image's version. It may be run again at any time: what is there already is
# left, so an upgrade of the server is this script with the newer image, first.
# SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD come from the environment.
set -eu

schemas=${TEMPORAL_SCHEMAS:-/etc/temporal/schema/postgresql/v12}

for store in temporal:temporal temporal_visibility:visibility; do
  database=${store%%:*}
  temporal-sql-tool --db "$database" create
  temporal-sql-tool --db "$database" setup-schema -v 0.0
  temporal-sql-tool --db "$database" update-schema -d "$schemas/${store##*:}/versioned"
done
