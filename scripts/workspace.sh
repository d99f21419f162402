#!/usr/bin/env bash
# A workspace is what one CKAN needs for itself: two databases, a Redis number, a Solr core.
# workspace.sh NAME   starts the services if they are not, makes the workspace if it is not,
#                     and writes its addresses to $STATE/workspaces/NAME.env
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

name=${1:?a name}
folder=$STATE/workspaces
mkdir -p "$folder"
exec 9>"$folder/lock" # two test lanes may ask at once
flock 9

# Each workspace draws its own number, once. The others are counted before its file is there:
# two workspaces with one number would empty each other's queues.
redis_number() {
  local others
  if [ ! -s "$folder/$name.redis" ]; then
    others=$(find "$folder" -name '*.redis' -size +0 ! -name "$name.redis" | wc -l)
    echo "$((others))" >"$folder/$name.redis"
  fi
  cat "$folder/$name.redis"
}

for service in postgres redis solr; do
  "$PROJECT/scripts/$service.sh" start
done
{
  "$PROJECT/scripts/postgres.sh" database "$(printf '%s' "$name" | tr '.-' '__')"
  "$PROJECT/scripts/redis.sh" url "$(redis_number)"
  "$PROJECT/scripts/solr.sh" core "$name"
} >"$folder/$name.env.new"
chmod 600 "$folder/$name.env.new"
mv "$folder/$name.env.new" "$folder/$name.env"
